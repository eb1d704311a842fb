"""An institution's system applies for the people whom the institution lists.

The person is the applicant of record, so that they decide nothing of it in any office; what is
certified comes from the list, never from the system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ca.csr import VerifiedCsr
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from enrollment.jurisdiction import Jurisdiction
from enrollment.key_creation.policy import KeyHome
from enrollment.people.models import employments
from enrollment.people.person import EmploymentState
from enrollment.subscriber.bundle import Bundle, BundleCertificate, BundleKind
from enrollment.subscriber.bundles import Bundles
from enrollment.subscriber.dossier import Dossier, Dossiers
from enrollment.subscriber.drafts import Drafts
from enrollment.subscriber.errors import (
    CertificateNotOffered,
    EvidenceMissing,
    ListedDataMissing,
    NotListed,
)
from enrollment.subscriber.identity_check import IdentityFinding
from enrollment.subscribers import Subscribers


@dataclass(frozen=True)
class Said:
    """What is said to a difference from the identity register."""

    evidence: str | None = None
    document_number: str | None = None


@dataclass(frozen=True)
class BundleToSubmit:
    """What a system applies for: by profile, the verified request of each key.

    ``evidence`` and ``document_number`` are for a difference from the identity register.
    """

    institution: str
    staff_number: str
    requests: Mapping[str, VerifiedCsr]
    evidence: str | None = None
    document_number: str | None = None


class BundlesForPeople:
    """Takes whole bundles over the API."""

    def __init__(
        self,
        *,
        database: Database,
        subscribers: Subscribers,
        dossiers: Dossiers,
        drafts: Drafts,
        bundles: Bundles,
        clock: Clock,
    ) -> None:
        self._database = database
        self._subscribers = subscribers
        self._dossiers = dossiers
        self._drafts = drafts
        self._bundles = bundles
        self._clock = clock

    def person_of(self, institution: str, staff_number: str, *, seen_by: Jurisdiction) -> str:
        """Return the person whom an institution lists under a number. Raises NotListed."""
        query = select(employments.c.person).where(
            employments.c.institution == institution,
            employments.c.staff_number == staff_number,
            employments.c.state == EmploymentState.LISTED,
        )
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        if found is None or not seen_by.covers(institution):
            raise NotListed("The institution lists nobody under this staff number.")
        return found

    def submit(self, wanted: BundleToSubmit, *, seen_by: Jurisdiction, bundle_id: str) -> Bundle:
        """Take a bundle, or return the one that has this id. All its certificates, or none.

        Raises NotListed, ListedDataMissing, CertificateNotOffered, EvidenceMissing, KeyUsedBefore,
        what Applications.check refuses, and Unavailable.
        """
        person = self.person_of(wanted.institution, wanted.staff_number, seen_by=seen_by)
        dossier = self._dossiers.of(person, institution=wanted.institution)
        finding = self._drafts.identity_finding(dossier)
        self._check(wanted, dossier, finding)
        self._subscribers.enroll(person)
        return self._bundles.submit_whole(
            self._bundle(wanted, dossier, finding, bundle_id), dossier
        )

    def let_sign_in(self, person: str) -> None:
        """Make a listed person one who may sign in, and so be spoken for; again changes nothing."""
        self._subscribers.enroll(person)

    def _check(self, wanted: BundleToSubmit, dossier: Dossier, finding: IdentityFinding) -> None:
        check_said(dossier, finding, Said(wanted.evidence, wanted.document_number))
        if not wanted.requests or not set(wanted.requests) <= set(self._drafts.offered(dossier)):
            raise CertificateNotOffered("One of these is not offered, or the list lacks something.")

    def _bundle(
        self, wanted: BundleToSubmit, dossier: Dossier, finding: IdentityFinding, bundle_id: str
    ) -> Bundle:
        now = self._clock.now()
        keys = [
            BundleCertificate(
                profile=profile,
                application=new_act_id(now),
                home=KeyHome.OWN_REQUEST,
                csr_der=csr.csr_der,
                public_key_sha256=csr.public_key_sha256,
                replaces=None,
            )
            for profile, csr in wanted.requests.items()
        ]
        said = Said(wanted.evidence, wanted.document_number)
        return whole_bundle(bundle_id, BundleKind.APPLICATION, keys, dossier, finding, said, now)


def check_said(dossier: Dossier, finding: IdentityFinding, said: Said) -> None:
    """Refuse what no officer could decide. Raises ListedDataMissing or EvidenceMissing."""
    if dossier.identifier is None:
        raise ListedDataMissing("The list has no valid identity card or passport of them.")
    if finding.outcome.needs_evidence and not (said.evidence and said.document_number):
        raise EvidenceMissing(
            "The identity register differs: explain why, and give the document's number.",
            differing=list(finding.differing),
        )


def whole_bundle(
    bundle_id: str,
    kind: BundleKind,
    certificates: Sequence[BundleCertificate],
    dossier: Dossier,
    finding: IdentityFinding,
    said: Said,
    now: datetime,
) -> Bundle:
    """Return a bundle that was never a draft: complete, with the data listed now confirmed."""
    return Bundle(
        id=bundle_id,
        person=dossier.person,
        institution=dossier.institution,
        kind=kind,
        is_draft=True,
        version=1,
        listed_sha256=dossier.sha256,
        identity_outcome=finding.outcome,
        differing=finding.differing,
        evidence=said.evidence,
        document_number=said.document_number,
        begun_at=now,
        submitted_at=None,
        decide_by=None,
        certificates=tuple(certificates),
    )
