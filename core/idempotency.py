"""Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header).

The first request with a key runs, and its answer is kept; the same request again is answered
from what was kept. Only answers of acts that were done are kept: a refused request changed
nothing, so its key is free again. A request that died half-way is run again once its lease is
over, with the same ``act_id``; the act stores that id, and so finds itself already done. What
refuses the second run says nothing about the first: the key stays that act's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.errors import Conflict, Unacceptable
from core.models import idempotent_requests

# Longer than acts take, but for sealing the largest documents: after it a request without an answer
# counts as dead. Where it lives, the act runs twice at once, and stores what comes of it once.
LEASE = timedelta(minutes=2)
# How long a client may send the same request again.
KEPT_FOR = timedelta(hours=24)


class IdempotencyKeyReused(Unacceptable):
    """The Idempotency-Key came before, with another request. A new request needs a new key."""

    problem = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"


class RequestInProgress(Conflict):
    """The same request with the same Idempotency-Key is running now. Ask again in a moment."""

    problem = "request-in-progress"
    title = "The same request is running"


class ActDone(Conflict):
    """The act was done, and what came of it cannot be had any more; its key stays taken."""


@dataclass(frozen=True)
class Answer:
    """What a client was told: HTTP status, the headers that matter, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reservation:
    """The right to run a request once. ``act_id``: 32 hex digits that name the act.

    Where it ``was_run`` before, by a process that died or met a fault, the act may be done.
    """

    principal: str
    key_sha256: bytes
    act_id: str
    was_run: bool = False


def new_act_id(now: datetime) -> str:
    """Return a fresh name for an act: a UUID of version 7 in hex, so that names sort by time.

    RFC 9562, Section 5.7: 48 bits of milliseconds since 1970, version, 12 random bits,
    variant, 62 random bits.
    """
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    bits = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return f"{bits | 0b10 << 62 | secrets.randbits(62):032x}"


class IdempotentRequests:
    """Keeps keys and answers for :data:`KEPT_FOR`."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, *, principal: str, key: str, request_sha256: bytes) -> Reservation | Answer:
        """Reserve the key, or return the answer that was given before.

        Raises IdempotencyKeyReused, or RequestInProgress (``retry_after_seconds`` in its data).
        """
        key_sha256 = sha256(key.encode()).digest()
        with self._database.begin() as connection:
            reservation = self._reserve(connection, principal, key_sha256, request_sha256)
            if reservation is not None:
                return reservation
            row = connection.execute(
                select(idempotent_requests).where(_is(principal, key_sha256)).with_for_update()
            ).one_or_none()
            return self._meet(connection, row, request_sha256)

    def finish(self, reservation: Reservation, answer: Answer) -> None:
        """Keep the answer of an act that was done."""
        with self._database.begin() as connection:
            connection.execute(
                update(idempotent_requests)
                .where(idempotent_requests.c.act_id == reservation.act_id)
                .values(
                    state="answered",
                    status=answer.status,
                    headers=dict(answer.headers),
                    body=answer.body,
                )
            )

    def give_up(self, reservation: Reservation) -> None:
        """Free the key of a request that was refused and changed nothing."""
        with self._database.begin() as connection:
            connection.execute(
                delete(idempotent_requests).where(
                    idempotent_requests.c.act_id == reservation.act_id,
                    idempotent_requests.c.state == "running",
                )
            )

    def new_act_id(self) -> str:
        """Return a name for an act that came without a key."""
        return new_act_id(self._clock.now())

    def release(self, reservation: Reservation) -> None:
        """End the lease of a request that failed midway: sent again, it runs at once."""
        with self._database.begin() as connection:
            connection.execute(
                update(idempotent_requests)
                .where(
                    idempotent_requests.c.act_id == reservation.act_id,
                    idempotent_requests.c.state == "running",
                )
                .values(lease_until=self._clock.now())
            )

    def forget_old(self) -> int:
        """Delete what is older than :data:`KEPT_FOR`; return how many."""
        before = self._clock.now() - KEPT_FOR
        with self._database.begin() as connection:
            deleted = connection.execute(
                delete(idempotent_requests).where(idempotent_requests.c.created_at < before)
            )
            return deleted.rowcount

    def _reserve(
        self, connection: Connection, principal: str, key_sha256: bytes, request_sha256: bytes
    ) -> Reservation | None:
        now = self._clock.now()
        reservation = Reservation(principal, key_sha256, new_act_id(now))
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(idempotent_requests).values(
                        principal=principal,
                        key_sha256=key_sha256,
                        request_sha256=request_sha256,
                        act_id=reservation.act_id,
                        state="running",
                        lease_until=now + LEASE,
                        created_at=now,
                    )
                )
        except IntegrityError:
            return None
        return reservation

    def _meet(
        self, connection: Connection, row: Row[Any] | None, request_sha256: bytes
    ) -> Reservation | Answer:
        if row is None:  # given up by the other between our two statements
            raise _in_progress()
        if row.request_sha256 != request_sha256:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was sent before with another request.",
                kept="The earlier request stands as it was answered.",
            )
        if row.state == "answered":
            return Answer(row.status, row.headers, row.body)
        now = self._clock.now()
        if row.lease_until > now:
            raise _in_progress()
        connection.execute(
            update(idempotent_requests)
            .where(idempotent_requests.c.act_id == row.act_id)
            .values(lease_until=now + LEASE)
        )
        return Reservation(row.principal, row.key_sha256, row.act_id, was_run=True)


def _is(principal: str, key_sha256: bytes) -> Any:
    return (idempotent_requests.c.principal == principal) & (
        idempotent_requests.c.key_sha256 == key_sha256
    )


def _in_progress() -> RequestInProgress:
    return RequestInProgress(
        "The same request is being worked on.",
        kept="Nothing was done twice.",
        retry_after_seconds=1,
    )
