"""Three officers as a subject: one applies for people, two approve, the first fetches.

Questions are as the ACME client's: ``{"prepare": n}`` makes keys and requests, ``{"order": true}``
takes all of them from submission to the certificate, four at a time.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.enrollment.http import Connection
from bench.subject import Answer, answer_questions

API = "/enrollment/v1/applications"
PROFILE = "person-signing"
CONNECTIONS = 4


class ApplicationNotTaken(click.ClickException):
    """The API refused a step."""


class Officers:
    """Three officers over several connections at once."""

    def __init__(self, configuration: Answer) -> None:
        self._url: str = configuration["url"]
        self._officers = [quote(one, safe="") for one in configuration["certificates"]]
        self._connections = [Connection(self._url, anchor=None) for _ in range(CONNECTIONS)]
        self._made = 0
        self._prepared: list[dict[str, Any]] = []

    def answer(self, question: Answer) -> Answer:
        """Prepare or apply."""
        if "prepare" in question:
            self._prepared = [self._submission() for _ in range(question["prepare"])]
            return {"prepared": len(self._prepared)}
        prepared, self._prepared = self._prepared, []
        shares = [prepared[number::CONNECTIONS] for number in range(CONNECTIONS)]
        begin = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            done = list(threads.map(self._apply_all, self._connections, shares))
        return {"count": sum(done), "seconds": time.perf_counter() - begin}

    def _apply_all(self, connection: Connection, share: list[dict[str, Any]]) -> int:
        clerk, first, second = self._officers
        for submission in share:
            path = f"{API}/{self._ask(connection, clerk, API, submission)['id']}"
            self._ask(connection, first, f"{path}/approval", {})
            self._ask(connection, second, f"{path}/approval", {})
            self._ask(connection, clerk, f"{path}/certificate", None)
        return len(share)

    def _ask(self, connection: Connection, officer: str, path: str, body: Any) -> dict[str, Any]:
        answer = connection.send(
            "GET" if body is None else "POST",
            f"{self._url}{path}",
            None if body is None else json.dumps(body).encode(),
            media_type=None if body is None else "application/json",
            # As the TLS front says it of a handshake a moment ago.
            headers={"X-SSL-Client-Cert": officer, "X-SSL-Connection-Seconds": "0"},
        )
        if answer.status >= 300:
            said = answer.body[:500].decode(errors="replace")
            raise ApplicationNotTaken(f"{path}: {answer.status} {said}")
        document: dict[str, Any] = json.loads(answer.body)
        return document

    def _submission(self) -> dict[str, Any]:
        self._made += 1
        number = f"IDCKH-{self._made:09d}"
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        csr = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
        return {
            "profile": PROFILE,
            "csr": csr.public_bytes(Encoding.PEM).decode(),
            "holder": f"person:{number}",
            "facts": {"surname": "Sok", "given_name": "Dara", "identifier": number},
        }


if __name__ == "__main__":
    answer_questions(lambda configuration: Officers(configuration).answer)
