"""What X-Road's security server does with an ACME server, step by step, with its own limits.

As its AcmeService does: one order for the DNS name of the server, whatever the certificate is
for; an order is finalized only in the course of a challenge that is pending; challenge and order
are each asked five times.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.enrollment.acme.client import AcmeClient, b64, jwk_of

ATTEMPTS, INTERVAL_SECONDS = 5, 5
ORDER_NOT_AFTER = timedelta(days=365)


class GaveUpError(Exception):
    """X-Road's own patience is at its end."""


def request_of(*subject: tuple[x509.ObjectIdentifier, str], names: tuple[str, ...]) -> str:
    """A request for a new RSA key."""
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in subject])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(alternative, critical=False)
    made = builder.sign(rsa.generate_private_key(65537, 3072), SHA256())
    return b64(made.public_bytes(Encoding.DER))


def member_code(code: str) -> tuple[x509.ObjectIdentifier, str]:
    return NameOID.COMMON_NAME, code


class SecurityServer:
    """A security server: one account, and a folder for challenges that it shows on port 80."""

    def __init__(self, acme: AcmeClient, challenges: Path) -> None:
        self.acme = acme
        self.acme.key = rsa.generate_private_key(65537, 2048)
        self._challenges = challenges

    def order_certificate(self, dns_name: str, csr: str) -> list[x509.Certificate]:
        """Order a certificate; raises GaveUpError when it would."""
        end = (datetime.now(UTC) + ORDER_NOT_AFTER).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made = self.acme.order(dns_name, notAfter=end)
        assert made.status_code == 201, made.get_data(as_text=True)
        for url in made.get_json()["authorizations"]:
            authorization = self.acme.post(url, None).get_json()
            if authorization["status"] == "pending":
                self._fulfil(authorization)
                done = self.acme.post(made.get_json()["finalize"], {"csr": csr})
                assert done.status_code == 200, done.get_data(as_text=True)
        order = self._wait_for(made.headers["Location"])
        chain = self.acme.post(order["certificate"], None).data
        return x509.load_pem_x509_certificates(chain)

    def _fulfil(self, authorization: Any) -> None:
        [challenge] = [one for one in authorization["challenges"] if one["type"] == "http-01"]
        thumbprint = self._thumbprint()
        shown = self._challenges / challenge["token"]
        shown.write_text(f"{challenge['token']}.{thumbprint}")
        self.acme.post(challenge["url"], {})
        self._wait_for(challenge["url"])
        shown.unlink()

    def _wait_for(self, url: str) -> Any:
        for _ in range(ATTEMPTS):
            answer = self.acme.post(url, None)
            document = answer.get_json()
            if document["status"] == "valid":
                return document
            if document["status"] == "invalid":
                raise GaveUpError(str(document))
            time.sleep(float(answer.headers.get("Retry-After", INTERVAL_SECONDS)))
        raise GaveUpError(str(document))

    def _thumbprint(self) -> str:
        # RFC 7638.
        members = json.dumps(jwk_of(self.acme.key), sort_keys=True, separators=(",", ":"))
        return b64(sha256(members.encode()).digest())
