"""Renewal and re-key: a prepared application in place of a certificate.

CP 4.7.1: re-key is the usual way. A renewal takes over what the person confirmed and chose, as long
as the list says the same; a new key is made. Where the operator's policy lets a key live on (CP
4.6.1), the renewal is complete at once. A re-key starts from the identification anew (CP 3.3.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from enrollment.holding.held import Held, HolderAct
from enrollment.holding.holdings import Holdings
from enrollment.jurisdiction import Jurisdiction
from enrollment.key_creation.policy import KeyHome
from enrollment.models import applications
from enrollment.subscriber.bundle import (
    Bundle,
    BundleCertificate,
    BundleKind,
    Step,
    find_bundle,
)
from enrollment.subscriber.bundles import Bundles
from enrollment.subscriber.dossier import Dossier, Dossiers
from enrollment.subscriber.drafts import Drafts, add_certificate, insert_draft
from enrollment.subscriber.errors import (
    DraftInTheWay,
    NotHeld,
    RenewalNeedsKey,
    RenewalNotOpen,
)
from enrollment.subscriber.for_people import Said, check_said, whole_bundle
from enrollment.subscriber.models import bundle_certificates, bundles
from enrollment.subscriber.policy import SubscriberPolicy

_ACTS = {BundleKind.RENEWAL: HolderAct.RENEW, BundleKind.RE_KEY: HolderAct.RE_KEY}


class _Key(TypedDict):
    csr_der: bytes
    public_key_sha256: bytes


@dataclass(frozen=True)
class RenewalToSubmit:
    """What a system asks for: ``csr`` is the request of the new key, None to keep the old one."""

    application: str
    csr: VerifiedCsr | None = None
    said: Said = field(default_factory=Said)


class Renewals:
    """Begins renewals and re-keys."""

    def __init__(
        self,
        *,
        database: Database,
        holdings: Holdings,
        dossiers: Dossiers,
        drafts: Drafts,
        bundles: Bundles,
        policy: SubscriberPolicy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._holdings = holdings
        self._dossiers = dossiers
        self._drafts = drafts
        self._bundles = bundles
        self._policy = policy
        self._clock = clock

    def begin(self, person: str, application_id: str, kind: BundleKind) -> Bundle:
        """Begin to replace a certificate; asked twice, it is one replacement.

        Returns a draft at the first step that needs the person, or what was submitted. Raises
        NotHeld, RenewalNotOpen, DraftInTheWay, NotListed, and as Bundles.submit.
        """
        held = self._holdings.find(person, application_id)
        if held.replaced_in is not None:
            return self._find(held.replaced_in)
        _check_open(held, _ACTS[kind])
        dossier = self._dossiers.preferring(person, self._institution_of(held.application))
        try:
            draft = self._prepare(dossier, held, kind)
        except IntegrityError as error:
            return self._begun_meanwhile(person, application_id, error)
        if kind is BundleKind.RENEWAL and self._bundles.is_unchanged(draft, dossier):
            draft = self._drafts.confirm_if_undisputed(person)
        if draft.step is Step.SUBMISSION:
            return self._bundles.submit(person, bundle_id=draft.id, version=draft.version)
        return draft

    def at_once(self, wanted: RenewalToSubmit, *, seen_by: Jurisdiction, bundle_id: str) -> Bundle:
        """Renew a certificate of a person for their institution, complete with its key.

        Asked twice, it is one renewal. Raises NotHeld, RenewalNotOpen, DraftInTheWay,
        RenewalNeedsKey, and as BundlesForPeople.submit.
        """
        person, institution = self._of_bundle(wanted.application, seen_by)
        held = self._holdings.find(person, wanted.application)
        if held.replaced_in is not None:
            return _submitted(self._find(held.replaced_in))
        _check_open(held, HolderAct.RENEW)
        dossier = self._dossiers.of(person, institution=institution)
        finding = self._drafts.identity_finding(dossier)
        check_said(dossier, finding, wanted.said)
        now = self._clock.now()
        key = BundleCertificate(
            profile=held.certificate.profile,
            application=new_act_id(now),
            home=(held.home if wanted.csr is None else None) or KeyHome.OWN_REQUEST,
            replaces=held.application,
            **self._key_of(held, wanted),
        )
        kind = BundleKind.RENEWAL
        whole = whole_bundle(bundle_id, kind, [key], dossier, finding, wanted.said, now)
        return self._bundles.submit_whole(whole, dossier)

    def _of_bundle(self, application_id: str, seen_by: Jurisdiction) -> tuple[str, str]:
        """Return the person and the institution of a person's application."""
        query = (
            select(bundles.c.person, bundles.c.institution)
            .join(bundle_certificates, bundle_certificates.c.bundle == bundles.c.id)
            .where(bundle_certificates.c.application == application_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not seen_by.covers(row.institution):
            raise NotHeld("There is no certificate of a person of yours upon this application.")
        return row.person, row.institution

    def _key_of(self, held: Held, wanted: RenewalToSubmit) -> _Key:
        with self._database.read() as connection:
            old = _old_key(connection, held)
        key = wanted.csr or old
        same = key.public_key_sha256 == old.public_key_sha256
        if same and held.certificate.profile not in self._policy.renewal.same_key:
            raise RenewalNeedsKey("Send the request of a new key: this kind keeps no old one.")
        return {"csr_der": key.csr_der, "public_key_sha256": key.public_key_sha256}

    def _prepare(self, dossier: Dossier, held: Held, kind: BundleKind) -> Bundle:
        with self._database.begin() as connection:
            now, profile = self._clock.now(), held.certificate.profile
            bundle_id = insert_draft(connection, dossier, kind, now)
            add_certificate(connection, bundle_id, profile, now, replaces=held.application)
            if kind is BundleKind.RENEWAL and profile in self._policy.renewal.same_key:
                _take_key(connection, bundle_id, held)
            return find_bundle(connection, bundle_id)

    def _institution_of(self, application_id: str) -> str | None:
        query = select(applications.c.institution).where(applications.c.id == application_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def _begun_meanwhile(self, person: str, application_id: str, error: Exception) -> Bundle:
        again = self._holdings.find(person, application_id)
        if again.replaced_in is None:
            raise DraftInTheWay(
                "Send or discard the application that you began; then do this.",
                kept="The application that you began is saved.",
            ) from error
        return self._find(again.replaced_in)

    def _find(self, bundle_id: str) -> Bundle:
        with self._database.read() as connection:
            return find_bundle(connection, bundle_id)


def _check_open(held: Held, act: HolderAct) -> None:
    if act not in held.may:
        raise RenewalNotOpen(
            "It is too early to renew it, or it is no longer good: see what the page offers.",
            renewable_from=held.renewable_from.isoformat(),
        )


def _submitted(renewal: Bundle) -> Bundle:
    if renewal.is_draft:
        raise DraftInTheWay(
            "The person began to renew it on their pages, and sends or discards that first.",
            kept="What the person began is saved.",
        )
    return renewal


def _old_key(connection: Connection, held: Held) -> Row[Any, Any]:
    return connection.execute(
        select(applications.c.csr_der, applications.c.public_key_sha256).where(
            applications.c.id == held.application
        )
    ).one()


def _take_key(connection: Connection, bundle_id: str, held: Held) -> None:
    old = _old_key(connection, held)
    connection.execute(
        update(bundle_certificates)
        .where(bundle_certificates.c.bundle == bundle_id)
        .values(
            home=held.home or KeyHome.OWN_REQUEST,
            csr_der=old.csr_der,
            public_key_sha256=old.public_key_sha256,
        )
    )
