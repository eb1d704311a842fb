"""Apply for a certificate, and look applications up. RFC 3647, Section 4.4.1."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, FactValue
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import (
    Application,
    ApplicationState,
    application_of,
    find_application,
    submission_octets,
    unknown,
)
from enrollment.errors import FactUnknown
from enrollment.models import applications, decisions
from enrollment.profiles import OpenProfile, OpenProfiles


@dataclass(frozen=True)
class Submission:
    """What is applied for: ``holder`` is the subject's natural key, ``facts`` as in ca.plan."""

    profile: str
    csr: VerifiedCsr
    holder: str
    facts: Mapping[str, FactValue]


class RequestCheck(Protocol):
    """Says beforehand what issuance would refuse."""

    def check(self, request: CertificateRequest) -> None:
        """Raise what ``issue`` would refuse the request for; nothing is reserved or signed."""


class Applications:
    """Takes applications and shows them."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        profiles: OpenProfiles,
        issuance: RequestCheck,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._profiles = profiles
        self._issuance = issuance
        self._clock = clock

    def submit(self, submission: Submission, *, applicant: str, application_id: str) -> Application:
        """Take an application, or return the one that already has this id.

        What issuance would refuse is refused now, while the applicant is still there. Raises
        ProfileNotOpen, FactUnknown, what constraints, lints and key checks refuse, and
        Unavailable.
        """
        profile = self._profiles.open(submission.profile)
        _check_facts(profile, submission.facts)
        self._issuance.check(
            CertificateRequest(
                profile=submission.profile,
                csr=submission.csr,
                holder=submission.holder,
                facts=submission.facts,
            )
        )
        try:
            self._store(submission, profile, applicant, application_id)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self.find(application_id, applicant=applicant)
        return self.find(application_id)

    def find(self, application_id: str, *, applicant: str | None = None) -> Application:
        """Return an application; with ``applicant`` only if it is theirs.

        Raises ApplicationUnknown.
        """
        with self._database.read() as connection:
            application = find_application(connection, application_id)
        if applicant is not None and application.applicant != applicant:
            raise unknown()
        return application

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        states: Collection[ApplicationState] = (),
        profile: str | None = None,
        applicant: str | None = None,
        holder: str | None = None,
        serial_number: int | None = None,
    ) -> Sequence[Application]:
        """Return up to ``limit`` applications, newest first, that come after the id ``after``.

        They come without their decisions.
        """
        query = select(applications).order_by(applications.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(applications.c.id < after)
        if states:
            query = query.where(applications.c.state.in_(sorted(states)))
        for column, wanted in (
            (applications.c.applicant, applicant),
            (applications.c.profile, profile),
            (applications.c.holder, holder),
            (applications.c.serial_number, serial_number),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._database.read() as connection:
            return [application_of(row) for row in connection.execute(query)]

    def waiting_for(
        self, officer: str, *, limit: int, after: str | None = None
    ) -> Sequence[Application]:
        """Return what waits for this very officer, oldest first, after the id ``after``.

        That is what is undecided, was not applied for by the officer, and was not decided by
        the officer before. They come without their decisions.
        """
        own = select(decisions.c.id).where(
            decisions.c.application == applications.c.id, decisions.c.decided_by == officer
        )
        query = (
            select(applications)
            .where(
                applications.c.state == ApplicationState.SUBMITTED,
                applications.c.applicant != officer,
                ~own.exists(),
            )
            .order_by(applications.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(applications.c.id > after)
        with self._database.read() as connection:
            return [application_of(row) for row in connection.execute(query)]

    def check_issuable(self, application: Application) -> None:
        """Raise what issuance would refuse an application for now; as ``submit``."""
        self._issuance.check(
            CertificateRequest(
                profile=application.profile,
                csr=verify_csr(application.csr_der),
                holder=application.holder,
                facts=application.facts,
            )
        )

    def _store(
        self, submission: Submission, profile: OpenProfile, applicant: str, application_id: str
    ) -> None:
        now = self._clock.now()
        salt = new_salt()
        committed = submission_octets(
            applicant=applicant,
            profile=profile.name,
            holder=submission.holder,
            facts=submission.facts,
            csr_der=submission.csr.csr_der,
        )
        facts: dict[str, JsonValue] = {
            "application": application_id,
            "approvals_needed": profile.approvals,
            "profile": profile.name,
            "submission": commitment(salt, committed),
        }
        row = {
            "id": application_id,
            "applicant": applicant,
            "state": ApplicationState.SUBMITTED,
            "profile": profile.name,
            "holder": submission.holder,
            "facts": dict(submission.facts),
            "csr_der": submission.csr.csr_der,
            "public_key_sha256": submission.csr.public_key_sha256,
            "approvals_needed": profile.approvals,
            "approvals": 0,
            "submitted_at": now,
            "salt": salt,
        }
        with self._database.begin() as connection:
            [index] = self._log.append(connection, [LogEntry("application-submitted", now, facts)])
            connection.execute(insert(applications).values(**row, log_index=index))


def _check_facts(profile: OpenProfile, facts: Mapping[str, FactValue]) -> None:
    if foreign := sorted(set(facts) - set(profile.facts)):
        raise FactUnknown(
            f"The profile {profile.name} takes no fact {foreign[0]}.", takes=sorted(profile.facts)
        )
