"""Those who left: after the grace period, what their institution let be issued is suspended.

Only what was applied for under that institution: what another gave to the same person stays. The
hold is certificateHold, which officers may release. CP, Section 4.9.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from ca.revocation.errors import AlreadyRevoked, CertificateExpired
from ca.revocation.revocation import Revocation
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.application import ApplicationState
from enrollment.lists.models import departures
from enrollment.models import applications
from enrollment.people.models import employments
from enrollment.people.people import find_person
from enrollment.people.person import IdentifierKind, Person

# How many people one run of the job deals with, so that CRLs do not wait for thousands.
MOST_AT_ONCE = 200
OPEN = ("waiting", "holding")
# ETSI EN 319 412-1, Section 5.1.3: how holders are named by a document.
DOCUMENT_TYPES = {IdentifierKind.NATIONAL_ID: "IDC", IdentifierKind.PASSPORT: "PAS"}


@dataclass(frozen=True)
class _Due:
    id: int
    institution: str
    person: str


class Departures:
    """Suspends what those hold who left."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, revocation: Revocation, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._revocation = revocation
        self._clock = clock

    def suspend_due(self) -> int:
        """Suspend what is due; return for how many people.

        Cut short, it goes on the next time: a certificate on hold stays on hold. Raises Unavailable
        when the database or the log is away.
        """
        due = self._due()
        for one in due:
            if self._claim(one):
                held = sum(self._hold(*certificate) for certificate in self._certificates(one))
                self._close(one, held)
        return len(due)

    def _claim(self, one: _Due) -> bool:
        """End the grace: who came back before this keeps what they have."""
        with self._database.begin() as connection:
            claimed = connection.execute(
                update(departures)
                .where(departures.c.id == one.id, departures.c.state.in_(OPEN))
                .values(state="holding")
            )
            return bool(claimed.rowcount)

    def _due(self) -> Sequence[_Due]:
        query = (
            select(departures.c.id, employments.c.institution, employments.c.person)
            .join(employments, employments.c.id == departures.c.employment)
            .where(departures.c.state.in_(OPEN), departures.c.due_at <= self._clock.now())
            .order_by(departures.c.due_at, departures.c.id)
            .limit(MOST_AT_ONCE)
        )
        with self._database.read() as connection:
            return [_Due(*row) for row in connection.execute(query)]

    def _certificates(self, one: _Due) -> Sequence[tuple[str, int]]:
        with self._database.read() as connection:
            person = find_person(connection, one.person)
            rows = connection.execute(
                select(applications.c.authority, applications.c.serial_number)
                .where(
                    applications.c.institution == one.institution,
                    applications.c.state == ApplicationState.ISSUED,
                    or_(
                        # As themselves; an officer's applications for others are not theirs.
                        applications.c.applicant == person.id,
                        applications.c.holder.in_(holders_of(person)),
                    ),
                )
                .order_by(applications.c.id)
            )
            return [(row.authority, row.serial_number) for row in rows]

    def _hold(self, authority: str, serial_number: int) -> bool:
        try:
            self._revocation.hold(serial_number=serial_number, authority=authority)
        except (AlreadyRevoked, CertificateExpired):
            return False
        return True

    def _close(self, one: _Due, held: int) -> None:
        now = self._clock.now()
        with self._database.begin() as connection:
            closed = connection.execute(
                update(departures)
                .where(departures.c.id == one.id, departures.c.state == "holding")
                .values(state="held", closed_at=now, held=held)
            )
            if closed.rowcount:
                self._log.append(connection, [_entry(connection, one, held, now)])


def holders_of(person: Person) -> Sequence[str]:
    """Return the names under which a person may hold certificates."""
    documents = [
        f"person:{DOCUMENT_TYPES[one.kind]}{one.country}-{one.number}"
        for one in person.details.identifiers
        if one.kind in DOCUMENT_TYPES
    ]
    return [f"person:{person.id}", *documents]


def _entry(connection: Connection, one: _Due, held: int, now: datetime) -> LogEntry:
    person = find_person(connection, one.person)
    facts: dict[str, JsonValue] = {
        "held": held,
        "institution": one.institution,
        "person": commitment(person.salt, person.id.encode()),
    }
    return LogEntry("person-departed", now, facts)
