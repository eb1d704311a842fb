"""Feed the CMP server with what atheris invents: a message comes back, whatever went in.

    python tests/fuzz/fuzz_cmp.py -max_total_time=60 CORPUS

Coverage guides it through our own reading (enrollment.cmp, ca.csr, ca.der). Out of the parsers
only Malformed and Unacceptable may come. Half of the inputs are changed while they stay DER and
are protected anew, by a secret that the target knows, so that they get beyond the MAC. Anything
else ends the run with the input in a crash-* file.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["enrollment.cmp", "ca.csr", "ca.der"]):
    from enrollment.cmp.bodies import (
        read_confirmation,
        read_poll,
        read_questions,
        read_request,
        read_revocation,
    )
    from enrollment.cmp.reading import parse_message

from ca.csr import verify_cert_request
from ca.der import Element, read_element
from core.errors import CamtrustError, Malformed, Unacceptable
from enrollment.cmp.encoding import bits, explicit, sequence
from enrollment.cmp.macs import read_mac
from enrollment.cmp.message import Body, PkiMessage
from tests.enrollment.cmp.client import judged
from tests.enrollment.cmp.fuzz_world import make_target
from tests.fuzz.der_mutations import mutated

OURS = (Malformed, Unacceptable)


def protected_anew(data: bytes, secret: bytes) -> bytes:
    """Return a message with the MAC that its own parameters and our secret lead to."""
    message = parse_message(data)
    algorithm = message.header.protection_algorithm
    if algorithm is None:
        return data
    value = read_mac(algorithm).compute(secret, message.protected_part)
    fields = list(Element(data, 0x30, 0, read_element(data).content, len(data)).children())
    return sequence(fields[0].der, fields[1].der, explicit(0, bits(value)))


def read_everything(message: PkiMessage) -> None:
    """Read the body as if it were of every kind. Raises what is ours, and nothing else."""
    for read in (read_confirmation, read_poll, read_questions, read_revocation):
        try:
            read(message)
        except OURS:
            continue
    try:
        verify_cert_request(read_request(Body.IR, message.content), sender_is_believed=True)
    except OURS:
        return


def main() -> None:
    """Write the seeds, and go on with what is invented."""
    corpus = Path(sys.argv[-1])
    server, secret, seeds = make_target(corpus.parent)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    seen = {"beyond the MAC": 0, "refused before": 0}

    def one_input(data: bytes) -> None:
        try:
            message = parse_message(data)
        except Malformed:
            pass
        else:
            read_everything(message)
        answer = judged(server.answer(data).message_der, secret)
        seen["beyond the MAC" if answer.is_protected else "refused before"] += 1
        if sum(seen.values()) % 500 == 0:
            print("SEEN", seen["beyond the MAC"], seen["refused before"], flush=True)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        changed = mutated(data, seed) if seed % 2 else None
        if changed is not None:
            with contextlib.suppress(CamtrustError):
                changed = protected_anew(changed, secret)
        if changed is None or len(changed) > max_size:
            return bytes(atheris.Mutate(data, max_size))
        return changed

    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
