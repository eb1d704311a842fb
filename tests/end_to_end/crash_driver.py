"""Kills processes that issue certificates, at random moments; prints what they said they did.

Run by test_crashes.py as a process of its own: `python crash_driver.py HOME KILLS SEED`.
Each child is forked from a parent that has imported everything and opened nothing. A child
writes one JSON line for each thing that it is about to do or has done, before the next step:
``signing`` (serial, hash of the to-be-signed bytes) and ``handed-out`` (serial, hash of the
certificate). A line shorter than PIPE_BUF is written whole or not at all.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import ca.issuance.path as issuance_path
import ca.linting.pkilint_validators  # noqa: F401 - else each child imports it first
from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.wiring import Services
from core.errors import CamtrustError


def main(home: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    lines = b""
    for number in range(kills):
        child = os.fork()
        if child == 0:
            os.close(reading)
            work(home, writing, number)
        lines += wait_until_ready(reading)
        deadline = time.monotonic() + dice.uniform(0.0, 0.3)
        while time.monotonic() < deadline:
            lines += drain(reading)
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines += drain(reading)
    sys.stdout.buffer.write(lines)


def wait_until_ready(reading: int) -> bytes:
    seen = b""
    limit = time.monotonic() + 60
    while b'"ready"' not in seen:
        if time.monotonic() > limit:
            raise SystemExit("a child did not get ready within a minute")
        seen += drain(reading)
        time.sleep(0.002)
    return seen


def drain(reading: int) -> bytes:
    parts = []
    while True:
        try:
            part = os.read(reading, 65536)
        except BlockingIOError:
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)


def work(home: Path, writing: int, number: int) -> None:
    try:
        issue_for_ever(home, writing, number)
    except BaseException as error:
        say(writing, event="failed", error=repr(error)[:300], cause=repr(error.__cause__)[:300])
        raise
    finally:
        os._exit(1)


def issue_for_ever(home: Path, writing: int, number: int) -> None:
    services = Services(home=home)
    listen_to_signatures(writing)
    services.crls.issue_due()
    say(writing, event="ready")
    for turn in range(10_000):
        if turn % 3 == number % 3:  # In every third child it is the first that it does.
            services.crls.issue("devices-1", 0)
        requests = [request(number, turn, place) for place in range(1 + turn % 4)]
        for outcome in services.issuance.issue_many(requests):
            if isinstance(outcome, CamtrustError):
                raise outcome
            say(
                writing,
                event="handed-out",
                serial_number=f"{outcome.serial_number:x}",
                sha256=sha256(outcome.certificate_der).hexdigest(),
            )


def listen_to_signatures(writing: int) -> None:
    sign = issuance_path.sign_linted

    def sign_and_say(linted: Any, key: Any) -> Any:
        say(
            writing,
            event="signing",
            serial_number=f"{linted.plan.serial_number:x}",
            tbs_sha256=sha256(linted.tbs_der).hexdigest(),
        )
        return sign(linted, key)

    issuance_path.sign_linted = sign_and_say


def request(number: int, turn: int, place: int) -> CertificateRequest:
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(key, hashes.SHA256())
    )
    name = f"sensor-{number}-{turn}-{place}"
    return CertificateRequest(
        profile="device",
        csr=verify_csr(csr.public_bytes(serialization.Encoding.DER)),
        holder=f"device:{name}",
        facts={
            "common_name": name,
            "device_serial_number": name,
            "organization_name": "Test Ministry",
        },
        reference=f"crash:{name}",
    )


def say(writing: int, **line: object) -> None:
    os.write(writing, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
