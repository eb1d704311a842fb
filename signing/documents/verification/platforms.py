"""Other platforms that are told of registered documents: the port, and HTTP with signed bodies.

A platform such as the national verify.gov.kh keeps a register of its own. Whatever it speaks, an
adapter is a class with this one method; :class:`HttpPlatform` is the plain one: POST of a compact
JWS (RFC 7515, ``application/jose``) signed with the key that signs summaries, whose public half is
in the key set at ``/v/keys``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from core.canonical_json import canonical_json
from core.clock import Clock
from core.outgoing.posting import Message, Posted, Posting
from core.outgoing.target import STANDARD_PORTS, Target
from hsm.jose import sign_jws
from hsm.keys import SigningKey
from signing.documents.verification.document import RegisteredDocument
from signing.documents.verification.settings import PlatformSettings

TYPE = "document-registration+jws"
USER_AGENT = "camtrust (documents)"
CONFLICT = 409


@dataclass(frozen=True)
class Announcement:
    """One signature of a document, to be told; ``address`` is the document's page."""

    document: RegisteredDocument
    position: int
    address: str


class DocumentPlatform(Protocol):
    """Somewhere else where documents are registered."""

    def tell(self, announcement: Announcement) -> Posted:
        """Tell of a signature. The same may be told twice. Raises nothing for a platform away."""


class HttpPlatform:
    """A platform that takes signed JSON over https."""

    def __init__(
        self,
        *,
        name: str,
        settings: PlatformSettings,
        signing_key: Callable[[], SigningKey],
        clock: Clock,
    ) -> None:
        self._name = name
        self._signing_key = signing_key
        self._clock = clock
        self._target = _target(settings.url)
        self._posting = Posting(settings, user_agent=USER_AGENT)

    def tell(self, announcement: Announcement) -> Posted:
        """Send one message. 409 says that the platform had it before."""
        return self._posting.post(partial(self._message, announcement), also_taken={CONFLICT})

    def _message(self, announcement: Announcement) -> Message:
        body = sign_jws(
            self._signing_key(),
            canonical_json(self._claims(announcement)),
            header={"typ": TYPE},
        ).encode("ascii")
        return Message(self._target, {"Content-Type": "application/jose"}, body)

    def _claims(self, announcement: Announcement) -> dict[str, object]:
        document, details = announcement.document, announcement.document.details
        signature = document.signatures[announcement.position - 1]
        claims: dict[str, object] = {
            "address": announcement.address,
            # RFC 7519, Section 4.1.3: a message for one platform is none for another.
            "aud": self._name,
            "iat": int(self._clock.now().timestamp()),
            "id": str(document.id),
            "institution": details.institution,
            "length": signature.length,
            "position": announcement.position,
            "sha256": signature.sha256.hex(),
            "signed_at": signature.signed_at.astimezone(UTC).isoformat(timespec="seconds"),
        }
        # What readers of our page do not see, nobody is told.
        if details.is_public:
            claims |= {
                "number": details.number,
                "subject": details.subject,
                "title": details.title,
            }
        return claims


def _target(url: str) -> Target:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        scheme="https",
        host=parts.hostname or "",
        port=parts.port or STANDARD_PORTS["https"],
        path=path,
    )
