"""Ask the status responder what atheris invents: it always answers, and never good without cause.

    python tests/fuzz/fuzz_ocsp.py -runs=100000 CORPUS

Coverage guides it through our own code. Each input goes as it is to a responder of a small world
on SQLite, and now and then through the front, in the body of a POST and in the path of a GET.
What the world issued becomes the seeds in CORPUS. Whatever :class:`Oracle` does not accept ends
the run with the input in a crash-* file.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from urllib.parse import quote
from zlib import crc32

import atheris

with atheris.instrument_imports(
    include=["ocsp.request", "ocsp.responder", "ocsp.response", "camtrust.serving.status", "ca.der"]
):
    from ocsp.media_types import REQUEST_TYPE
    from ocsp.request import OcspMalformed, parse_request
    from ocsp.responder import StatusResponder
    from ocsp.response import ResponseStatus
    from ocsp.settings import NeverIssued, OcspSettings

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import Client

from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from core.database import Database, metadata
from tests.ca.revocation.world import Keeps, World, make_log
from tests.conftest import SettableClock
from tests.fuzz.der_mutations import mutated
from tests.ocsp.conformance.scene import through_live
from tests.ocsp.conftest import NoRenewal, add_delegate, make_responder
from tests.ocsp.questions import ask, ask_many

# Every so many inputs one goes through the front, which takes longer.
FRONT_EVERY = 16
# And so often it is said what came of them: libFuzzer leaves the process without a last word.
TELL_EVERY = 1_000
ANSWERED = {
    ResponseStatus.SUCCESSFUL,
    ResponseStatus.MALFORMED_REQUEST,
    ResponseStatus.UNAUTHORIZED,
}


@dataclass
class Oracle:
    """Knows which CertIDs are good and which are revoked, by hashes of its own."""

    standings: dict[tuple[bytes, bytes, int], str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, issuer: x509.Certificate, serial_number: int, standing: str) -> None:
        """Remember what may be said of a certificate."""
        name = issuer.subject.public_bytes()
        bits = _key_bits(issuer)
        for hashed in (sha1, sha256):
            key = (hashed(name).digest(), hashed(bits).digest(), serial_number)
            self.standings[key] = standing

    def check(self, der: bytes) -> None:
        """Raise AssertionError for a response that should not have been."""
        response = asn1_ocsp.OCSPResponse.load(der, strict=True)
        status = ResponseStatus(int(response["response_status"]))
        assert status in ANSWERED, status
        if status is not ResponseStatus.SUCCESSFUL:
            self.seen[status.name] += 1
            return
        for single in response.response_data["responses"]:
            cert_id = single["cert_id"]
            key = (
                cert_id["issuer_name_hash"].native,
                cert_id["issuer_key_hash"].native,
                cert_id["serial_number"].native,
            )
            self._check(self.standings.get(key, "never issued"), single["cert_status"])

    def _check(self, standing: str, said: asn1_ocsp.CertStatus) -> None:
        if standing == "never issued":
            assert said.name != "good"
            if said.name == "revoked":
                assert said.chosen["revocation_time"].native.year == 1970
        else:
            assert said.name == standing, (said.name, standing)
        self.seen[f"{standing}: {said.name}"] += 1


def _key_bits(certificate: x509.Certificate) -> bytes:
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return bytes(loaded.public_key["public_key"].contents[1:])


class Target:
    """A world with three responders, one for each answer about what was never issued."""

    def __init__(self, folder: Path) -> None:
        database = Database(f"sqlite:///{folder / 'fuzz.db'}")
        with database.begin() as connection:
            metadata.create_all(connection)
        clock = SettableClock()
        self.world = World(database, clock, make_log(database, folder / "log", clock))
        self.world.add_authority("root-1")
        self.world.add_authority("people-1", parent="root-1")
        for authority in ("root-1", "people-1"):
            add_delegate(self.world, authority)
        self.revocation = Revocation(
            database=database, log=self.world.log, retention=Keeps(), clock=clock
        )
        self.statuses = StatusDirectory(database=database)
        settings = [
            OcspSettings(never_issued=said, never_issued_rate="100000000 per second")
            for said in NeverIssued
        ]
        self.responders: list[StatusResponder] = [
            make_responder(self.world, Keeps(frozenset({"people-1"})), NoRenewal(), one)
            for one in settings
        ]
        self.clients = [
            Client(through_live(self.world, responder, one).application)
            for responder, one in zip(self.responders, settings, strict=True)
        ]
        self.oracle = Oracle()
        self.asked = 0

    def seeds(self) -> list[bytes]:
        """Issue, revoke, hold and reserve; return questions about all of it."""
        issuer, root = self.world.certificates["people-1"], self.world.certificates["root-1"]
        good, revoked, held = (self.world.issue("people-1") for _ in range(3))
        reserved = self.world.issue("people-1", state="reserved")
        self.revocation.revoke(
            serial_number=revoked.serial_number, reason=RevocationReason.KEY_COMPROMISE
        )
        self.revocation.hold(serial_number=held.serial_number)
        self.oracle.add(issuer, good.serial_number, "good")
        self.oracle.add(issuer, revoked.serial_number, "revoked")
        self.oracle.add(issuer, held.serial_number, "revoked")
        self.oracle.add(root, issuer.serial_number, "good")
        # Responders answer for each other too, though nobody needs to ask.
        for name in ("people-1", "root-1"):
            for delegate in self.statuses.good_certificates_of(
                f"responder:{name}", at=self.world.clock.now()
            ):
                self.oracle.add(self.world.certificates[name], delegate.serial_number, "good")
        pairs = [(one, issuer) for one in (good, revoked, held, reserved)]
        extension = {"extn_id": "1.3.6.1.5.5.7.48.1.9", "critical": True, "extn_value": b"\x05\x00"}
        return [
            ask(issuer, root),
            *(ask(*pair) for pair in pairs),
            ask_many([pairs[0]]),
            ask_many(pairs[:3], nonce=b"n" * 32),
            ask_many(pairs, nonce=b"n"),
            ask_many([pairs[0]], nonce=b"n" * 128),
            ask_many([pairs[0]], extensions=[extension]),
            ask_many([pairs[0]] * 3, serials=[1, good.serial_number, 1 << 159]),
        ]

    def ask(self, data: bytes) -> None:
        """Give an input to a responder. Raises AssertionError for an answer that is wrong."""
        # By what it is, so that an input that went wrong goes wrong again.
        self.ask_one(crc32(data) % len(self.responders), data)

    def ask_one(self, number: int, data: bytes) -> None:
        """Give an input to this responder. Raises AssertionError."""
        self.asked += 1
        try:
            parse_request(data)
        except OcspMalformed:
            is_request = False
        else:
            is_request = True
        answer = self.responders[number].answer(data)
        assert is_request == (answer.status is not ResponseStatus.MALFORMED_REQUEST) or (
            len(data) > 10_000
        )
        self.oracle.check(answer.der)
        if self.asked % FRONT_EVERY == 0:
            self._ask_over_http(self.clients[number], data)
        if self.asked % TELL_EVERY == 0:
            print("SEEN", json.dumps(self.oracle.seen), flush=True)

    def _ask_over_http(self, client: Client, data: bytes) -> None:
        encoded = base64.b64encode(data).decode()
        replies = [
            client.post("/ocsp", data=data, content_type=REQUEST_TYPE),
            client.get(f"/ocsp/{quote(encoded, safe='')}"),
            # The octets themselves as a path: no base64 at all, or some that was hit by chance.
            client.get(f"/ocsp/M{quote(data.decode('latin-1'))}"),
        ]
        for reply in replies:
            # A path that leads elsewhere is no question.
            assert reply.status_code in {200, 308, 404}, reply.status
            if reply.status_code == 200:
                self.oracle.check(reply.data)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the inputs stay DER; the others are whatever libFuzzer makes of the octets."""
    changed = mutated(data, seed) if seed % 2 else None
    if changed is None or len(changed) > max_size:
        return bytes(atheris.Mutate(data, max_size))
    return changed


def main() -> None:
    """Write the seeds, ask them once, and go on with what is invented."""
    corpus = Path(sys.argv[-1])
    target = Target(corpus.parent)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
        for responder in range(len(target.responders)):
            target.ask_one(responder, seed)
    atheris.Setup(sys.argv, target.ask, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
