"""Prepare an application, step by step. Each step is stored: a cut of power loses none of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr
from core.clock import Clock
from core.database import Database
from core.errors import Unavailable
from core.idempotency import new_act_id
from enrollment.application import ApplicationState
from enrollment.key_creation.policy import KeyHome
from enrollment.models import applications
from enrollment.subscriber.bundle import Bundle, BundleKind, Step, find_draft
from enrollment.subscriber.dossier import Dossier, Dossiers
from enrollment.subscriber.errors import (
    CertificateNotOffered,
    DraftIncomplete,
    EvidenceMissing,
    KeyUsedBefore,
    ListedDataMissing,
    NoDraft,
)
from enrollment.subscriber.identity_check import CheckOutcome, IdentityCheck, IdentityFinding
from enrollment.subscriber.models import bundle_certificates, bundles
from enrollment.subscriber.policy import SubscriberPolicy

# An application that ended so leaves its key free, and replaces nothing.
ENDED_WITHOUT = (ApplicationState.REFUSED, ApplicationState.FAILED, ApplicationState.EXPIRED)
KEPT = "The steps before this one are saved."


class Drafts:
    """Keeps the one draft that a person may have."""

    def __init__(
        self,
        *,
        database: Database,
        dossiers: Dossiers,
        identity_check: IdentityCheck,
        policy: SubscriberPolicy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._dossiers = dossiers
        self._identity_check = identity_check
        self._policy = policy
        self._clock = clock

    def find(self, person: str) -> Bundle | None:
        """Return a person's draft, None where nothing is being prepared."""
        with self._database.read() as connection:
            try:
                return find_draft(connection, person)
            except NoDraft:
                return None

    def begin(self, person: str, *, institution: str | None = None) -> Bundle:
        """Begin an application, or return the one that is being prepared.

        It is for ``institution``, or for the one that listed the person last. The identity
        register is asked once here. Raises NotListed.
        """
        dossier = self._dossiers.of(person, institution=institution)
        finding = self.identity_finding(dossier)
        try:
            with self._database.begin() as connection:
                insert_draft(connection, dossier, BundleKind.APPLICATION, self._clock.now())
                self._note_finding(connection, person, finding)
        except IntegrityError:
            pass  # begun before, or in another window at this very moment
        with self._database.read() as connection:
            return find_draft(connection, person)

    def serve_at(self, person: str, institution: str) -> Bundle:
        """Let a draft be for another institution that lists the person; they confirm anew.

        Certificates and keys stay, but for those for which that list says too little. Raises
        NoDraft, NotListed.
        """
        dossier = self._dossiers.of(person, institution=institution)
        offered = set(self.offered(dossier))
        with self._database.begin() as connection:
            draft = find_draft(connection, person, locked=True)
            if draft.institution != institution:
                _drop(connection, draft, {one.profile for one in draft.certificates} - offered)
                _change(connection, person, institution=institution, listed_sha256=None)
            return find_draft(connection, person)

    def confirm(
        self, person: str, *, evidence: str | None = None, document_number: str | None = None
    ) -> Bundle:
        """Record that the person confirms what the list says, as it is at this moment.

        Where the identity register says otherwise, ``evidence`` and ``document_number`` go to the
        officers with the application. Raises NoDraft, NotListed, ListedDataMissing, and
        EvidenceMissing, which keeps the draft.
        """
        dossier = self._of_draft(person)
        if dossier.identifier is None:
            raise ListedDataMissing(
                "The list has no valid identity card or passport of yours. Send a correction.",
                kept=KEPT,
            )
        finding = self.identity_finding(dossier)
        lacks = finding.outcome.needs_evidence and not (evidence and document_number)
        with self._database.begin() as connection:
            find_draft(connection, person, locked=True)
            self._note_finding(connection, person, finding)
            if not lacks:
                values = {"evidence": evidence, "document_number": document_number}
                # Whoever left the institution meanwhile confirms what the other one lists.
                values["institution"] = dossier.institution
                _change(connection, person, listed_sha256=dossier.sha256, **values)
            draft = find_draft(connection, person)
        if lacks:
            raise EvidenceMissing(
                "The identity register differs: explain why, and give the document's number.",
                kept="Your application is saved.",
            )
        return draft

    def confirm_if_undisputed(self, person: str) -> Bundle:
        """Confirm a renewal's data for a person, unless the identity register differs now."""
        try:
            return self.confirm(person)
        except EvidenceMissing:
            with self._database.read() as connection:
                return find_draft(connection, person)

    def choose(self, person: str, profiles: Collection[str]) -> Bundle:
        """Choose the certificates; keys of those that stay chosen are kept.

        Raises NoDraft, NotListed, CertificateNotOffered, DraftIncomplete.
        """
        offered = self.offered(self._of_draft(person))
        if not profiles or not set(profiles) <= set(offered):
            raise CertificateNotOffered("Choose at least one of those offered.", kept=KEPT)
        with self._database.begin() as connection:
            draft = find_draft(connection, person, locked=True)
            _check_step(draft, Step.CERTIFICATES)
            _drop(connection, draft, {one.profile for one in draft.certificates} - set(profiles))
            for profile in self._policy.profiles:
                if profile in profiles and draft.certificate(profile) is None:
                    add_certificate(connection, draft.id, profile, self._clock.now())
            _change(connection, person)
            return find_draft(connection, person)

    def set_key(self, person: str, profile: str, home: KeyHome, csr: VerifiedCsr) -> Bundle:
        """Record the request for one chosen certificate, in place of an earlier one.

        Raises NoDraft, DraftIncomplete, CertificateNotOffered, KeyUsedBefore.
        """
        with self._database.begin() as connection:
            draft = find_draft(connection, person, locked=True)
            _check_step(draft, Step.KEYS)
            chosen = draft.certificate(profile)
            if chosen is None:
                raise CertificateNotOffered("This certificate was not chosen.", kept=KEPT)
            check_key_is_new(connection, draft, profile, csr)
            connection.execute(
                update(bundle_certificates)
                .where(bundle_certificates.c.application == chosen.application)
                .values(home=home, csr_der=csr.csr_der, public_key_sha256=csr.public_key_sha256)
            )
            _change(connection, person)
            return find_draft(connection, person)

    def discard(self, person: str) -> None:
        """Forget what is being prepared; nothing happens where there is nothing."""
        with self._database.begin() as connection:
            try:
                draft = find_draft(connection, person, locked=True)
            except NoDraft:
                return
            _drop(connection, draft, {one.profile for one in draft.certificates})
            connection.execute(delete(bundles).where(bundles.c.id == draft.id))

    def offered(self, dossier: Dossier) -> tuple[str, ...]:
        """Return the profiles for which the list says enough."""
        return tuple(one for one in self._policy.profiles if not dossier.lacks(one))

    def identity_finding(self, dossier: Dossier) -> IdentityFinding:
        """Ask the identity register; one that is away was not asked."""
        claimed = dossier.claimed
        if claimed is None:
            return IdentityFinding(CheckOutcome.NOT_CHECKED)
        try:
            return self._identity_check.check(claimed)
        except Unavailable:
            return IdentityFinding(CheckOutcome.NOT_CHECKED)  # officers see that

    def _of_draft(self, person: str) -> Dossier:
        with self._database.read() as connection:
            draft = find_draft(connection, person)
        return self._dossiers.preferring(person, draft.institution)

    def _note_finding(self, connection: Connection, person: str, finding: IdentityFinding) -> None:
        _change(
            connection,
            person,
            identity_outcome=finding.outcome,
            differing=list(finding.differing),
            checked_at=self._clock.now(),
        )


