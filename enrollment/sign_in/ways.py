"""The three ways by which a subscriber gets a session; each ends in the same few lines.

Nothing that a stranger does counts against anybody: there is no secret to be guessed, so nobody
is ever locked out by another's attempts. What strangers may try is limited by address.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection, select

from core.access import Role
from core.clock import Clock
from core.database import Database
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.passkeys.assertions import Assertions
from enrollment.passkeys.challenges import Purpose
from enrollment.passkeys.credentials import Answer
from enrollment.passkeys.errors import PasskeyCounterRegressed
from enrollment.passkeys.questions import Questions
from enrollment.people.people import People
from enrollment.people.person import IdentifierKind
from enrollment.sessions.sessions import SignInMethod, open_session_in
from enrollment.sign_in.errors import SubscriberNotActive
from enrollment.sign_in.events import Outcome, record_event
from enrollment.sign_in.openid.errors import PersonNotKnown
from enrollment.subscribers import Subscribers


class Ways:
    """Signs subscribers in."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        subscribers: Subscribers,
        questions: Questions,
        assertions: Assertions,
        clock: Clock,
    ) -> None:
        self._database = database
        self._people = people
        self._subscribers = subscribers
        self._questions = questions
        self._assertions = assertions
        self._clock = clock

    def passkey_question(self, browser: str) -> str:
        """Return the options for whichever passkey ``browser`` (its form token) has, in JSON."""
        return self._questions.to_assert(Purpose.SIGN_IN, _signing_in(browser))

    def by_passkey(self, answer: Answer, *, browser: str, shared_computer: bool) -> str:
        """Return the token of a new session. Raises as ``Judgement.accepted``."""
        with self._database.begin() as connection:
            judged = self._assertions.judge(
                connection, answer, Purpose.SIGN_IN, _signing_in(browser)
            )
            token = ""
            if isinstance(judged.refusal, PasskeyCounterRegressed) and judged.principal:
                self._record(
                    connection, judged.principal, SignInMethod.PASSKEY, Outcome.COPIED_PASSKEY
                )
            elif judged.refusal is None and judged.principal:
                token = self._opened(
                    connection, judged.principal, SignInMethod.PASSKEY, shared_computer
                )
        judged.accepted()
        return token

    def by_identifier(
        self, kind: str, country: str, number: str, *, method: SignInMethod, shared_computer: bool
    ) -> str:
        """Return the token of a new session for whom an identity document names.

        A person of an institution's list who comes for the first time may sign in from now on.
        Raises PersonNotKnown and SubscriberNotActive.
        """
        person = self.person(kind, country, number)
        with self._database.begin() as connection:
            principal = self._subscribers.enroll_in(connection, person)
            return self._opened(connection, principal, method, shared_computer)

    def by_handover(self, principal: str, *, shared_computer: bool) -> str:
        """Return the token of a new session for whom the officers' host vouched."""
        with self._database.begin() as connection:
            return self._opened(connection, principal, SignInMethod.CERTIFICATE, shared_computer)

    def person(self, kind: str, country: str, number: str) -> str:
        """Return the id of the person whom a document names. Raises PersonNotKnown."""
        known = kind in set(IdentifierKind)
        found = (
            self._people.find_by_identifier(IdentifierKind(kind), number, country)
            if known
            else None
        )
        if found is None:
            raise PersonNotKnown(
                "Ask the personnel office of your institution to put you on its list, or go to a "
                "One Window office.",
                kept="Nothing was stored about you.",
            )
        return found.id

    def subscriber(self, kind: str, country: str, number: str) -> str:
        """Return the principal of a document's person, made known. Raises as ``person``."""
        return self._subscribers.enroll(self.person(kind, country, number))

    def _opened(
        self, connection: Connection, principal: str, method: SignInMethod, shared: bool
    ) -> str:
        row = connection.execute(
            select(principals.c.role, principals.c.state).where(principals.c.id == principal)
        ).one()
        if row.role != Role.SUBSCRIBER or row.state != OfficerState.ACTIVE:
            raise SubscriberNotActive("It is suspended or closed; ask your registration office.")
        self._record(connection, principal, method, Outcome.SIGNED_IN)
        return open_session_in(connection, principal, method, shared, self._clock.now())

    def _record(
        self, connection: Connection, principal: str, method: SignInMethod, outcome: Outcome
    ) -> None:
        record_event(connection, principal, method, outcome, self._clock.now())


def _signing_in(browser: str) -> bytes:
    return sha256(f"sign-in\n{browser}".encode()).digest()
