"""Whether a key was one to rely on when it was used: chain, revocation and purpose together."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import x509

from signing.documents.validation.chains import Chain, ChainBuilder, NoChain
from signing.documents.validation.evidence import EvidencePool, EvidenceReader, Statement
from signing.documents.validation.exemptions import is_exempt
from signing.documents.validation.indications import SubIndication
from signing.documents.validation.material import Material
from signing.documents.validation.revocation import (
    Moments,
    RevocationFinding,
    StatusRegister,
    find_revocation,
)
from signing.documents.validation.strengths import ValidationPolicy
from signing.documents.validation.trust import Purpose, Trust

# RFC 9336, and what programs wrote before it: Adobe's and Microsoft's, mail, and any.
_SIGNING_USAGES = frozenset(
    {
        "1.3.6.1.5.5.7.3.36",
        "1.2.840.113583.1.1.5",
        "adobe_authentic_documents_trust",
        "microsoft_document_signing",
        "1.3.6.1.4.1.311.10.3.12",
        "email_protection",
        "any_extended_key_usage",
    }
)


@dataclass(frozen=True)
class UseFinding:
    """``problem`` is None when the key was one to rely on.

    ``revocation`` has a finding for each certificate of the chain that has a status.
    """

    problem: SubIndication | None
    reason: str | None
    chain: Chain | None = None
    revocation: tuple[tuple[x509.Certificate, RevocationFinding], ...] = ()


class KeyUse:
    """Judges uses of keys against what is trusted."""

    def __init__(
        self, *, trust: Trust, register: StatusRegister | None, policy: ValidationPolicy
    ) -> None:
        self._trust = trust
        self._register = register
        self._policy = policy
        self._chains = ChainBuilder(policy=policy)
        self._evidence = EvidenceReader(policy=policy)

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        purpose: Purpose,
        material: Material,
        moments: Moments,
    ) -> UseFinding:
        """Judge one use."""
        wrong = _wrong_purpose(certificate, purpose)
        if wrong is not None:
            return UseFinding(SubIndication.CHAIN_CONSTRAINTS_FAILURE, wrong)
        chain = self._chains.find(
            certificate,
            anchors=self._trust.anchors_for(purpose, moments.used_at),
            others=(*material.certificates, *self._trust.intermediates),
            at=moments.proven_by,
        )
        if isinstance(chain, NoChain):
            return UseFinding(chain.problem, chain.reason)
        return self._judge_chain(chain, purpose, material, moments)

    def _judge_chain(
        self, chain: Chain, purpose: Purpose, material: Material, moments: Moments
    ) -> UseFinding:
        pool = material.pool + EvidencePool(crls=self._trust.crls)
        findings = []
        for certificate, issuer in chain.with_issuers():
            if is_exempt(certificate):
                continue
            finding = find_revocation(
                self._statements(certificate, issuer, pool),
                moments,
                poe=material.poe,
                skew=self._policy.clock_skew,
                is_time_stamping=purpose is Purpose.TIME_STAMPING,
            )
            findings.append((certificate, finding))
        for certificate, finding in findings:
            if finding.problem is not None:
                problem, reason = finding.problem, finding.reason
                if certificate is not chain.certificates[0]:
                    problem, reason = _of_authority(finding, certificate)
                return UseFinding(problem, reason, chain, tuple(findings))
        return UseFinding(None, None, chain, tuple(findings))

    def _statements(
        self, certificate: x509.Certificate, issuer: x509.Certificate, pool: EvidencePool
    ) -> list[Statement]:
        found = self._evidence.statements(certificate, issuer, pool)
        if self._register is not None:
            stands = self._register.standing(certificate, issuer)
            if stands is not None:
                found.append(stands)
        return found


def _of_authority(
    finding: RevocationFinding, certificate: x509.Certificate
) -> tuple[SubIndication, str]:
    problem = finding.problem or SubIndication.GENERIC
    if problem is SubIndication.REVOKED_NO_POE:
        problem = SubIndication.REVOKED_CA_NO_POE
    return problem, f"{certificate.subject.human_friendly}: {finding.reason}"


def _wrong_purpose(certificate: x509.Certificate, purpose: Purpose) -> str | None:
    key_usage, extended = certificate.key_usage_value, certificate.extended_key_usage_value
    named = set(extended.native) if extended is not None else None
    if purpose is Purpose.TIME_STAMPING:
        # RFC 3161, Section 2.3: this purpose, alone, and critical.
        critical = any(
            one["extn_id"].native == "extended_key_usage" and one["critical"].native
            for one in certificate["tbs_certificate"]["extensions"]
        )
        if named != {"time_stamping"} or not critical:
            return "The certificate of the time-stamp is not one for time-stamping alone."
        return None
    if key_usage is not None and not key_usage.native & {"non_repudiation", "digital_signature"}:
        return "The signer's certificate is not one to sign with."
    if named is not None and not named & _SIGNING_USAGES:
        return "The signer's certificate is not one to sign documents with."
    return None
