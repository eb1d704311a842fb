"""``[verification]``: the host of the pages, whom to turn to, and platforms that are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from core.outgoing.settings import OutgoingSettings
from core.settings import Section

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,31}$")]


def _origin(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    # The QR code writes the whole address in capitals, which only scheme and host allow.
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("write the scheme and the host alone, such as https://verify.gov.kh")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("write the scheme and the host alone, such as https://verify.gov.kh")
    return text.rstrip("/")


class PlatformSettings(OutgoingSettings):
    """A platform that is told of registered documents; ``url`` takes POST requests over https."""

    url: str = Field(pattern=r"^https://[!-\"$-?A-~]+$", max_length=1000)
    timeout_seconds: float = Field(default=10.0, gt=0, le=30)


class VerificationSettings(Section):
    """``url``: scheme and host that stamps lead to; ``public_url`` of ``[serve]`` when empty.

    ``contact_km`` and ``contact_en`` say whom a reader turns to beside the institution itself.
    """

    url: Annotated[str, AfterValidator(_origin)] = ""
    contact_km: str = Field(default="", max_length=300)
    contact_en: str = Field(default="", max_length=300)
    platforms: Mapping[Name, PlatformSettings] = Field(default_factory=dict)
