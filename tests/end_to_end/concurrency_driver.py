"""Issues in many threads until the time is over: `HOME THREADS SECONDS NAME`; prints a report."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.wiring import Services


def main(home: Path, threads: int, seconds: float, name: str) -> None:
    services = Services(home=home)
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(threads) as pool:
        jobs = [
            pool.submit(issue_until, services, deadline, f"{name}-{number}")
            for number in range(threads)
        ]
        outcomes = [job.result() for job in jobs]
    services.close()
    errors = [error for _, error in outcomes if error is not None]
    print(json.dumps({"issued": sum(count for count, _ in outcomes), "errors": errors}))


def issue_until(services: Services, deadline: float, name: str) -> tuple[int, str | None]:
    count = 0
    while count == 0 or time.monotonic() < deadline:
        try:
            services.issuance.issue(request(f"sensor-{name}-{count}"))
        except Exception as error:  # what a thread dies of is the result
            return count, repr(error)
        count += 1
    return count, None


def request(name: str) -> CertificateRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return CertificateRequest(
        profile="device",
        csr=verify_csr(csr.public_bytes(Encoding.DER)),
        holder=f"device:{name}",
        facts={
            "common_name": name,
            "device_serial_number": name,
            "organization_name": "Test Ministry",
        },
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
