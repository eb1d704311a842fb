"""Judges whether an officer confirmed an act, and keeps the evidence.

1. Programs and subscribers decide nothing here: nothing is asked of them.
2. A passkey's answer, where one was sent, has to be to a question about this very act, from this
   officer's own confirmed passkey. It is kept, and logged.
3. Without one, the settings decide: it is demanded, or a recent TLS handshake is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert

from core.access import Role
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from core.web.step_up import Act, Asked
from enrollment.passkeys.assertions import Assertions, Judgement
from enrollment.passkeys.challenges import Purpose
from enrollment.passkeys.credentials import Answer, read_answer
from enrollment.passkeys.errors import (
    ChallengeRefused,
    PasskeyCounterRegressed,
    PasskeyMalformed,
    PasskeyRefused,
)
from enrollment.passkeys.passkey import Passkey, PasskeyState
from enrollment.passkeys.passkeys import Passkeys
from enrollment.passkeys.questions import Questions
from enrollment.step_up.errors import (
    CertificateNotRecent,
    NoPasskeyYet,
    PasskeyNotOfOfficer,
    StepUpNeeded,
)
from enrollment.step_up.models import step_ups

# nginx's $connection_time, in seconds; deploy/nginx/officers.conf sets it over what came in.
AGE_VARIABLE = "HTTP_X_SSL_CONNECTION_SECONDS"
CHALLENGE_PATH = "/enrollment/v1/step-up"
# Whose acts are decisions; a program's standing orders are its grant and its institution's.
OFFICERS = frozenset({Role.CA_ADMINISTRATOR, Role.RA_OFFICER, Role.COUNTER_OFFICER})


def deciding(principal: str, act: Act) -> bytes:
    """Return what the question about an act commits to: who decides, and all that is decided."""
    return sha256(f"decide\n{principal}\n".encode() + act.sha256).digest()


class StepUp:
    """Asks officers' passkeys about acts, and judges the answers."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        passkeys: Passkeys,
        questions: Questions,
        assertions: Assertions,
        demand_passkey: bool,
        certificate_within: timedelta | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._passkeys = passkeys
        self._questions = questions
        self._assertions = assertions
        self._demand_passkey = demand_passkey
        self._certificate_within = certificate_within
        self._clock = clock

    @property
    def refusals(self) -> tuple[type[CamtrustError], ...]:
        """What ``check`` may raise."""
        return (
            StepUpNeeded,
            PasskeyNotOfOfficer,
            CertificateNotRecent,
            PasskeyMalformed,
            PasskeyRefused,
            PasskeyCounterRegressed,
            ChallengeRefused,
        )

    @property
    def asks_for_passkey(self) -> bool:
        """Whether decisions are confirmed by passkey alone."""
        return self._demand_passkey

    def question(self, principal: str, act: Act) -> str:
        """Return the options that an officer's passkeys are asked about an act with, in JSON.

        Raises NoPasskeyYet.
        """
        active = self._active(principal)
        if not active:
            raise NoPasskeyYet(
                "Register a passkey at the officers' pages, and let another officer confirm it."
            )
        return self._questions.to_assert(Purpose.STEP_UP, deciding(principal, act), active)

    def check(self, asked: Asked, environ: Mapping[str, Any]) -> None:
        """Return if the act is confirmed. Raises ``refusals``."""
        who = asked.principal
        if who.role not in OFFICERS:
            return
        if asked.assertion is not None:
            self._confirm(who.id, asked.act, read_answer(asked.assertion))
        elif self._demand_passkey and not (asked.if_able and not self._active(who.id)):
            raise StepUpNeeded(
                "Your passkey has to confirm this; the pages ask for it by script.",
                kept="Nothing was decided.",
                challenge_at=CHALLENGE_PATH,
            )
        else:
            self._check_handshake(environ)

    def _active(self, principal: str) -> list[Passkey]:
        found = self._passkeys.of(principal)
        return [one for one in found if one.state is PasskeyState.ACTIVE]

    def _confirm(self, principal: str, act: Act, answer: Answer) -> None:
        with self._database.begin() as connection:
            judged = self._assertions.judge(
                connection, answer, Purpose.STEP_UP, deciding(principal, act)
            )
            own = judged.principal == principal
            if judged.refusal is None and own:
                self._keep(connection, principal, act, answer, judged)
        judged.accepted()
        if not own:
            raise PasskeyNotOfOfficer("Use a passkey of yours.", kept="Nothing was decided.")

    def _keep(
        self, connection: Connection, principal: str, act: Act, answer: Answer, judged: Judgement
    ) -> None:
        now, salt = self._clock.now(), new_salt()
        entry = LogEntry("officer-stepped-up", now, {"act": commitment(salt, act.document)})
        [index] = self._log.append(connection, [entry])
        response = answer.parsed.response
        connection.execute(
            insert(step_ups).values(
                id=new_act_id(now),
                principal=principal,
                passkey=judged.passkey,
                act=act.document,
                nonce=judged.nonce,
                client_data=response.client_data_json,
                authenticator_data=response.authenticator_data,
                signature=response.signature,
                confirmed_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _check_handshake(self, environ: Mapping[str, Any]) -> None:
        if self._certificate_within is None:
            return
        try:
            age = timedelta(seconds=float(environ.get(AGE_VARIABLE, "")))
        except (ValueError, OverflowError):
            age = timedelta.max
        if not timedelta(0) <= age <= self._certificate_within:
            raise CertificateNotRecent(
                "Send it again: your browser then proves the certificate's key anew.",
                kept="Nothing was decided.",
            )
