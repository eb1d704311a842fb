"""What the generator needs to know of a home: whose certificates there are, and who signs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from bench.issuance.homes import Home, HomeNotMade
from bench.issuance.requests import PROFILE
from bench.issuance.stored import AUTHORITY
from ca.models import certificates
from camtrust.wiring import Services
from ocsp.identities import holder_of


@dataclass(frozen=True)
class HomeFacts:
    """The issuer, serial numbers of certificates that it issued, and its responder's key."""

    issuer: x509.Certificate
    serial_numbers: tuple[int, ...]
    responder_key_id: str


def facts_of(home: Home, *, most: int) -> HomeFacts:
    """Return the facts of a home with ``most`` serial numbers at random. Raises HomeNotMade."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.ocsp.homes", str(home.folder), str(most)],
        capture_output=True,
        text=True,
        env={**os.environ, **home.environment},
    )
    if done.returncode:
        raise HomeNotMade(f"{home.folder}: {done.stderr.strip()[-1000:]}")
    found = json.loads(done.stdout)
    return HomeFacts(
        issuer=x509.load_pem_x509_certificate(found["issuer"].encode()),
        serial_numbers=tuple(int(number, 16) for number in found["serial_numbers"]),
        responder_key_id=found["responder_key_id"],
    )


def _main() -> None:
    # In a process of its own: one process initialises one SoftHSM.
    services = Services(home=Path(sys.argv[1]))
    query = select(certificates.c.serial_number).where(
        certificates.c.authority == AUTHORITY,
        certificates.c.profile == PROFILE,
        certificates.c.state == "issued",
    )
    with services.database.read() as connection:
        numbers = list(connection.scalars(query))
    # Certified now where there is none.
    services.ocsp_identities.identity(AUTHORITY)
    [held, *_] = services.statuses.good_certificates_of(
        holder_of(AUTHORITY), at=services.clock.now()
    )
    issuer = services.authorities.issuer(AUTHORITY).certificate
    print(
        json.dumps(
            {
                "issuer": issuer.public_bytes(Encoding.PEM).decode(),
                "serial_numbers": [
                    f"{number:x}"
                    for number in random.sample(numbers, min(int(sys.argv[2]), len(numbers)))
                ],
                "responder_key_id": held.key_id.hex(),
            }
        )
    )


if __name__ == "__main__":
    _main()
