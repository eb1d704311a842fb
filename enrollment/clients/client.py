"""An API client, and what can be said of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from core.access import Permission
from core.canonical_json import canonical_json
from enrollment.clients.errors import ClientUnknown
from enrollment.clients.keys import ClientKey, read_client_key
from enrollment.clients.models import api_client_keys, api_clients
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import OfficerState


class AuthMethod(StrEnum):
    """How a client proves itself, by the names of RFC 7591 and RFC 8705, Section 2.1.1."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"


class ClientState(StrEnum):
    """proposed → approved or refused; whether an approved one may sign in, ``standing`` says."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class ClientDetails:
    """What a client is registered with. ``institution``: None for a program of the nation."""

    name: str
    institution: str | None
    auth_method: AuthMethod
    scopes: tuple[Permission, ...]


@dataclass(frozen=True)
class RegisteredKey:
    """A key of a client, and whether it is still in use."""

    key: ClientKey
    added_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class ApiClient:
    """A client as it stands. ``standing``: active, suspended or removed (closed)."""

    id: str
    details: ClientDetails
    state: ClientState
    standing: OfficerState
    approvals_needed: int
    registered_by: str
    registered_by_person: str
    registered_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    salt: bytes
    log_index: int
    tokens_issued: int
    last_token_at: datetime | None
    keys: tuple[RegisteredKey, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it gets tokens, and its tokens are honoured."""
        return self.state is ClientState.APPROVED and self.standing is OfficerState.ACTIVE


def clients_query() -> Select[Any]:
    """Return the query for all clients, with what their principals say."""
    return select(api_clients, principals.c.institution, principals.c.state.label("standing")).join(
        principals, principals.c.id == api_clients.c.id
    )


def find_client(
    connection: Connection,
    client_id: str,
    *,
    within: Jurisdiction | None = None,
    locked: bool = False,
) -> ApiClient:
    """Read a client with its keys. ``locked``: until the transaction ends. Raises ClientUnknown."""
    query = clients_query().where(api_clients.c.id == client_id)
    if locked:
        query = query.with_for_update(of=[api_clients, principals])
    row = connection.execute(query).one_or_none()
    if row is None or (within is not None and not within.covers(row.institution)):
        raise ClientUnknown("There is no API client of this id that you may see.")
    return client_of(row, keys_of(connection, client_id))


def keys_of(connection: Connection, client_id: str) -> tuple[RegisteredKey, ...]:
    """Return the keys of a client, oldest first, those that ended too."""
    rows = connection.execute(
        select(api_client_keys)
        .where(api_client_keys.c.client == client_id)
        .order_by(api_client_keys.c.added_at, api_client_keys.c.thumbprint)
    )
    return tuple(
        RegisteredKey(read_client_key(row.jwk), row.added_at, row.ended_at) for row in rows
    )


def client_octets(details: ClientDetails, keys: Sequence[ClientKey]) -> bytes:
    """Return what the log's commitment to a client commits to: canonical JSON."""
    return canonical_json(
        {
            "auth_method": details.auth_method,
            "institution": details.institution,
            "keys": sorted(key.thumbprint for key in keys),
            "name": details.name,
            "scopes": sorted(details.scopes),
        }
    )


def client_of(row: Row[Any], keys: tuple[RegisteredKey, ...] = ()) -> ApiClient:
    """Return the client of a row."""
    return ApiClient(
        id=row.id,
        details=ClientDetails(
            name=row.name,
            institution=row.institution,
            auth_method=AuthMethod(row.auth_method),
            scopes=tuple(map(Permission, row.scopes)),
        ),
        state=ClientState(row.state),
        standing=OfficerState(row.standing),
        approvals_needed=row.approvals_needed,
        registered_by=row.registered_by,
        registered_by_person=row.registered_by_person,
        registered_at=row.registered_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        salt=row.salt,
        log_index=row.log_index,
        tokens_issued=row.tokens_issued,
        last_token_at=row.last_token_at,
        keys=keys,
    )
