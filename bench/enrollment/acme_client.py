"""The ACME client as a subject: takes orders from the first request to the certificate.

Questions are ``{"prepare": n}``, which makes keys and requests and asks nobody, then
``{"order": true}``, which takes all of them through, four at a time. Each order has one name of
its own, so that no server has its authorization already; the challenge is answered although
nobody looks.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.enrollment.acme_account import Account, ServerRefused, Session, base64url
from bench.enrollment.http import Answer, Connection
from bench.enrollment.names import DOMAIN
from bench.subject import Answer as Told
from bench.subject import answer_questions

CONNECTIONS = 4
POLL_SECONDS = 0.01
MOST_POLLS = 3_000
CHALLENGE = "http-01"


class Client:
    """One account, over several connections at once."""

    def __init__(self, configuration: Told) -> None:
        self._directory_url: str = configuration["directory"]
        self._anchor: str | None = configuration.get("anchor")
        directory = json.loads(self._connect().send("GET", self._directory_url).body)
        self._account = Account(ec.generate_private_key(ec.SECP256R1()), directory)
        Session(self._account, self._connect()).register(
            kid=configuration.get("kid"), secret=configuration.get("secret")
        )
        self._sessions = [Session(self._account, self._connect()) for _ in range(CONNECTIONS)]
        self._prepared: list[tuple[str, str]] = []

    def answer(self, question: Told) -> Told:
        """Prepare or order."""
        if "prepare" in question:
            self._prepared = [_request() for _ in range(question["prepare"])]
            return {"prepared": len(self._prepared)}
        prepared, self._prepared = self._prepared, []
        shares = [prepared[number::CONNECTIONS] for number in range(CONNECTIONS)]
        begin = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            done = list(threads.map(self._order_all, self._sessions, shares))
        return {"count": sum(done), "seconds": time.perf_counter() - begin}

    def _connect(self) -> Connection:
        return Connection(self._directory_url, anchor=self._anchor)

    def _order_all(self, session: Session, share: list[tuple[str, str]]) -> int:
        for name, csr in share:
            chain = self._order(session, name, csr)
            if name not in _names(chain):
                raise ServerRefused(f"{self._directory_url}: a certificate without its name.")
        return len(share)

    def _order(self, session: Session, name: str, csr: str) -> bytes:
        wish = {"identifiers": [{"type": "dns", "value": name}]}
        made = session.post(self._account.directory["newOrder"], wish)
        order = json.loads(made.body)
        for url in order["authorizations"]:
            _authorize(session, url)
        session.post(order["finalize"], {"csr": csr})
        valid = _wait_for(session, made.headers["location"])
        return session.post(valid["certificate"], None).body


def _authorize(session: Session, url: str) -> None:
    authorization = json.loads(session.post(url, None).body)
    [challenge] = [one for one in authorization["challenges"] if one["type"] == CHALLENGE]
    session.post(challenge["url"], {})
    _wait_for(session, url)


def _wait_for(session: Session, url: str) -> Any:
    for _ in range(MOST_POLLS):
        answer: Answer = session.post(url, None)
        document = json.loads(answer.body)
        if document["status"] == "valid":
            return document
        if document["status"] == "invalid":
            break
        time.sleep(POLL_SECONDS)
    raise ServerRefused(f"{url}: {answer.body[:500].decode(errors='replace')}")


def _request() -> tuple[str, str]:
    name = f"{uuid4().hex}.{DOMAIN}"
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
    key = ec.generate_private_key(ec.SECP256R1())
    made = builder.add_extension(alternative, critical=False).sign(key, SHA256())
    return name, base64url(made.public_bytes(Encoding.DER))


def _names(chain: bytes) -> list[str]:
    leaf = x509.load_pem_x509_certificates(chain)[0]
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


if __name__ == "__main__":
    answer_questions(lambda configuration: Client(configuration).answer)
