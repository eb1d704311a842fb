"""Validate challenges: once each, within the answer where that is quick (RFC 8555, Section 7.5.1).

The first answer of a client marks the challenge and takes it for a while; a thread of this
process looks. What a process that died has taken, the scheduler's job takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal, Protocol, cast

import structlog
from sqlalchemy import Connection, and_, bindparam, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from enrollment.acme.account import Account
from enrollment.acme.account_keys import thumbprint_of
from enrollment.acme.errors import PayloadMalformed
from enrollment.acme.models import authorizations, challenges
from enrollment.acme.order import Authorization, ChallengeRow, State, find_challenge
from enrollment.acme.problem_types import acme_type
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.validation import Challenge, ValidationFailed

# Longer than any validation: who holds a challenge longer than this has died.
TAKEN_FOR = timedelta(minutes=2)
MOST_AT_ONCE = 50
_BY = and_(challenges.c.id == bindparam("of_challenge"), challenges.c.state == bindparam("before"))


def _to(*columns: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}") for name in columns}


def _new(values: Mapping[str, object]) -> dict[str, object]:
    return {f"new_{name}": value for name, value in values.items()}


# Statements of every order: built once. Each names the state that it ends, so that of two
# processes one acts.
_TAKE = update(challenges).where(_BY).values(_to("state", "key_authorization", "taken_until"))
_CONCLUDE = update(challenges).where(_BY).values(_to("state", "error", "validated_at"))
_OF_PENDING = update(authorizations).where(
    authorizations.c.id == bindparam("of_authorization"), authorizations.c.state == State.PENDING
)
_STAND = _OF_PENDING.values(_to("state", "method", "expires_at"))
_FALL = _OF_PENDING.values(_to("state"))
_OF_ACCOUNTS = select(challenges.c.id, authorizations.c.account).join(
    authorizations, authorizations.c.id == challenges.c.authorization
)


@dataclass(frozen=True)
class Taken:
    """A challenge, and its authorization where this request is the one that took it."""

    challenge: ChallengeRow
    above: Authorization | None = None


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

    def find(self, connection: Connection, account: Account, challenge_id: str) -> ChallengeRow:
        """Return a challenge of an account's authorization. Raises ResourceUnknown."""
        return find_challenge(connection, challenge_id, account_id=account.id)[0]

    def take(self, connection: Connection, account: Account, challenge_id: str) -> Taken:
        """Take a challenge upon its first answer, to be validated when this is committed.

        Raises ResourceUnknown and PayloadMalformed.
        """
        now = self._clock.now()
        challenge, above = find_challenge(connection, challenge_id, account_id=account.id)
        if challenge.state is not State.PENDING:
            return Taken(challenge)
        if above.state(now) is not State.PENDING:
            raise PayloadMalformed(f"The authorization is {above.state(now)}.")
        taken: dict[str, Any] = {
            "state": State.PROCESSING,
            # RFC 8555, Section 8.1.
            "key_authorization": f"{challenge.token}.{thumbprint_of(account.key)}",
            "taken_until": now + TAKEN_FOR,
        }
        asked = {"of_challenge": challenge_id, "before": State.PENDING, **_new(taken)}
        if connection.execute(_TAKE, asked).rowcount != 1:
            # By another process, a moment earlier.
            return Taken(self.find(connection, account, challenge_id))
        return Taken(replace(challenge, **taken), above)

    def validate(self, taken: Taken) -> ChallengeRow:
        """Validate what this request has taken; return the challenge as it stands then.

        It is still ``processing`` where that takes longer than an answer may.
        """
        if taken.above is None:
            return taken.challenge
        looking = self._threads.submit(self._validate, taken.challenge, taken.above)
        wait([looking], timeout=self._settings.answer_within_seconds)
        return looking.result() if looking.done() else taken.challenge

    def finish_processing(self) -> int:
        """Validate what a process that died has left; return how many were taken over."""
        now = self._clock.now()
        left = (challenges.c.state == State.PROCESSING, challenges.c.taken_until < now)
        with self._database.read() as connection:
            found = connection.execute(_OF_ACCOUNTS.where(*left).limit(MOST_AT_ONCE)).all()
        taken = [one for one in found if self._take_over(one.id)]
        for one in taken:
            with self._database.read() as connection:
                challenge = find_challenge(connection, one.id, account_id=one.account)
            self._validate(*challenge)
        return len(taken)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._settings.validation_threads, "acme-validation")

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

    def _validate(self, challenge: ChallengeRow, above: Authorization) -> ChallengeRow:
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
            return self._conclude(challenge, problem_of(failure))
        except CamtrustError as error:
            # A part of ours is away: the job looks again.
            self._events.warning("not-validated-yet", problem=error.problem)
        except Exception:
            self._events.exception("validation-failed")
        else:
            return self._conclude(challenge, None)
        return challenge

    def _conclude(
        self, challenge: ChallengeRow, problem: Mapping[str, object] | None
    ) -> ChallengeRow:
        now = self._clock.now()
        state = State.VALID if problem is None else State.INVALID
        concluded: dict[str, Any] = {
            "state": state,
            "error": problem,
            "validated_at": now if problem is None else None,
        }
        standing: dict[str, object] = {"state": state}
        if problem is None:
            end = (now + self._settings.authorization_lifetime).replace(microsecond=0)
            standing |= {"method": challenge.kind, "expires_at": end}
        asked = {"of_challenge": challenge.id, "before": State.PROCESSING, **_new(concluded)}
        with self._database.begin() as connection:
            if connection.execute(_CONCLUDE, asked).rowcount != 1:
                return challenge  # by another process, which took it over
            connection.execute(
                _STAND if problem is None else _FALL,
                {"of_authorization": challenge.authorization, **_new(standing)},
            )
        return replace(challenge, **concluded)


def problem_of(error: CamtrustError) -> dict[str, object]:
    """Return a refusal as it is kept and shown in challenges and orders."""
    return {"type": acme_type(error), "detail": error.detail}
