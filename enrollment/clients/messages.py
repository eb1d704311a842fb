"""What goes over the wire of ``/enrollment/v1/clients``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from cryptography import x509
from pydantic import AfterValidator, Field

from ca.foreign_certificates import read_certificates
from core.access import Permission
from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.clients.client import ApiClient, AuthMethod, ClientDetails, ClientState
from enrollment.clients.keys import ClientKey, read_client_key
from enrollment.messages import Message, Name, Text
from enrollment.officers import OfficerState


def _small(jwk: dict[str, Any]) -> dict[str, Any]:
    if len(jwk) > 20 or any(isinstance(one, str) and len(one) > 2_000 for one in jwk.values()):
        raise ValueError("is larger than any public key")
    return jwk


Scope = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*:[a-z]+(-[a-z]+)*$", max_length=64)]
Jwk = Annotated[dict[str, Any], AfterValidator(_small)]


class KeyMessage(Message):
    """A public key of a client."""

    jwk: Jwk = Field(description="RFC 7517; P-256, P-384, Ed25519, or RSA from 2048 bits.")

    def key(self) -> ClientKey:
        """Return the key. Raises ClientKeyRefused."""
        return read_client_key(self.jwk)


class JwksMessage(Message):
    """A JWK Set (RFC 7517, Section 5)."""

    keys: Annotated[tuple[Jwk, ...], Field(max_length=4)] = ()


class ClientMessage(Message):
    """A program of an institution, as an officer registers it."""

    name: Text = Field(description="For people: which system it is.")
    institution: Name | None = Field(
        default=None, description="Whose program it is; left out for one of the nation."
    )
    auth_method: AuthMethod = AuthMethod.PRIVATE_KEY_JWT
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=20)] = Field(
        description="What its tokens may be for."
    )
    jwks: JwksMessage = JwksMessage()

    def details(self, default_institution: str | None) -> ClientDetails:
        """Return what is registered; an officer's own institution stands where none is named."""
        return ClientDetails(
            name=self.name,
            institution=self.institution or default_institution,
            auth_method=self.auth_method,
            scopes=tuple(map(Permission, self.scopes)),
        )

    def public_keys(self) -> tuple[ClientKey, ...]:
        """Return the keys. Raises ClientKeyRefused."""
        return tuple(map(read_client_key, self.jwks.keys))


class CertificateMessage(Message):
    """A certificate of ours by which a client proves itself."""

    certificate: Annotated[str, Field(min_length=1, max_length=20_000)] = Field(description="PEM.")

    def read(self) -> x509.Certificate | None:
        """Return the certificate, None if this is none."""
        try:
            return read_certificates(self.certificate.encode())[0]
        except ValueError:
            return None


class ClientsQuery(Message):
    """Which page of the clients."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class ClientKeyView(Message):
    """A key of a client."""

    thumbprint: str = Field(description="RFC 7638, SHA-256: the kid that we know it by.")
    algorithms: tuple[str, ...]
    added_at: datetime
    ended_at: datetime | None


class ClientSummaryView(Message):
    """A client in a list."""

    id: str
    name: str
    institution: str | None
    auth_method: AuthMethod
    scopes: tuple[str, ...]
    state: ClientState
    standing: OfficerState = Field(description="Only an active one gets tokens.")
    registered_by: str
    registered_at: datetime
    tokens_issued: int
    last_token_at: datetime | None


class ClientView(ClientSummaryView):
    """A client as it stands."""

    approvals_needed: int = Field(description="By others than the officer who registered it.")
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    keys: tuple[ClientKeyView, ...]


class ClientsView(Message):
    """A page of clients, newest first."""

    clients: tuple[ClientSummaryView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


def summary_of_client(client: ApiClient) -> ClientSummaryView:
    """Return a client as it stands in a list."""
    return ClientSummaryView(**_summary(client))


def view_of_client(client: ApiClient) -> ClientView:
    """Return a client as officers see it."""
    return ClientView(
        **_summary(client),
        approvals_needed=client.approvals_needed,
        decided_by=client.decided_by,
        decided_at=client.decided_at,
        reason=client.reason,
        keys=tuple(
            ClientKeyView(
                thumbprint=one.key.thumbprint,
                algorithms=one.key.algorithms,
                added_at=one.added_at,
                ended_at=one.ended_at,
            )
            for one in client.keys
        ),
    )


def _summary(client: ApiClient) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.details.name,
        "institution": client.details.institution,
        "auth_method": client.details.auth_method,
        "scopes": tuple(map(str, client.details.scopes)),
        "state": client.state,
        "standing": client.standing,
        "registered_by": client.registered_by,
        "registered_at": client.registered_at,
        "tokens_issued": client.tokens_issued,
        "last_token_at": client.last_token_at,
    }
