"""Token status lists: one bit for each pass of a list (draft-ietf-oauth-status-list)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, select

from core.database import Database
from core.errors import NotFound
from signing.passes.codecs import base64url, strict_json
from signing.passes.codecs.status_bits import packed
from signing.passes.issuing.models import pass_status_lists, passes
from signing.passes.issuing.status_index import PLACES
from signing.passes.publishing.kept import KeptLists, Published
from signing.passes.publishing.seal import ListSeal

_WIDTH = 1
# RFC 8392, Section 4; draft-ietf-oauth-status-list, Section 5.2.
_SUB, _EXP, _IAT, _TTL, _STATUS_LIST = 2, 4, 6, 65534, 65533


class StatusListUnknown(NotFound):
    """No pass has a place in a status list of this number."""

    problem = "pass-status-list-unknown"
    title = "There is no such status list"


class StatusListForm(StrEnum):
    """The forms of a status list token, by media type (Sections 5.1 and 5.2 of the draft)."""

    JWT = "application/statuslist+jwt"
    CWT = "application/statuslist+cwt"


@dataclass(frozen=True)
class _Unsigned:
    """What a list says; times in seconds since 1970."""

    uri: str
    bits: bytes
    issued_at: int
    expires_at: int
    ttl: int


class StatusLists:
    """Makes status lists."""

    def __init__(
        self,
        *,
        database: Database,
        seal: ListSeal,
        kept: KeptLists,
        address: str,
        ttl: timedelta,
        lifetime: timedelta,
    ) -> None:
        self._database = database
        self._seal = seal
        self._kept = kept
        self._address = address
        self._ttl = ttl
        self._lifetime = lifetime

    def current(self, number: int, form: StatusListForm) -> Published:
        """Return a list with every revocation that was committed before.

        Raises StatusListUnknown, DocumentSignerMissing, TokenUnavailable, DatabaseUnavailable.
        """
        with self._database.read() as connection:
            version = _version(connection, number)
        # The version is read first: a revocation that comes between is in the list already, and
        # the next one who asks gets it made again.
        return self._kept.get(
            f"status-{number}-{form.name}",
            f"{version}-{self._seal.name}",
            partial(self._make, number, form),
        )

    def versions(self) -> Mapping[str, int]:
        """Return the version of every list by its address. Raises DatabaseUnavailable."""
        table = pass_status_lists
        with self._database.read() as connection:
            rows = connection.execute(
                select(table.c.number, table.c.version).order_by(table.c.number)
            ).all()
        return {self._uri(number): version for number, version in rows}

    def arrays(self) -> Mapping[str, bytes]:
        """Return every list by its address, unsigned: one bit a place, compressed by zlib.

        Raises DatabaseUnavailable.
        """
        with self._database.read() as connection:
            numbers = connection.scalars(
                select(pass_status_lists.c.number).order_by(pass_status_lists.c.number)
            ).all()
            return {self._uri(number): _array(connection, number) for number in numbers}

    def _uri(self, number: int) -> str:
        return f"{self._address}/{number}"

    def _make(self, number: int, form: StatusListForm, now: datetime) -> bytes:
        with self._database.read() as connection:
            bits = _array(connection, number)
        unsigned = _Unsigned(
            uri=self._uri(number),
            bits=bits,
            issued_at=int(now.timestamp()),
            expires_at=int((now + self._lifetime).timestamp()),
            ttl=int(self._ttl.total_seconds()),
        )
        return _SIGNING[form](self._seal, unsigned)


def _version(connection: Connection, number: int) -> int:
    table = pass_status_lists
    version = connection.scalar(select(table.c.version).where(table.c.number == number))
    if version is None:
        raise StatusListUnknown("No pass has a place in a status list of this number.")
    return int(version)


def _array(connection: Connection, number: int) -> bytes:
    revoked = connection.scalars(
        select(passes.c.status_index).where(
            passes.c.status_list == number, passes.c.revoked_at.is_not(None)
        )
    )
    return packed(revoked, PLACES)


def _jwt(seal: ListSeal, one: _Unsigned) -> bytes:
    claims = {
        "sub": one.uri,
        "iat": one.issued_at,
        "exp": one.expires_at,
        "ttl": one.ttl,
        "status_list": {"bits": _WIDTH, "lst": base64url.encode(one.bits)},
    }
    return seal.jws(strict_json.compact(claims), {"typ": "statuslist+jwt"}).encode()


def _cwt(seal: ListSeal, one: _Unsigned) -> bytes:
    claims = {
        _SUB: one.uri,
        _IAT: one.issued_at,
        _EXP: one.expires_at,
        _TTL: one.ttl,
        _STATUS_LIST: {"bits": _WIDTH, "lst": one.bits},
    }
    return seal.cwt(claims, StatusListForm.CWT.value)


_SIGNING: Mapping[StatusListForm, Callable[[ListSeal, _Unsigned], bytes]] = {
    StatusListForm.JWT: _jwt,
    StatusListForm.CWT: _cwt,
}
