"""Submit a draft: up to four applications in one transaction, or none. RFC 3647, Section 4.4.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from ca.csr import verify_csr
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from enrollment.answers import Answer, Answers
from enrollment.application import Application, ApplicationState, find_application, unknown
from enrollment.applications import Applications, Submission
from enrollment.delivery import Delivery
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.models import applications
from enrollment.profiles import OpenProfile
from enrollment.storing import store_application
from enrollment.subscriber.bundle import (
    Bundle,
    BundleCertificate,
    BundleKind,
    Step,
    find_bundle,
    find_draft,
    submitted_bundles,
)
from enrollment.subscriber.dossier import Dossier, Dossiers
from enrollment.subscriber.drafts import check_key_is_new, insert_whole
from enrollment.subscriber.errors import (
    BundleUnknown,
    DraftChanged,
    DraftIncomplete,
    ListedDataChanged,
    NoDraft,
)
from enrollment.subscriber.identity_check import CheckOutcome
from enrollment.subscriber.models import bundle_certificates, bundles
from enrollment.subscriber.policy import SubscriberPolicy

KEPT = "The steps before this one are saved."


@dataclass(frozen=True)
class BundleStanding:
    """A submitted bundle with its applications, in the bundle's order."""

    bundle: Bundle
    applications: tuple[Application, ...]
    now: datetime

    @property
    def states(self) -> list[ApplicationState]:
        """The states that occur, each once."""
        return list(dict.fromkeys(one.state for one in self.applications))

    @property
    def is_waiting(self) -> bool:
        """Whether officers still have to decide something."""
        return ApplicationState.SUBMITTED in self.states

    @property
    def is_late(self) -> bool:
        """Whether the day until which they decide has passed."""
        due = self.bundle.decide_by
        return self.is_waiting and due is not None and due < self.now

    def application(self, application_id: str) -> Application:
        """Return one of the applications. Raises ApplicationUnknown."""
        found = next((one for one in self.applications if one.id == application_id), None)
        if found is None:
            raise unknown()
        return found


