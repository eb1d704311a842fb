"""Object identifiers of OCSP, as DER: RFC 6960, Appendix B.1, and RFC 5754."""

from __future__ import annotations

from typing import Final

_ID_PKIX_OCSP: Final = bytes.fromhex("06092b06010505073001")

BASIC: Final = _ID_PKIX_OCSP + b"\x01"
NONCE: Final = _ID_PKIX_OCSP + b"\x02"
ACCEPTABLE_RESPONSES: Final = _ID_PKIX_OCSP + b"\x04"
ARCHIVE_CUTOFF: Final = _ID_PKIX_OCSP + b"\x06"
SERVICE_LOCATOR: Final = _ID_PKIX_OCSP + b"\x07"
PREFERRED_SIGNATURE_ALGORITHMS: Final = _ID_PKIX_OCSP + b"\x08"
EXTENDED_REVOKE: Final = _ID_PKIX_OCSP + b"\x09"

SHA1: Final = bytes.fromhex("06052b0e03021a")
SHA256: Final = bytes.fromhex("0609608648016503040201")
