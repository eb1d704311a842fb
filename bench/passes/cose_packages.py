"""The COSE part of a pass by other packages: sign and verify one Sign1 with ES256, in software.

Runs inside an environment of their own (requirements/bench-passes.txt), so it imports nothing of
camtrust. The first line on standard input is the configuration, every further line a question;
each is answered with one line of JSON (the protocol of :mod:`bench.subject`).
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

KID = b"12345678"


def cwt_part(payload: bytes) -> Callable[[], None]:
    """Return one turn of the package cwt."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )
    from cwt import COSE, COSEKey  # type: ignore[import-not-found]

    key = ec.generate_private_key(ec.SECP256R1())
    private = COSEKey.from_pem(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), kid=KID
    )
    public = COSEKey.from_pem(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), kid=KID
    )
    cose = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True)

    def turn() -> None:
        message = cose.encode_and_sign(payload, private)
        if cose.decode(message, public) != payload:
            raise RuntimeError("cwt read something else")

    return turn


def pycose_part(payload: bytes) -> Callable[[], None]:
    """Return one turn of the package pycose."""
    from pycose.headers import KID as KID_HEADER  # type: ignore[import-not-found]
    from pycose.headers import Algorithm
    from pycose.keys import EC2Key  # type: ignore[import-not-found]
    from pycose.messages import Sign1Message  # type: ignore[import-not-found]

    key = EC2Key.generate_key(crv="P_256")

    def turn() -> None:
        message = Sign1Message(phdr={Algorithm: "ES256", KID_HEADER: KID}, payload=payload, key=key)
        read = Sign1Message.decode(message.encode())
        read.key = key
        if not read.verify_signature():
            raise RuntimeError("pycose does not verify")

    return turn


PARTS = {"cwt": cwt_part, "pycose": pycose_part}


def main() -> None:
    """Answer questions until there are none."""
    configuration: dict[str, Any] = json.loads(sys.stdin.readline())
    turn = PARTS[configuration["package"]](bytes.fromhex(configuration["payload"]))
    turn()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        count = int(json.loads(line)["count"])
        began = time.process_time()
        for _ in range(count):
            turn()
        used = time.process_time() - began
        print(json.dumps({"count": count, "cpu_seconds": used}), flush=True)


if __name__ == "__main__":
    main()
