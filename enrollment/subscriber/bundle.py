"""A bundle: up to four certificates that a person applies for together, a draft at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from enrollment.key_creation.policy import KeyHome
from enrollment.subscriber.errors import BundleUnknown, NoDraft
from enrollment.subscriber.identity_check import CheckOutcome
from enrollment.subscriber.models import bundle_certificates, bundles


class BundleKind(StrEnum):
    """Why it is applied for. A renewal and a re-key replace certificates."""

    APPLICATION = "application"
    RENEWAL = "renewal"
    RE_KEY = "re-key"


class Step(StrEnum):
    """What a draft waits for."""

    DATA = "data"
    CERTIFICATES = "certificates"
    KEYS = "keys"
    SUBMISSION = "submission"


@dataclass(frozen=True)
class BundleCertificate:
    """One certificate of a bundle. ``application`` is the id that its application has or gets."""

    profile: str
    application: str
    home: KeyHome | None
    csr_der: bytes | None
    public_key_sha256: bytes | None
    replaces: str | None


@dataclass(frozen=True)
class Bundle:
    """What a person applies for together. ``evidence`` and ``document_number`` are personal data.

    ``listed_sha256`` is the digest of the data that the person confirmed, None before that.
    """

    id: str
    person: str
    institution: str
    kind: BundleKind
    is_draft: bool
    version: int
    listed_sha256: bytes | None
    identity_outcome: CheckOutcome | None
    differing: tuple[str, ...]
    evidence: str | None
    document_number: str | None
    begun_at: datetime
    submitted_at: datetime | None
    decide_by: datetime | None
    certificates: tuple[BundleCertificate, ...]

    @property
    def step(self) -> Step:
        """The first step that is not done."""
        if self.listed_sha256 is None:
            return Step.DATA
        if not self.certificates:
            return Step.CERTIFICATES
        if any(one.csr_der is None for one in self.certificates):
            return Step.KEYS
        return Step.SUBMISSION

    def certificate(self, profile: str) -> BundleCertificate | None:
        """Return the chosen certificate of a profile."""
        return next((one for one in self.certificates if one.profile == profile), None)


def find_draft(connection: Connection, person: str, *, locked: bool = False) -> Bundle:
    """Return a person's draft. ``locked``: until the transaction ends. Raises NoDraft."""
    query = select(bundles).where(bundles.c.person == person, bundles.c.state == "draft")
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise NoDraft(
            "It was submitted or discarded, perhaps in another window.",
            kept="What was submitted stands under your applications.",
        )
    return bundle_of(connection, row)


def find_bundle(connection: Connection, bundle_id: str, *, person: str | None = None) -> Bundle:
    """Return a bundle; with ``person`` only if it is theirs. Raises BundleUnknown."""
    row = connection.execute(select(bundles).where(bundles.c.id == bundle_id)).one_or_none()
    if row is None or person not in (None, row.person):
        raise BundleUnknown("There is no application of this id that you may see.")
    return bundle_of(connection, row)


def submitted_bundles(connection: Connection, person: str, *, limit: int) -> Sequence[Bundle]:
    """Return what a person applied for, newest first."""
    query = (
        select(bundles)
        .where(bundles.c.person == person, bundles.c.state == "submitted")
        .order_by(bundles.c.id.desc())
        .limit(limit)
    )
    return [bundle_of(connection, row) for row in connection.execute(query).all()]


def bundle_of(connection: Connection, row: Row[Any]) -> Bundle:
    """Return the bundle of a row, with its certificates in their profiles' order of choice."""
    chosen = connection.execute(
        select(bundle_certificates)
        .where(bundle_certificates.c.bundle == row.id)
        .order_by(bundle_certificates.c.application)
    )
    outcome = row.identity_outcome
    return Bundle(
        id=row.id,
        person=row.person,
        institution=row.institution,
        kind=BundleKind(row.kind),
        is_draft=row.state == "draft",
        version=row.version,
        listed_sha256=row.listed_sha256,
        identity_outcome=None if outcome is None else CheckOutcome(outcome),
        differing=tuple(row.differing),
        evidence=row.evidence,
        document_number=row.document_number,
        begun_at=row.begun_at,
        submitted_at=row.submitted_at,
        decide_by=row.decide_by,
        certificates=tuple(_certificate_of(one) for one in chosen),
    )


def _certificate_of(row: Row[Any]) -> BundleCertificate:
    return BundleCertificate(
        profile=row.profile,
        application=row.application,
        home=None if row.home is None else KeyHome(row.home),
        csr_der=row.csr_der,
        public_key_sha256=row.public_key_sha256,
        replaces=row.replaces,
    )
