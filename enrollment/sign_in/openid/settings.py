"""``[sign_in.openid]``: the provider with which subscribers sign in."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from core.settings import Section

# RFC 8725, Section 3.1: only what is named is believed; a MAC's key would be the client's secret.
ALGORITHMS = frozenset(
    {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed25519"}
)


class OpenIdSettings(Section):
    """A provider, and what it says of people. Without ``issuer`` none is offered.

    We prove who asks by ``private_key_file`` (PEM; private_key_jwt, RFC 7523) or by
    ``client_secret_file``. ``identifier_claim`` is the claim of the ID token that holds the
    number of the document ``identifier_kind`` (``national-id``, ``passport`` or
    ``residence-card``) of ``identifier_country``; a provider whose claim may hold several kinds
    names the kind in ``identifier_kind_claim``. ``networks`` lets it live inside our own
    network, where requests otherwise never go; plain http is spoken with loopback there alone.
    """

    issuer: str = ""
    client_id: str = ""
    private_key_file: Path | None = None
    private_key_id: str | None = None
    private_key_algorithm: str = "ES256"
    client_secret_file: Path | None = None
    name: str = "CamDigiKey"
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[str, ...] = ("ES256", "RS256", "PS256")
    identifier_claim: str = "national_id"
    identifier_kind: str = "national-id"
    identifier_kind_claim: str | None = None
    identifier_country: str = "KH"
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    trust_file: Path | None = None
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @property
    def is_offered(self) -> bool:
        """Whether a provider is configured."""
        return bool(self.issuer)

    def within(self, home: Path) -> OpenIdSettings:
        """Return the settings with their files found from the home directory."""
        files = ("private_key_file", "client_secret_file", "trust_file")
        named = {name: getattr(self, name) for name in files}
        changes = {name: home / path for name, path in named.items() if path is not None}
        return self.model_copy(update=changes)

    @property
    def redirects_to(self) -> str:
        """The origin that forms lead on to."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("algorithms")
    @classmethod
    def _are_public_key_algorithms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= ALGORITHMS:
            raise ValueError(f"has to name some of {', '.join(sorted(ALGORITHMS))}")
        return value

    @field_validator("scopes")
    @classmethod
    def _ask_for_an_id_token(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("has to contain openid")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> OpenIdSettings:
        if not self.issuer:
            return self
        if not self.client_id:
            raise ValueError("client_id is missing")
        if (self.private_key_file is None) == (self.client_secret_file is None):
            raise ValueError("give either private_key_file or client_secret_file")
        if not is_spoken_to(self.issuer):
            raise ValueError("issuer has to be an https:// URL without query")
        return self


def is_spoken_to(url: str) -> bool:
    """Tell whether a provider's URL is one that is asked: https, or http at loopback."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.query or parts.fragment or parts.username is not None or not host:
        return False
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ip_address(host).is_loopback
    except ValueError:
        return False
