"""Cross-certification: one of our authorities certifies a CA that has another anchor.

RFC 5280, Section 3.2; RFC 4210, Section 4.4, for the two certificates that link an old root
with a new one.
"""

from __future__ import annotations

from cryptography import x509
from pydantic import ValidationError

from ca.ceremony.acts import AuthorityStandsInTheWay, Outcome, Scene, issuer_files
from ca.ceremony.script import CrossCertify, ScriptRefused
from ca.ceremony.stage import CertificateOrder, Held, certificate_facts, der
from ca.csr import VerifiedCsr, verify_csr
from ca.hierarchy import SubjectDefinition
from core.transparency.entry import JsonValue

CROSS_PROFILE = "cross-certificate"

_FIELDS = {
    "2.5.4.6": "country_name",
    "2.5.4.10": "organization_name",
    "2.5.4.97": "organization_identifier",
    "2.5.4.3": "common_name",
}


def cross_certify(step: CrossCertify, scene: Scene) -> Outcome:
    """Certify the key of another CA: of ours by name, of others by their own request."""
    if step.subject is not None:
        return _certify_own(step.authority, step.subject, scene)
    if step.request is None or step.name is None:
        raise ScriptRefused("cross-certify: a foreign CA comes with its request and a name")
    return _certify_foreign(step.authority, step.request, step.name, scene)


def _certify_own(issuer: str, subject: str, scene: Scene) -> Outcome:
    standing = scene.stage.authority(subject)
    if issuer == subject or standing.parent is not None:
        raise AuthorityStandsInTheWay(
            f"{issuer} does not cross-certify {subject}: only another anchor is crossed."
        )
    order = CertificateOrder(
        profile=CROSS_PROFILE,
        holder=f"authority:{subject}",
        subject=scene.hierarchy.define(subject).subject,
        reference=scene.reference,
        authority=issuer,
        issuer=issuer,
        key=scene.stage.key(standing.key_id),
    )
    certificate = scene.stage.issue(order)
    return _outcome(scene, issuer, subject, certificate, (Held(subject, certificate, "cross"),))


def _certify_foreign(issuer: str, request: str, name: str, scene: Scene) -> Outcome:
    csr = verify_csr(request.encode())
    order = CertificateOrder(
        profile=CROSS_PROFILE,
        holder=f"foreign-authority:{name}",
        subject=_foreign_subject(csr),
        reference=scene.reference,
        authority=issuer,
        issuer=issuer,
        csr=csr,
    )
    return _outcome(scene, issuer, name, scene.stage.issue(order), ())


def _foreign_subject(csr: VerifiedCsr) -> SubjectDefinition:
    # The other CA's certificates chain by its exact name: each attribute once, in our order,
    # or its name would come out changed.
    names = [_FIELDS.get(oid) for oid, _ in csr.subject]
    try:
        if None in names or len(set(names)) != len(names):
            raise ScriptRefused("request: a CA's name may have C, O, organizationIdentifier and CN")
        subject = SubjectDefinition.model_validate(
            {_FIELDS[oid]: value for oid, value in csr.subject}
        )
    except ValidationError as error:
        raise ScriptRefused("request: a CA's name has at least C, O and CN") from error
    if list(subject.facts()) != names:
        raise ScriptRefused("request: a CA's name has C, O, organizationIdentifier, CN in order")
    return subject


def _outcome(
    scene: Scene,
    issuer: str,
    subject: str,
    certificate: x509.Certificate,
    changes: tuple[Held, ...],
) -> Outcome:
    facts: dict[str, JsonValue] = {
        "certificate": certificate_facts(certificate),
        "issuer": issuer,
        "subject": subject,
    }
    path = f"certificates/{subject}-by-{issuer}.cer"
    artefacts = {path: der(certificate), **issuer_files(scene.stage, issuer)}
    return Outcome(facts=facts, artefacts=artefacts, changes=changes)
