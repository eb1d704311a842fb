"""Raise objections, find and answer them, and mark what is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.errors import (
    ObjectionAnswered,
    ObjectionMalformed,
    ObjectionUnknown,
    OwnObjection,
)
from enrollment.objections.models import objections
from enrollment.objections.objection import (
    Objection,
    ObjectionToRaise,
    Outcome,
    answer_octets,
    objection_of,
    raised_octets,
)
from enrollment.officers import person_behind

LONGEST_TEXT = 2000
LONGEST_NUMBER = 40


class Objections:
    """Takes objections to the responsible office, and their answers back."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, within: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._within = within
        self._clock = clock

    def raise_objection(self, wanted: ObjectionToRaise) -> Objection:
        """Raise an objection, or return the one that has this id already.

        Raises ObjectionMalformed, ObjectionUnknown for another's id, and Unavailable.
        """
        _check_text(wanted.text)
        if len(wanted.document_number or "") > LONGEST_NUMBER:
            raise ObjectionMalformed("The document's number is too long.")
        try:
            with self._database.begin() as connection:
                self._store(connection, wanted)
        except IntegrityError:
            pass  # sent before; its answer was lost
        return self.find(wanted.id, person=wanted.person)

    def find(
        self, objection_id: str, *, person: str | None = None, seen_by: Jurisdiction | None = None
    ) -> Objection:
        """Return an objection, if it is this person's or within what an officer sees.

        Raises ObjectionUnknown.
        """
        query = select(objections).where(objections.c.id == objection_id)
        if person is not None:
            query = query.where(objections.c.person == person)
        if seen_by is not None:
            query = seen_by.narrow(query, objections.c.institution)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _unknown()
        return objection_of(row)

    def of_person(self, person: str, *, limit: int) -> Sequence[Objection]:
        """Return a person's objections, newest first."""
        query = (
            select(objections)
            .where(objections.c.person == person)
            .order_by(objections.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [objection_of(row) for row in connection.execute(query)]

    def page(
        self, seen_by: Jurisdiction, *, is_open: bool, limit: int, after: str | None = None
    ) -> Sequence[Objection]:
        """Return what an office has, the oldest and so the first due before the others."""
        query = select(objections).where(objections.c.state == ("open" if is_open else "answered"))
        query = seen_by.narrow(query, objections.c.institution)
        if after is not None:
            query = query.where(objections.c.id > after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(objections.c.id).limit(limit))
            return [objection_of(row) for row in rows]

    def answer(
        self,
        objection_id: str,
        *,
        outcome: Outcome,
        answer: str,
        answered_by: str,
        seen_by: Jurisdiction,
    ) -> Objection:
        """Answer an objection; the same answer again changes nothing.

        Raises ObjectionUnknown, ObjectionMalformed, OwnObjection, ObjectionAnswered, Unavailable.
        """
        _check_text(answer)
        with self._database.begin() as connection:
            query = select(objections).where(objections.c.id == objection_id).with_for_update()
            row = connection.execute(seen_by.narrow(query, objections.c.institution)).one_or_none()
            if row is None:
                raise _unknown()
            found = objection_of(row)
            if not found.is_open:
                _check_same(found, outcome, answer, answered_by)
                return found
            who = person_behind(connection, answered_by)
            if found.person == who:
                raise OwnObjection("Another officer answers what you objected to.")
            self._store_answer(connection, found, outcome, answer, answered_by, who)
        return self.find(objection_id)

    def mark_overdue(self) -> int:
        """Mark what the offices left lying beyond its day; return how many."""
        now = self._clock.now()
        with self._database.begin() as connection:
            marked = connection.execute(
                update(objections)
                .where(
                    objections.c.state == "open",
                    objections.c.due_at < now,
                    objections.c.overdue_at.is_(None),
                )
                .values(overdue_at=now)
            )
            return marked.rowcount

    def _store(self, connection: Connection, wanted: ObjectionToRaise) -> None:
        now, salt = self._clock.now(), new_salt()
        facts: dict[str, JsonValue] = {
            "about": str(wanted.about),
            "due": (now + self._within).isoformat(timespec="seconds"),
            "institution": wanted.institution,
            "objection": wanted.id,
            "text": commitment(salt, raised_octets(wanted)),
        }
        [index] = self._log.append(connection, [LogEntry("objection-raised", now, facts)])
        connection.execute(
            insert(objections).values(
                id=wanted.id,
                person=wanted.person,
                institution=wanted.institution,
                about=wanted.about,
                application=wanted.application,
                text=wanted.text,
                document_number=wanted.document_number,
                state="open",
                raised_at=now,
                due_at=now + self._within,
                salt=salt,
                log_index=index,
            )
        )

    def _store_answer(
        self,
        connection: Connection,
        found: Objection,
        outcome: Outcome,
        answer: str,
        answered_by: str,
        who: str,
    ) -> None:
        now = self._clock.now()
        # Under the objection's own salt: it stays with the words that it hides.
        row = connection.execute(select(objections.c.salt).where(objections.c.id == found.id)).one()
        octets = answer_octets(answered_by=answered_by, outcome=outcome, answer=answer)
        facts: dict[str, JsonValue] = {
            "answer": commitment(row.salt, octets),
            "objection": found.id,
            "outcome": str(outcome),
        }
        self._log.append(connection, [LogEntry("objection-answered", now, facts)])
        connection.execute(
            update(objections)
            .where(objections.c.id == found.id)
            .values(
                state="answered",
                outcome=outcome,
                answer=answer,
                answered_by=answered_by,
                answered_by_person=who,
                answered_at=now,
            )
        )


def _check_text(text: str) -> None:
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise ObjectionMalformed(f"Write it in at most {LONGEST_TEXT} characters.")


def _check_same(found: Objection, outcome: Outcome, answer: str, answered_by: str) -> None:
    given = (found.outcome, found.answer, found.answered_by)
    if given != (outcome, answer, answered_by):
        raise ObjectionAnswered("Another answer was given before.", kept="The first answer stands.")


def _unknown() -> ObjectionUnknown:
    return ObjectionUnknown("There is no objection of this id that you may see.")
