"""What a verifier says of a code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signing.passes.formats.opened import Subject
from signing.passes.pass_format import PassFormat
from signing.passes.statuses import Status
from signing.passes.trust.signers import Signer


@dataclass(frozen=True)
class Verdict:
    """One status, every reason, and what was believed.

    ``subject``, ``identifier``, ``signer`` and ``notes`` are there only where the signature is
    right: whatever an unknown signer says of a person is not repeated. ``format``, ``kind``,
    ``issuer`` and the times are what the code claims, as far as it could be read.
    """

    status: Status
    reasons: tuple[str, ...]
    at: datetime
    format: PassFormat | None = None
    kind: str | None = None
    issuer: str | None = None
    subject: Subject | None = None
    identifier: str | None = None
    signer: Signer | None = None
    issued_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Tell whether the pass is genuine, unaltered and in force."""
        return self.status is Status.VERIFIED

    def facts(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        return {
            "status": self.status.value,
            "reasons": list(self.reasons),
            "format": self.format,
            "kind": self.kind,
            "issuer": self.issuer,
            "subject": _subject(self.subject),
            "identifier": self.identifier,
            "signer": _signer(self.signer),
            "issued": _instant(self.issued_at),
            "valid_from": _instant(self.not_before),
            "expires": _instant(self.expires_at),
            "at": _instant(self.at),
            "notes": list(self.notes),
        }


def _subject(subject: Subject | None) -> dict[str, str] | None:
    if subject is None:
        return None
    return {name: value for name, value in vars(subject).items() if value is not None}


def _signer(signer: Signer | None) -> dict[str, Any] | None:
    if signer is None:
        return None
    certificate = signer.certificate
    return {
        "issuer": signer.issuer,
        "name": certificate.subject if certificate is not None else None,
        "thumbprint": signer.thumbprint,
        "valid_from": _instant(certificate.not_before) if certificate is not None else None,
        "valid_until": _instant(certificate.not_after) if certificate is not None else None,
        "source": signer.source,
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
