"""Apply for certificates, and look applications up. RFC 3647, Section 4.4.1."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, FactValue
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from enrollment.application import (
    Application,
    ApplicationState,
    application_of,
    find_application,
    unknown,
)
from enrollment.errors import BundleRefused, FactUnknown
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import applications
from enrollment.profiles import OpenProfile, OpenProfiles
from enrollment.settings import EnrollmentSettings
from enrollment.storing import store_application

# One person's certificates for authentication, signing, and mail's two.
MOST_TOGETHER = 4
Beside = Callable[[Connection], None]
BUNDLE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Submission:
    """What is applied for: ``holder`` is the subject's natural key, ``facts`` as in ca.plan.

    ``institution``: whose officers decide; that of the applicant, if the applicant has one.
    ``checks`` and ``evidence`` are for the officers' eyes, as JSON: what registers said of the
    facts, and what the applicant showed.
    """

    profile: str
    csr: VerifiedCsr
    holder: str
    facts: Mapping[str, FactValue]
    institution: str | None = None
    checks: Any = None
    evidence: Any = None


class RequestCheck(Protocol):
    """Says beforehand what issuance would refuse."""

    def prepare(self, request: CertificateRequest) -> object:
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
        settings: EnrollmentSettings | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._profiles = profiles
        self._issuance = issuance
        self._clock = clock
        self._settings = settings or EnrollmentSettings()

    def submit(
        self,
        submission: Submission,
        *,
        applicant: str,
        application_id: str,
        beside: Beside | None = None,
    ) -> Application:
        """Take an application, or return the one that already has this id.

        What issuance would refuse is refused now, while the applicant is still there. ``beside``
        writes, in the same transaction, what the caller records of it. Raises ProfileNotOpen,
        FactUnknown, InstitutionUnknown, InstitutionNotActive, what constraints, lints and key
        checks refuse, and Unavailable.
        """
        [taken] = self._submit({application_id: submission}, applicant, None, beside)
        return taken

    def submit_together(
        self, submissions: Mapping[str, Submission], *, applicant: str, bundle: str
    ) -> Sequence[Application]:
        """Take up to four applications for one holder, each under its id: all of them, or none.

        ``bundle`` is 32 hex digits; officers see and decide what shares it on one page. Raises
        BundleRefused, and as :meth:`submit`.
        """
        holders = {(one.holder, one.institution) for one in submissions.values()}
        if len(holders) != 1 or len(submissions) > MOST_TOGETHER:
            raise BundleRefused(
                f"Together stand at most {MOST_TOGETHER} applications, all for one holder."
            )
        return self._submit(submissions, applicant, bundle, None)

    def find(
        self,
        application_id: str,
        *,
        applicant: str | None = None,
        within: Jurisdiction = NATION,
    ) -> Application:
        """Return an application that ``within`` covers; with ``applicant`` only if it is theirs.

        Raises ApplicationUnknown.
        """
        with self._database.read() as connection:
            application = find_application(connection, application_id)
        theirs = applicant is None or application.applicant == applicant
        if not theirs or not within.covers(application.institution):
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
        within: Jurisdiction = NATION,
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
        query = within.narrow(query, applications.c.institution)
        with self._database.read() as connection:
            return [application_of(row) for row in connection.execute(query)]

    def bundle(self, bundle: str, *, within: Jurisdiction = NATION) -> Sequence[Application]:
        """Return what was submitted together, with the decisions, oldest first.

        Raises ApplicationUnknown.
        """
        if not BUNDLE.fullmatch(bundle):
            raise unknown()
        query = select(applications.c.id).where(applications.c.bundle == bundle)
        query = within.narrow(query, applications.c.institution)
        with self._database.read() as connection:
            found = connection.scalars(query.order_by(applications.c.id)).all()
            if not found:
                raise unknown()
            return [find_application(connection, one) for one in found]

    def check_issuable(self, application: Application) -> None:
        """Raise what issuance would refuse an application for now; as ``submit``."""
        self._issuance.prepare(
            CertificateRequest(
                profile=application.profile,
                csr=verify_csr(application.csr_der),
                holder=application.holder,
                facts=application.facts,
            )
        )

    def check(self, submission: Submission) -> OpenProfile:
        """Return the profile of a submission that could be issued now. Raises as ``submit``."""
        profile = self._profiles.open(submission.profile)
        _check_facts(profile, submission.facts)
        self._issuance.prepare(
            CertificateRequest(
                profile=submission.profile,
                csr=submission.csr,
                holder=submission.holder,
                facts=submission.facts,
            )
        )
        return profile

    def _submit(
        self,
        submissions: Mapping[str, Submission],
        applicant: str,
        bundle: str | None,
        beside: Beside | None,
    ) -> Sequence[Application]:
        checked = [(name, one, self.check(one)) for name, one in submissions.items()]
        now = self._clock.now()
        try:
            with self._database.begin() as connection:
                for name, submission, profile in checked:
                    store_application(
                        connection,
                        self._log,
                        submission,
                        profile=profile,
                        applicant=applicant,
                        application_id=name,
                        now=now,
                        decide_by=now + self._settings.decide_within,
                        bundle=bundle,
                    )
                if beside is not None:
                    beside(connection)
        except IntegrityError:
            # The ids came before: the same request, whose first answer was lost.
            return [self.find(name, applicant=applicant) for name in submissions]
        return [self.find(name) for name in submissions]


def _check_facts(profile: OpenProfile, facts: Mapping[str, FactValue]) -> None:
    if foreign := sorted(set(facts) - set(profile.facts)):
        raise FactUnknown(
            f"The profile {profile.name} takes no fact {foreign[0]}.", takes=sorted(profile.facts)
        )
