"""``[sign_in]``: how subscribers sign in, and where officers do."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from core.settings import Section
from enrollment.passkeys.relying_party import RelyingParty
from enrollment.sign_in.openid.settings import OpenIdSettings


class SignInSettings(Section):
    """``officers_url`` is the officers' address as their browsers see it, without a path.

    Empty, it is the host name of the officers' front at the standard port. Officers' passkeys
    are for this host, and subscribers who sign in with a certificate are sent there.
    ``with_certificate`` offers that way on the sign-in page.
    """

    officers_url: str = ""
    with_certificate: bool = True
    openid: OpenIdSettings = OpenIdSettings()

    def within(self, home: Path) -> SignInSettings:
        """Return the settings with their files found from the home directory."""
        return self.model_copy(update={"openid": self.openid.within(home)})

    @field_validator("officers_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        trimmed = value.rstrip("/")
        if trimmed and RelyingParty.at(trimmed).origin != trimmed:
            raise ValueError("has to be like https://officers.example.org")
        return trimmed