class Bundles:
    """Submits drafts, and shows what became of them."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        applications: Applications,
        dossiers: Dossiers,
        answers: Answers,
        delivery: Delivery,
        policy: SubscriberPolicy,
        expires_within: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._applications = applications
        self._dossiers = dossiers
        self._answers = answers
        self._delivery = delivery
        self._policy = policy
        self._expires_within = expires_within
        self._clock = clock

    def submit(self, person: str, *, bundle_id: str, version: int) -> Bundle:
        """Submit a person's draft as it was shown; sent twice, it is one bundle.

        Raises NoDraft, DraftIncomplete, DraftChanged, ListedDataChanged, NotListed, what
        Applications.check refuses, and Unavailable. A refusal keeps the draft.
        """
        draft = self._draft(person, bundle_id)
        if not draft.is_draft:
            return draft
        _check_complete(draft)
        dossier = self._of(draft)
        if draft.listed_sha256 != dossier.sha256:
            raise ListedDataChanged(
                "It changed after you confirmed it. Look at your data once more.", kept=KEPT
            )
        checked = [(one, *self._checked(draft, dossier, one)) for one in draft.certificates]
        needs_officers = self.needs_officers(draft)
        with self._database.begin() as connection:
            try:
                present = find_draft(connection, person, locked=True)
            except NoDraft:
                return find_bundle(connection, bundle_id, person=person)
            if present.id != draft.id or not present.version == draft.version == version:
                raise DraftChanged(
                    "What you chose changed in another window. Look at it once more.", kept=KEPT
                )
            self._store(connection, draft, checked, needs_officers=needs_officers)
        return self._issue_undecided(bundle_id)

    def submit_whole(self, whole: Bundle, dossier: Dossier) -> Bundle:
        """Submit a bundle that was never a draft, or return the one that has its id.

        Raises BundleUnknown for another person's id, KeyUsedBefore, and as :meth:`submit`.
        """
        checked = [(one, *self._checked(whole, dossier, one)) for one in whole.certificates]
        needs_officers = self.needs_officers(whole)
        with self._database.begin() as connection:
            if connection.execute(select(bundles.c.id).where(bundles.c.id == whole.id)).first():
                return find_bundle(connection, whole.id, person=whole.person)
            for one, submission, _profile in checked:
                check_key_is_new(
                    connection, whole, one.profile, submission.csr, replaces=one.replaces
                )
            insert_whole(connection, whole, self._clock.now())
            self._store(connection, whole, checked, needs_officers=needs_officers)
        return self._issue_undecided(whole.id)

    def find(
        self, bundle_id: str, *, person: str | None = None, seen_by: Jurisdiction = NATION
    ) -> BundleStanding:
        """Return a submitted bundle as it stands, of a person or of what ``seen_by`` covers.

        Raises BundleUnknown.
        """
        with self._database.read() as connection:
            found = find_bundle(connection, bundle_id, person=person)
            if not seen_by.covers(found.institution):
                raise BundleUnknown("There is no application of this id that you may see.")
            return self._standing(connection, found)

    def of(self, person: str, *, limit: int) -> Sequence[BundleStanding]:
        """Return what a person applied for, newest first."""
        with self._database.read() as connection:
            found = submitted_bundles(connection, person, limit=limit)
            return [self._standing(connection, one) for one in found]

    def of_application(self, application_id: str) -> str | None:
        """Return the submitted bundle in which an application stands."""
        query = (
            select(bundles.c.id)
            .join(bundle_certificates, bundle_certificates.c.bundle == bundles.c.id)
            .where(
                bundle_certificates.c.application == application_id,
                bundles.c.state == "submitted",
            )
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def answer(self, application: Application, text: str) -> Application:
        """Answer an officer's question for the applicant; corrections of the list go with it.

        Raises NotListed, and as Answers.answer.
        """
        dossier = self._dossiers.of(application.applicant, institution=application.institution)
        same = dossier.holder == application.holder
        corrected = dossier.facts(application.profile) if same else None
        return self._answers.answer(
            application.id, Answer(text, facts=corrected), applicant=application.applicant
        )

    def needs_officers(self, draft: Bundle) -> bool:
        """Tell whether officers decide: always, unless the policy excepts this renewal."""
        excepted = self._policy.renewal.without_officers
        return (
            draft.kind is not BundleKind.RENEWAL
            or not all(one.profile in excepted for one in draft.certificates)
            or draft.identity_outcome is not CheckOutcome.MATCHES
            or not self.is_unchanged(draft, self._of(draft))
        )

    def _of(self, draft: Bundle) -> Dossier:
        return self._dossiers.preferring(draft.person, draft.institution)

    def is_unchanged(self, draft: Bundle, dossier: Dossier) -> bool:
        """Tell whether the list says what it said when the replaced ones were applied for."""
        replaced = [one.replaces for one in draft.certificates if one.replaces is not None]
        query = (
            select(bundles.c.listed_sha256)
            .join(bundle_certificates, bundle_certificates.c.bundle == bundles.c.id)
            .where(bundle_certificates.c.application.in_(replaced))
        )
        with self._database.read() as connection:
            then = connection.scalars(query).all()
        return len(then) == len(replaced) > 0 and set(then) == {dossier.sha256}

    def _draft(self, person: str, bundle_id: str) -> Bundle:
        with self._database.read() as connection:
            return find_bundle(connection, bundle_id, person=person)

    def _checked(
        self, draft: Bundle, dossier: Dossier, one: BundleCertificate
    ) -> tuple[Submission, OpenProfile]:
        submission = Submission(
            profile=one.profile,
            csr=verify_csr(one.csr_der or b""),
            holder=dossier.holder,
            facts=dossier.facts(one.profile),
            institution=dossier.institution,
            checks=_checks(draft),
            evidence=_evidence(draft),
        )
        return submission, self._applications.check(submission)

    def _store(
        self,
        connection: Connection,
        draft: Bundle,
        checked: Sequence[tuple[BundleCertificate, Submission, OpenProfile]],
        *,
        needs_officers: bool,
    ) -> None:
        now = self._clock.now()
        for one, submission, profile in checked:
            check_key_is_new(connection, draft, one.profile, submission.csr, replaces=one.replaces)
            store_application(
                connection,
                self._log,
                submission,
                profile=profile if needs_officers else replace(profile, approvals=0),
                applicant=draft.person,
                application_id=one.application,
                now=now,
                decide_by=now + self._expires_within,
                bundle=draft.id,
            )
        if not needs_officers:
            connection.execute(
                update(applications)
                .where(applications.c.bundle == draft.id)
                .values(state=ApplicationState.APPROVED, decided_at=now)
            )
        connection.execute(
            update(bundles)
            .where(bundles.c.id == draft.id)
            .values(
                state="submitted", submitted_at=now, decide_by=now + self._policy.decision.within
            )
        )

    def _issue_undecided(self, bundle_id: str) -> Bundle:
        with self._database.read() as connection:
            found = find_bundle(connection, bundle_id)
            standing = self._standing(connection, found)
        for one in standing.applications:
            self._delivery.issue_if_approved(one)
        return found

    def _standing(self, connection: Connection, found: Bundle) -> BundleStanding:
        if found.is_draft:
            raise BundleUnknown("It is not submitted yet.")
        made = tuple(find_application(connection, one.application) for one in found.certificates)
        return BundleStanding(found, made, self._clock.now())


def _check_complete(draft: Bundle) -> None:
    if draft.step is not Step.SUBMISSION:
        raise DraftIncomplete("Do the steps in their order.", kept=KEPT, step=str(draft.step))


def _checks(draft: Bundle) -> dict[str, object]:
    outcome = str(draft.identity_outcome or CheckOutcome.NOT_CHECKED)
    return {"identity": {"outcome": outcome, "differing": list(draft.differing)}}


def _evidence(draft: Bundle) -> dict[str, str] | None:
    if draft.evidence is None:
        return None
    return {"document_number": draft.document_number or "", "text": draft.evidence}
