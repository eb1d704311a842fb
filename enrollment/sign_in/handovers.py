"""A certificate is presented at the officers' host, and the session opens at the public one.

Cookies do not cross hosts, and only the officers' front asks for certificates:

1. The public host sets a cookie and keeps its hash, and sends the browser over with an id.
2. At the officers' host the certificate is judged, and a code is written for that id, once.
3. The browser brings the code back within 60 s. It opens a session only together with the
   cookie, so a code that was sent to, or stolen from, another browser is worth nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, update

from core.clock import Clock
from core.database import Database
from enrollment.sign_in.errors import HandoverRefused
from enrollment.sign_in.models import handovers

# Choosing a certificate and typing its PIN takes a while; bringing a code back does not.
LIFETIME = timedelta(minutes=5)
CODE_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True)
class HandedOver:
    """Who comes over, and what the browser wanted."""

    principal: str
    shared_computer: bool
    back: str


class Handovers:
    """Begins, certifies and finishes handovers."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, *, browser: str, shared_computer: bool, back: str) -> str:
        """Return the id with which a browser goes over."""
        handover = secrets.token_urlsafe(32)
        with self._database.begin() as connection:
            connection.execute(
                insert(handovers).values(
                    id_sha256=_hash(handover),
                    browser_sha256=_hash(browser),
                    shared_computer=shared_computer,
                    back=back,
                    expires_at=self._clock.now() + LIFETIME,
                )
            )
        return handover

    def certify(self, handover: str, *, principal: str) -> str:
        """Return the code for a principal whose certificate was judged. Raises HandoverRefused."""
        code = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._database.begin() as connection:
            changed = connection.execute(
                update(handovers)
                .where(
                    handovers.c.id_sha256 == _hash(handover),
                    handovers.c.code_sha256.is_(None),
                    handovers.c.expires_at > now,
                )
                .values(
                    principal=principal, code_sha256=_hash(code), expires_at=now + CODE_LIFETIME
                )
            )
            if not changed.rowcount:
                raise _refused()
        return code

    def finish(self, code: str, *, browser: str) -> HandedOver:
        """Return who came over, once. Raises HandoverRefused."""
        with self._database.begin() as connection:
            row = connection.execute(
                delete(handovers)
                .where(
                    handovers.c.code_sha256 == _hash(code),
                    handovers.c.browser_sha256 == _hash(browser),
                    handovers.c.expires_at > self._clock.now(),
                )
                .returning(handovers)
            ).one_or_none()
        if row is None:
            raise _refused()
        return HandedOver(row.principal, row.shared_computer, row.back)

    def forget_old(self) -> int:
        """Delete what ran out; return how many."""
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(handovers).where(handovers.c.expires_at <= self._clock.now())
            )
            return gone.rowcount


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _refused() -> HandoverRefused:
    return HandoverRefused(
        "It is not for this browser, was used before, or came too late. Begin again."
    )
