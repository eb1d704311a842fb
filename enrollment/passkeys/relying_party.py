"""For whom a passkey is: one host, as a browser names it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RelyingParty:
    """A host of ours, for officers or for subscribers. Web Authentication, Section 13.4.9.

    On one machine both hosts may be ``localhost``: passkeys are told apart all the same.
    """

    id: str
    origin: str
    for_officers: bool
    name: str = "camtrust"

    @classmethod
    def at(cls, url: str, *, for_officers: bool = False) -> RelyingParty:
        """Return the relying party of the pages under ``url``."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        return cls(id=parts.hostname or "", origin=origin, for_officers=for_officers)

    def user_handle(self, principal: str) -> bytes:
        """Return what an authenticator knows a principal by: 32 octets that name nobody.

        Web Authentication, Section 14.6.1: no personal data.
        """
        return sha256(f"{self.id}\n{principal}".encode()).digest()
