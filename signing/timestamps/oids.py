"""Object identifiers of time-stamps, as DER."""

from __future__ import annotations

from typing import Final

from ca.der import encode_oid

# RFC 5652, Sections 5.1, 11.1 and 11.2.
SIGNED_DATA: Final = encode_oid("1.2.840.113549.1.7.2")
CONTENT_TYPE: Final = encode_oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = encode_oid("1.2.840.113549.1.9.4")
# RFC 3161, Section 2.4.2.
TST_INFO: Final = encode_oid("1.2.840.113549.1.9.16.1.4")
# RFC 5035, Section 3.
SIGNING_CERTIFICATE_V2: Final = encode_oid("1.2.840.113549.1.9.16.2.47")
