"""QCStatements (RFC 3739, Section 3.2.6; ETSI EN 319 412-1 and -5), in DER.

QcCompliance (0.4.0.1862.1.1) is never among them: it claims qualification under EU law.
"""

from __future__ import annotations

from collections.abc import Mapping

from ca.der import IA5_STRING, PRINTABLE_STRING, SEQUENCE, encode_element, encode_oid
from ca.profiles.definition import QcStatements
from core import oids

_SEMANTICS = {"natural": oids.QCS_SEMANTICS_NATURAL, "legal": oids.QCS_SEMANTICS_LEGAL}
_TYPES = {"esign": oids.QCT_ESIGN, "eseal": oids.QCT_ESEAL}


def encode_qc_statements(wanted: QcStatements, disclosures: Mapping[str, str]) -> bytes:
    """Return the extension's value: semantics, type where there is one, disclosure statements."""
    # ETSI EN 319 412-1, Section 5: SemanticsInformation.
    statements = [
        _statement(
            oids.QCS_PKIX_SYNTAX_V2,
            encode_element(SEQUENCE, encode_oid(_SEMANTICS[wanted.semantics])),
        )
    ]
    if wanted.type is not None:  # ETSI EN 319 412-5, Section 4.2.3
        statements.append(
            _statement(oids.QCS_TYPE, encode_element(SEQUENCE, encode_oid(_TYPES[wanted.type])))
        )
    locations = b"".join(
        encode_element(
            SEQUENCE,
            encode_element(IA5_STRING, url.encode("ascii"))
            + encode_element(PRINTABLE_STRING, language.encode("ascii")),
        )
        for language, url in sorted(disclosures.items())
    )
    # ETSI EN 319 412-5, Section 4.3.4: PdsLocations.
    statements.append(_statement(oids.QCS_PDS, encode_element(SEQUENCE, locations)))
    return encode_element(SEQUENCE, b"".join(statements))


def _statement(oid: str, information: bytes) -> bytes:
    return encode_element(SEQUENCE, encode_oid(oid) + information)