def insert_draft(connection: Connection, dossier: Dossier, kind: BundleKind, now: datetime) -> str:
    """Store an empty draft and return its id. Raises IntegrityError where there is one."""
    bundle_id = new_act_id(now)
    connection.execute(
        insert(bundles).values(
            id=bundle_id,
            person=dossier.person,
            institution=dossier.institution,
            kind=kind,
            state="draft",
            version=1,
            differing=[],
            begun_at=now,
        )
    )
    return bundle_id


def insert_whole(connection: Connection, whole: Bundle, now: datetime) -> None:
    """Store a bundle with its keys; the caller submits it in the same transaction."""
    connection.execute(
        insert(bundles).values(
            id=whole.id,
            person=whole.person,
            institution=whole.institution,
            kind=whole.kind,
            # Not a draft, of which there may be one besides: it is complete.
            state="submitted",
            version=whole.version,
            listed_sha256=whole.listed_sha256,
            identity_outcome=whole.identity_outcome,
            differing=list(whole.differing),
            checked_at=now,
            evidence=whole.evidence,
            document_number=whole.document_number,
            begun_at=now,
            submitted_at=now,
        )
    )
    for one in whole.certificates:
        connection.execute(insert(bundle_certificates).values(bundle=whole.id, **vars(one)))


def add_certificate(
    connection: Connection,
    bundle_id: str,
    profile: str,
    now: datetime,
    *,
    replaces: str | None = None,
) -> None:
    """Add a certificate without its key to a draft."""
    connection.execute(
        insert(bundle_certificates).values(
            bundle=bundle_id,
            profile=profile,
            application=new_act_id(now),
            replaces=replaces,
        )
    )


def check_key_is_new(
    connection: Connection,
    draft: Bundle,
    profile: str,
    csr: VerifiedCsr,
    *,
    replaces: str | None = None,
) -> None:
    """Refuse a key of another certificate of this draft, or of an application that lives.

    A renewal that keeps its key has the one of the application that it ``replaces``. Raises
    KeyUsedBefore.
    """
    key = csr.public_key_sha256
    if any(one.public_key_sha256 == key for one in draft.certificates if one.profile != profile):
        raise KeyUsedBefore(
            "This key is in this application already. Each certificate needs a key of its own.",
            kept=KEPT,
        )
    # Who was refused may come again with the same key; another's key is nobody else's.
    mine = applications.c.applicant == draft.person
    taken = select(applications.c.id).where(
        applications.c.public_key_sha256 == key,
        or_(~mine, applications.c.state.not_in(ENDED_WITHOUT)),
        applications.c.id != (replaces or ""),
    )
    if connection.execute(taken.limit(1)).first() is not None:
        raise KeyUsedBefore(
            "This key was used in an application before. Make a new key.", kept=KEPT
        )


def _check_step(draft: Bundle, step: Step) -> None:
    order = list(Step)
    if order.index(draft.step) < order.index(step):
        raise DraftIncomplete("Do the steps in their order.", kept=KEPT, step=str(draft.step))


def _drop(connection: Connection, draft: Bundle, profiles: Collection[str]) -> None:
    connection.execute(
        delete(bundle_certificates).where(
            bundle_certificates.c.bundle == draft.id,
            bundle_certificates.c.profile.in_(sorted(profiles)),
        )
    )


def _change(connection: Connection, person: str, **values: object) -> None:
    connection.execute(
        update(bundles)
        .where(bundles.c.person == person, bundles.c.state == "draft")
        .values(version=bundles.c.version + 1, **values)
    )
