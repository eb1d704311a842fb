"""Ask the time-stamping authority what atheris invents: it always answers, and rightly.

    python tests/fuzz/fuzz_timestamps.py -runs=100000 CORPUS

Coverage guides it through our own code. A token has to verify over the digest that was asked
about; a refusal has to have a failInfo of RFC 3161. Anything else ends the run with the input in
a crash-* file. The same octets are given to the verifier, out of which only refusals may come.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import timedelta
from itertools import count
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["signing.timestamps", "ca.der"]):
    from signing.timestamps.authority import TimestampAuthority
    from signing.timestamps.request import parse_request
    from signing.timestamps.time_source import DeclaredTrust, TimeSource
    from signing.timestamps.verification import verify_timestamp

from core.clock import SystemClock
from core.errors import CamtrustError, Malformed
from tests.fuzz.der_mutations import mutated
from tests.signing.timestamps.queries import DATA, query, read
from tests.signing.timestamps.someone import SomeonesUnit

POLICY = "1.2.3.4"
# So often it is said what came of them: libFuzzer leaves the process without a last word.
TELL_EVERY = 1_000


class Counting:
    """Serial numbers of this process alone."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self) -> int:
        return next(self._numbers)


class OneUnit:
    """Stands for :class:`signing.timestamps.units.Units`, with one key in memory."""

    def __init__(self) -> None:
        self.someone = SomeonesUnit()
        self.template = self.someone.template

    def unit(self, _name: str) -> OneUnit:
        return self


class Target:
    """An authority, and what is said of its answers."""

    def __init__(self) -> None:
        self.units = OneUnit()
        self.seen: Counter[str] = Counter()
        self.authority = TimestampAuthority(
            units=self.units,  # type: ignore[arg-type]
            serial_numbers=Counting(),
            time_source=TimeSource(
                clock=SystemClock(), trust=DeclaredTrust(), accuracy=timedelta(seconds=1)
            ),
            policies=[POLICY],
            largest_request_octets=4096,
        )

    def ask(self, data: bytes) -> None:
        """Give an input to the authority. Raises AssertionError for a wrong answer."""
        try:
            request = parse_request(data)
        except Malformed:
            request = None
        answer = self.authority.answer(data)
        assert answer.problem != "internal-error"
        reply = read(answer.response_der)
        if answer.failures:
            assert reply.status == "rejection" and len(reply.failures) == len(answer.failures)
            assert request is not None or "bad_request" in reply.failures
            self.seen[" ".join(sorted(reply.failures))] += 1
        else:
            assert request is not None and not request.has_extensions
            assert reply.tst_info["message_imprint"].dump() == request.imprint_der
            assert bool(reply.certificates) == request.wants_certificates
            self.seen["granted"] += 1
        self._verify(data)
        if sum(self.seen.values()) % TELL_EVERY == 0:
            print("SEEN", json.dumps(self.seen), flush=True)

    def _verify(self, data: bytes) -> None:
        try:
            verify_timestamp(data, data=DATA, nonce=None, anchors=[self.units.someone.root])
        except CamtrustError:
            return
        # Only a seed's own octets verify: no other has the key.
        self.seen["verified"] += 1

    def seeds(self) -> list[bytes]:
        """Return requests of every kind, and an answer for the verifier."""
        extension = {"extn_id": "2.999.1", "critical": True, "extn_value": b"\x05\x00"}
        return [
            query(),
            query("sha1"),
            query("sha512", nonce=2**64, cert_req=True, req_policy=POLICY),
            query(req_policy="1.2.3.5"),
            query(extensions=[extension]),
            query(digest=b"short"),
            query().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1),
            self.authority.answer(query(cert_req=True)).response_der,
        ]


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the inputs stay DER; the others are whatever libFuzzer makes of the octets."""
    changed = mutated(data, seed) if seed % 2 else None
    if changed is None or len(changed) > max_size:
        return bytes(atheris.Mutate(data, max_size))
    return changed


def main() -> None:
    """Write the seeds, ask them once, and go on with what is invented."""
    corpus = Path(sys.argv[-1])
    target = Target()
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
        target.ask(seed)
    atheris.Setup(sys.argv, target.ask, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
