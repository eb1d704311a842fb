"""What an officer has before them when they decide: the application, checked once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ca.csr import VerifiedCsr, verify_csr
from ca.inquiry import Inquiry
from ca.plan import FactValue
from ca.register import RegisteredCertificate
from core.errors import CamtrustError
from enrollment.application import Application, ApplicationState
from enrollment.errors import ProfileNotOpen
from enrollment.jurisdiction import Jurisdiction
from enrollment.office.checks import Check, checks_of, evidence_of
from enrollment.office.labels import FACTS
from enrollment.office.registration import Office

MOST_EARLIER = 20


@dataclass(frozen=True)
class Fact:
    """A fact, and what the request says in its place; ``stated`` is None where it says nothing."""

    name: str
    label: str
    value: str
    stated: str | None

    @property
    def differs(self) -> bool:
        """Tell whether the request says something else."""
        return self.stated is not None and self.stated != self.value


@dataclass(frozen=True)
class Sheet:
    """An application as an officer judges it.

    ``stated`` is what the request says of its subject, each by its dotted OID or the kind of the
    alternative name. ``objection`` is why issuance would refuse it now. ``checks`` are what
    registers said when it was submitted, ``evidence`` what the applicant showed then. ``earlier``
    are the holder's other applications and ``held`` their certificates, as far as the officer may
    see them.
    """

    application: Application
    facts: Sequence[Fact]
    key: str
    stated: Sequence[tuple[str, str]]
    objection: CamtrustError | None
    checks: Sequence[Check]
    evidence: Sequence[tuple[str, str]]
    earlier: Sequence[Application]
    held: Sequence[RegisteredCertificate]

    @property
    def differing(self) -> Sequence[Fact]:
        """The facts of which the request says something else."""
        return [one for one in self.facts if one.differs]


def make_sheet(application: Application, office: Office, within: Jurisdiction) -> Sheet:
    """Check an application as issuance would, and gather what there is of its holder."""
    csr = verify_csr(application.csr_der)
    earlier = office.applications.page(limit=MOST_EARLIER, holder=application.holder, within=within)
    # A holder's own certificates are few, so one window has them all.
    held = office.desk.inquiries.page(
        Inquiry(holder=application.holder, institution=within.institution), limit=MOST_EARLIER
    )
    return Sheet(
        application=application,
        facts=_facts(application, csr, office),
        key=_key(csr),
        stated=_stated(csr),
        objection=_objection(application, office),
        checks=checks_of(application.checks),
        evidence=evidence_of(application.evidence),
        earlier=[one for one in earlier if one.id != application.id],
        held=[one for one in held.certificates if one.serial_number != application.serial_number],
    )


def facts_of(facts: Mapping[str, FactValue]) -> list[tuple[str, str, str]]:
    """Return each fact as its name, its label and its value, in the order of the labels."""
    # A fact that the pages have no label for is shown all the same, after the others.
    known = [name for name in FACTS if name in facts]
    names = known + sorted(set(facts) - set(known))
    return [(name, FACTS.get(name, name), _text(facts[name])) for name in names]


def _facts(application: Application, csr: VerifiedCsr, office: Office) -> list[Fact]:
    stated: Mapping[str, Any] = {}
    with suppress(ProfileNotOpen):  # closed since: then there is nothing to compare by
        stated = office.profiles.facts_in(application.profile, csr)
    return [
        Fact(name, label, value, _text(stated[name]) if name in stated else None)
        for name, label, value in facts_of(application.facts)
    ]


def _text(value: FactValue) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _objection(application: Application, office: Office) -> CamtrustError | None:
    if application.state is not ApplicationState.SUBMITTED:
        return None
    try:
        office.applications.check_issuable(application)
    except CamtrustError as refusal:
        return refusal
    return None


def _stated(csr: VerifiedCsr) -> list[tuple[str, str]]:
    return [*csr.subject, *((one.kind, one.value) for one in csr.alternative_names)]


def _key(csr: VerifiedCsr) -> str:
    key = csr.public_key
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return "Ed25519"
