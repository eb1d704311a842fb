"""Mail servers of the tests: aiosmtpd, with whatever moods a mail server has."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.mail.mail import Letter, Mail

PUBLIC_URL = "https://pki.example"


@dataclass
class MailServer:
    """Takes mails, or answers as ``moods`` has it for RCPT and DATA."""

    moods: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    slow_seconds: float = 0.0
    controller: Any = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.moods:
            return self.moods[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        time.sleep(self.slow_seconds)
        if "DATA" in self.moods:
            return self.moods["DATA"]
        self.octets.append(envelope.content)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    @property
    def port(self) -> int:
        port: int = self.controller.server.sockets[0].getsockname()[1]
        return port


@pytest.fixture
def mail_server() -> Iterator[Callable[..., MailServer]]:
    """Start a mail server on a free port of this machine."""
    started = []

    def start(**options: Any) -> MailServer:
        server = MailServer()
        server.controller = Controller(
            server, hostname="127.0.0.1", port=_free_port(), ready_timeout=20, **options
        )
        server.controller.start()
        started.append(server.controller)
        return server

    yield start
    for controller in started:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
    return port


class Anchor:
    """A certification authority for one mail server, and the server's context."""

    def __init__(self, folder: Path, *, name: str = "localhost") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_file = folder / f"{name}.key"
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, key_file)


def knows(user: bytes, password: bytes) -> Callable[..., AuthResult]:
    def check(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (user, password)
        return AuthResult(success=right, handled=False)

    return check


def mail_to(
    address: str = "dara@interior.example",
    key: str = "test:1",
    *,
    confidential: bool = False,
    **changes: str,
) -> Mail:
    return Mail(
        to=address,
        kind="test",
        deduplication_key=key,
        khmer=Letter(
            changes.get("km_subject", "ការអញ្ជើញ"),
            changes.get("km_text", "សូមចូលមើល៖ https://pki.example/x"),
        ),
        english=Letter(
            changes.get("en_subject", "Invitation"),
            changes.get("en_text", "Please look at https://pki.example/x"),
        ),
        confidential=confidential,
    )
