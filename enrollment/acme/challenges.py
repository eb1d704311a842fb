"""Validate challenges: once each, within the answer where that is quick (RFC 8555, Section 7.5.1).

The first answer of a client marks the challenge and takes it for a while; a thread of this
process looks. What a process that died has taken, the scheduler's job takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from functools import cached_property
from typing import Literal, Protocol, cast

import structlog
from sqlalchemy import Connection, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from enrollment.acme.account import Account
from enrollment.acme.account_keys import thumbprint_of
from enrollment.acme.errors import PayloadMalformed
from enrollment.acme.models import authorizations, challenges
from enrollment.acme.order import (
    ChallengeRow,
    State,
    challenge_of,
    find_authorization,
    read_authorizations,
    unknown,
)
from enrollment.acme.problem_types import acme_type
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.validation import Challenge, ValidationFailed

# Longer than any validation: who holds a challenge longer than this has died.
TAKEN_FOR = timedelta(minutes=2)
MOST_AT_ONCE = 50


class Validator(Protocol):
    """Looks at what a client published, and at CAA records."""

    def validate(self, challenge: Challenge) -> None:
        """Check that a challenge is answered. Raises ValidationFailed."""

    def check_caa(self, dns_name: str, *, method: str, account_uri: str, wildcard: bool) -> None:
        """Check that we may issue for a name (RFC 8659, RFC 8657). Raises ValidationFailed."""


class Challenges:
    """Validates challenges."""

    def __init__(
        self, *, database: Database, validator: Validator, settings: AcmeSettings, clock: Clock
    ) -> None:
        self._database = database
        self._validator = validator
        self._settings = settings
        self._clock = clock
        self._events = structlog.get_logger()

    def find(self, account: Account, challenge_id: str) -> ChallengeRow:
        """Return a challenge of an account's authorization. Raises ResourceUnknown."""
        with self._database.read() as connection:
            return self._find(connection, account, challenge_id)

    def answer(self, account: Account, challenge_id: str) -> ChallengeRow:
        """Validate a challenge, or return how it stands when it was answered before.

        It is still ``processing`` where that takes longer than an answer may. Raises
        ResourceUnknown and PayloadMalformed.
        """
        if self._begin(account, challenge_id):
            looking = self._threads.submit(self._validate, challenge_id)
            wait([looking], timeout=self._settings.answer_within_seconds)
        return self.find(account, challenge_id)

    def finish_processing(self) -> int:
        """Validate what a process that died has left; return how many were taken over."""
        now = self._clock.now()
        left = (challenges.c.state == State.PROCESSING, challenges.c.taken_until < now)
        with self._database.read() as connection:
            ids = connection.scalars(select(challenges.c.id).where(*left).limit(MOST_AT_ONCE)).all()
        taken = [one for one in ids if self._take_over(one)]
        for challenge_id in taken:
            self._validate(challenge_id)
        return len(taken)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._settings.validation_threads, "acme-validation")

    def _begin(self, account: Account, challenge_id: str) -> bool:
        now = self._clock.now()
        with self._database.begin() as connection:
            query = select(challenges).where(challenges.c.id == challenge_id).with_for_update()
            connection.execute(query)
            challenge = self._find(connection, account, challenge_id)
            if challenge.state is not State.PENDING:
                return False
            above = find_authorization(connection, challenge.authorization, account_id=account.id)
            if above.state(now) is not State.PENDING:
                raise PayloadMalformed(f"The authorization is {above.state(now)}.")
            # RFC 8555, Section 8.1.
            expected = f"{challenge.token}.{thumbprint_of(account.key)}"
            connection.execute(
                update(challenges)
                .where(challenges.c.id == challenge_id)
                .values(
                    state=State.PROCESSING,
                    key_authorization=expected,
                    taken_until=now + TAKEN_FOR,
                )
            )
        return True

    def _take_over(self, challenge_id: str) -> bool:
        now = self._clock.now()
        with self._database.begin() as connection:
            taken = connection.execute(
                update(challenges)
                .where(
                    challenges.c.id == challenge_id,
                    challenges.c.state == State.PROCESSING,
                    challenges.c.taken_until < now,
                )
                .values(taken_until=now + TAKEN_FOR)
            )
            return taken.rowcount == 1

    def _validate(self, challenge_id: str) -> None:
        with self._database.read() as connection:
            row = connection.execute(select(challenges).where(challenges.c.id == challenge_id))
            challenge = challenge_of(row.one())
            [above] = read_authorizations(
                connection, authorizations.c.id == challenge.authorization
            )
        try:
            self._validator.validate(
                Challenge(
                    kind=cast(Literal["http-01", "dns-01"], challenge.kind),
                    dns_name=above.dns_name,
                    token=challenge.token,
                    key_authorization=challenge.key_authorization or "",
                )
            )
        except ValidationFailed as failure:
            self._conclude(challenge, problem_of(failure))
        except CamtrustError as error:
            # A part of ours is away: the job looks again.
            self._events.warning("not-validated-yet", problem=error.problem)
        except Exception:
            self._events.exception("validation-failed")
        else:
            self._conclude(challenge, None)

    def _conclude(self, challenge: ChallengeRow, problem: Mapping[str, object] | None) -> None:
        now = self._clock.now()
        state = State.VALID if problem is None else State.INVALID
        standing: dict[str, object] = {"state": state}
        if problem is None:
            end = (now + self._settings.authorization_lifetime).replace(microsecond=0)
            standing |= {"method": challenge.kind, "expires_at": end}
        with self._database.begin() as connection:
            concluded = connection.execute(
                update(challenges)
                .where(challenges.c.id == challenge.id, challenges.c.state == State.PROCESSING)
                .values(
                    state=state,
                    error=problem,
                    validated_at=now if problem is None else None,
                )
            )
            if concluded.rowcount == 1:
                connection.execute(
                    update(authorizations)
                    .where(
                        authorizations.c.id == challenge.authorization,
                        authorizations.c.state == State.PENDING,
                    )
                    .values(**standing)
                )

    def _find(self, connection: Connection, account: Account, challenge_id: str) -> ChallengeRow:
        query = select(challenges).where(challenges.c.id == challenge_id)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise unknown()
        find_authorization(connection, row.authorization, account_id=account.id)
        return challenge_of(row)


def problem_of(error: CamtrustError) -> dict[str, object]:
    """Return a refusal as it is kept and shown in challenges and orders."""
    return {"type": acme_type(error), "detail": error.detail}
