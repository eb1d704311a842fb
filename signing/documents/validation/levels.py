"""The level of a signature (ETSI EN 319 142-1, Section 6; EN 319 122-1, Section 6).

A level is what is there and can be relied on, not what somebody claims: a time-stamp that proves
nothing lifts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from signing.documents.validation.chains import Chain
from signing.documents.validation.evidence import EvidencePool, EvidenceReader
from signing.documents.validation.exemptions import is_exempt
from signing.documents.validation.judging import SignatureFinding
from signing.documents.validation.material import Material
from signing.documents.validation.signed_message import SignedMessage
from signing.documents.validation.time_stamps import Kind, TimeStampFinding


class Level(StrEnum):
    """The four baseline levels."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"


def level_of(
    message: SignedMessage,
    finding: SignatureFinding,
    *,
    is_baseline_format: bool,
    embedded: Material,
    covered_by: Sequence[TimeStampFinding],
    reader: EvidenceReader,
) -> Level | None:
    """Return the level, or None for a signature that is not even of level B-B.

    ``embedded`` is what the document itself holds: with anything else it would be no level of it.
    """
    if not is_baseline_format or not _has_signing_certificate(message):
        return None
    proving = [one for one in finding.time_stamps if one.proves and one.kind is Kind.SIGNATURE]
    archiving = [one for one in covered_by if one.proves]
    if not proving and not archiving:
        return Level.B_B
    # What lies in the store was put there before the time-stamp that archives it, so a time-stamp
    # that stands alone makes B-T, whichever of the two it is.
    chains = [finding.use.chain if finding.use else None]
    chains += [one.use.chain if one.use else None for one in proving or archiving[:1]]
    if not all(_is_documented(chain, embedded, reader) for chain in chains):
        return Level.B_T
    return Level.B_LTA if archiving and _archives(archiving, proving) else Level.B_LT


def _archives(archiving: Sequence[TimeStampFinding], proving: Sequence[TimeStampFinding]) -> bool:
    return bool(proving) or len(archiving) > 1


def _has_signing_certificate(message: SignedMessage) -> bool:
    return any(
        message.signed_attribute(name) is not None
        for name in ("signing_certificate_v2", "signing_certificate")
    )


def _is_documented(chain: Chain | None, embedded: Material, reader: EvidenceReader) -> bool:
    """Tell whether the document says of every certificate of a chain that it was not revoked."""
    if chain is None:
        return False
    pool: EvidencePool = embedded.pool
    return all(
        is_exempt(certificate) or bool(reader.statements(certificate, issuer, pool))
        for certificate, issuer in chain.with_issuers()
    )
