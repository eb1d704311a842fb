"""Open a session, find whose it is, and end it. NIST SP 800-63B-4, Section 5.1."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from core.access import Principal, Role
from core.clock import Clock
from core.database import Database
from core.web.session_cookie import session_token
from enrollment.models import principals
from enrollment.sessions.models import sessions

# However much it is used, a session ends; unused, it ends sooner. On a computer that others use
# after its holder, both are short.
LONGEST = timedelta(hours=12)
IDLE = timedelta(hours=1)
LONGEST_SHARED = timedelta(hours=1)
IDLE_SHARED = timedelta(minutes=15)
# A use is written down at most so often: a page view should not cost a commit.
NOTED_EVERY = timedelta(minutes=1)
TOKEN_OCTETS = 32


class SignInMethod(StrEnum):
    """How somebody proved who they are."""

    PASSKEY = "passkey"
    OIDC = "oidc"
    CERTIFICATE = "certificate"
    INVITATION = "invitation"
    SLIP = "slip"


@dataclass(frozen=True)
class Session:
    """An open session. Its token is known to the browser alone."""

    token_sha256: bytes
    principal: Principal
    method: SignInMethod
    opened_at: datetime
    used_at: datetime
    ends_at: datetime
    shared_computer: bool


class Sessions:
    """Keeps the sessions of subscribers."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(
        self, principal_id: str, *, method: SignInMethod, shared_computer: bool = False
    ) -> str:
        """Open a session and return its token, for the cookie."""
        with self._database.begin() as connection:
            return open_session_in(
                connection, principal_id, method, shared_computer, self._clock.now()
            )

    def find(self, token: str) -> Session | None:
        """Return the session of a token, None when it ended or never was."""
        now = self._clock.now()
        with self._database.read() as connection:
            row = connection.execute(_query().where(sessions.c.token_sha256 == _hash(token)))
            found = row.one_or_none()
        session = None if found is None else _session_of(found)
        if session is None or not _is_open(session, now):
            return None
        if now - session.used_at >= NOTED_EVERY:
            self._note_use(session, now)
        return session

    def close(self, token: str) -> None:
        """End a session; again, it changes nothing."""
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_sha256 == _hash(token)))

    def close_all(self, principal_id: str) -> int:
        """End every session of a principal; return how many there were."""
        with self._database.begin() as connection:
            return connection.execute(
                delete(sessions).where(sessions.c.principal == principal_id)
            ).rowcount

    def all_of(self, principal_id: str) -> Sequence[Session]:
        """Return the open sessions of a principal, newest first."""
        query = (
            _query()
            .where(sessions.c.principal == principal_id)
            .order_by(sessions.c.opened_at.desc())
        )
        now = self._clock.now()
        with self._database.read() as connection:
            found = [_session_of(row) for row in connection.execute(query)]
        return [one for one in found if _is_open(one, now)]

    def forget_ended(self) -> int:
        """Delete sessions that are over; return how many."""
        with self._database.begin() as connection:
            return connection.execute(
                delete(sessions).where(sessions.c.ends_at <= self._clock.now())
            ).rowcount

    def _note_use(self, session: Session, now: datetime) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_sha256 == session.token_sha256)
                .values(used_at=now)
            )


class SessionSignIn:
    """The public listener's authenticator: whoever has an open session."""

    def __init__(self, *, sessions: Sessions) -> None:
        self._sessions = sessions

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        """Return whose session the request's cookie names, None for nobody's."""
        token = session_token(environ)
        session = None if token is None else self._sessions.find(token)
        return None if session is None else session.principal


def open_session_in(
    connection: Connection,
    principal_id: str,
    method: SignInMethod,
    shared_computer: bool,
    now: datetime,
) -> str:
    """Open a session within the caller's transaction; return its token."""
    token = secrets.token_urlsafe(TOKEN_OCTETS)
    connection.execute(
        insert(sessions).values(
            token_sha256=_hash(token),
            principal=principal_id,
            method=method,
            opened_at=now,
            used_at=now,
            ends_at=now + (LONGEST_SHARED if shared_computer else LONGEST),
            shared_computer=shared_computer,
        )
    )
    return token


def _query() -> Any:
    # Whoever was suspended or removed since has no session.
    return (
        select(sessions, principals.c.role)
        .join(principals, principals.c.id == sessions.c.principal)
        .where(principals.c.state == "active", principals.c.role == Role.SUBSCRIBER)
    )


def _session_of(row: Row[Any]) -> Session:
    return Session(
        token_sha256=row.token_sha256,
        principal=Principal(row.principal, Role(row.role)),
        method=SignInMethod(row.method),
        opened_at=row.opened_at,
        used_at=row.used_at,
        ends_at=row.ends_at,
        shared_computer=row.shared_computer,
    )


def _is_open(session: Session, now: datetime) -> bool:
    idle = IDLE_SHARED if session.shared_computer else IDLE
    return now < session.ends_at and now - session.used_at < idle


def _hash(token: str) -> bytes:
    # Any text may come in a cookie; a token of ours is ASCII.
    return sha256(token.encode("utf-8", "replace")).digest()
