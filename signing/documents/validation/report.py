"""The report of a validation: a value, whatever it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509

from signing.documents.validation.chains import Chain
from signing.documents.validation.changes import Change, Permissions
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.levels import Level
from signing.documents.validation.revocation import RevocationFinding
from signing.documents.validation.signed_message import SignedMessage
from signing.documents.validation.time_stamps import TimeStampFinding


@dataclass(frozen=True)
class TimeStampReport:
    """One time-stamp; ``field`` and ``revision`` are those of a document time-stamp."""

    finding: TimeStampFinding
    field: str | None = None
    revision: int | None = None
    changes: tuple[Change, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        one = self.finding
        return {
            "kind": one.kind.value,
            "time": instant(one.time),
            "authority": person(one.authority),
            "proves": one.proves,
            "integrity": one.integrity.value,
            "sub_indication": one.problem.value if one.problem else None,
            "reason": one.reason,
            "field": self.field,
            "revision": self.revision + 1 if self.revision is not None else None,
            "changes": [change.facts() for change in self.changes],
            "chain": chain_facts(one.use.chain if one.use else None),
        }


@dataclass(frozen=True)
class SignatureReport:
    """One signature.

    ``format`` is PAdES, PKCS7 (a PDF signature that is none of PAdES), CAdES or CMS. ``stated`` is
    what the signature's dictionary says of itself, which nobody checked.
    """

    format: str
    message: SignedMessage | None
    verdict: Verdict
    sub_indication: SubIndication | None
    reason: str | None
    integrity: Integrity
    integrity_reason: str | None
    claimed_at: datetime | None = None
    proven_at: datetime | None = None
    level: Level | None = None
    field: str | None = None
    revision: int | None = None
    covers_whole_file: bool = False
    permissions: Permissions | None = None
    changes: tuple[Change, ...] = ()
    time_stamps: tuple[TimeStampReport, ...] = ()
    chain: Chain | None = None
    revocation: tuple[tuple[x509.Certificate, RevocationFinding], ...] = ()
    stated: dict[str, str] | None = None

    @property
    def signer(self) -> x509.Certificate | None:
        """The signer's certificate, if it came along."""
        return self.message.signer_certificate if self.message is not None else None

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "field": self.field,
            "revision": self.revision + 1 if self.revision is not None else None,
            "format": self.format,
            "level": self.level.value if self.level else None,
            "verdict": self.verdict.value,
            "sub_indication": self.sub_indication.value if self.sub_indication else None,
            "reason": self.reason,
            "integrity": self.integrity.value,
            "integrity_reason": self.integrity_reason,
            "signer": person(self.signer),
            "claimed_time": instant(self.claimed_at),
            "proven_time": instant(self.proven_at),
            "time_stamps": [one.facts() for one in self.time_stamps],
            "covers_whole_file": self.covers_whole_file,
            "permissions": self.permissions.facts() if self.permissions else None,
            "changes": [one.facts() for one in self.changes],
            "chain": chain_facts(self.chain),
            "revocation": [_revocation_facts(*one) for one in self.revocation],
            "stated": self.stated or {},
        }


@dataclass(frozen=True)
class ValidationReport:
    """What was found of a document, by which policy and for which time."""

    name: str
    sha256: str
    octets: int
    kind: str
    policy: str
    validated_at: datetime
    verdict: Verdict
    sub_indication: SubIndication | None
    reason: str | None
    signatures: tuple[SignatureReport, ...]
    time_stamps: tuple[TimeStampReport, ...] = ()
    revisions: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "verdict": self.verdict.value,
            "sub_indication": self.sub_indication.value if self.sub_indication else None,
            "reason": self.reason,
            "validated_at": instant(self.validated_at),
            "policy": self.policy,
            "document": {
                "name": self.name,
                "kind": self.kind,
                "sha256": self.sha256,
                "octets": self.octets,
                "revisions": self.revisions,
            },
            "signatures": [one.facts() for one in self.signatures],
            "time_stamps": [one.facts() for one in self.time_stamps],
        }


def instant(moment: datetime | None) -> str | None:
    """Return a moment in UTC as RFC 3339 writes it."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def person(certificate: x509.Certificate | None) -> dict[str, Any] | None:
    """Return whom a certificate names."""
    if certificate is None:
        return None
    named = certificate.subject.native
    return {
        "name": _first(named.get("common_name")) or certificate.subject.human_friendly,
        "organization": _first(named.get("organization_name")),
        "subject": certificate.subject.human_friendly,
        "issuer": certificate.issuer.human_friendly,
        "serial_number": f"{certificate.serial_number:x}",
        "not_before": instant(certificate.not_valid_before),
        "not_after": instant(certificate.not_valid_after),
        "certificate_sha256": certificate.sha256.hex(),
    }


def chain_facts(chain: Chain | None) -> dict[str, Any] | None:
    """Return a chain by names, with where its anchor is from."""
    if chain is None:
        return None
    return {
        "certificates": [one.subject.human_friendly for one in chain.certificates],
        "anchor": chain.anchor.certificate.subject.human_friendly,
        "anchor_sha256": chain.anchor.certificate.sha256.hex(),
        "source": chain.anchor.source,
    }


def _revocation_facts(certificate: x509.Certificate, finding: RevocationFinding) -> dict[str, Any]:
    one = finding.statement
    return {
        "certificate": certificate.subject.human_friendly,
        "sub_indication": finding.problem.value if finding.problem else None,
        "source": one.source.value if one else None,
        "issued_at": instant(one.issued_at) if one else None,
        "revoked_at": instant(one.revoked_at) if one else None,
        "reason": one.reason if one else None,
    }


def _first(value: Any) -> str | None:
    if isinstance(value, list):
        return str(value[0]) if value else None
    return str(value) if value is not None else None
