"""What an officer has before them when they decide: the application, checked once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import FactValue
from core.errors import CamtrustError
from enrollment.application import Application, ApplicationState
from enrollment.applications import Applications
from enrollment.office.labels import FACTS

MOST_EARLIER = 20


@dataclass(frozen=True)
class Sheet:
    """An application as an officer judges it.

    ``facts`` are each a name, its label and its value. ``stated`` is what the request says of its
    subject, each by its dotted OID or the kind of the alternative name: a difference from the
    facts is for the officer's eyes. ``objection`` is why issuance would refuse it now,
    ``earlier`` what the same holder was issued before.
    """

    application: Application
    facts: Sequence[tuple[str, str, str]]
    key: str
    stated: Sequence[tuple[str, str]]
    objection: CamtrustError | None
    earlier: Sequence[Application]


def make_sheet(application: Application, applications: Applications) -> Sheet:
    """Check an application as issuance would, and gather what there is of its holder."""
    csr = verify_csr(application.csr_der)
    earlier = applications.page(
        limit=MOST_EARLIER, holder=application.holder, states=[ApplicationState.ISSUED]
    )
    return Sheet(
        application=application,
        facts=facts_of(application.facts),
        key=_key(csr),
        stated=_stated(csr),
        objection=_objection(application, applications),
        earlier=[one for one in earlier if one.id != application.id],
    )


def facts_of(facts: Mapping[str, FactValue]) -> list[tuple[str, str, str]]:
    """Return each fact as its name, its label and its value, in the order of the labels."""
    # A fact that the pages have no label for is shown all the same, after the others.
    known = [name for name in FACTS if name in facts]
    names = known + sorted(set(facts) - set(known))
    return [(name, FACTS.get(name, name), _text(facts[name])) for name in names]


def _text(value: FactValue) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _objection(application: Application, applications: Applications) -> CamtrustError | None:
    if application.state is not ApplicationState.SUBMITTED:
        return None
    try:
        applications.check_issuable(application)
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
