"""Object identifiers by the names that their standards give them, in dotted form."""

from __future__ import annotations

from typing import Final

# X.520 and RFC 5280, Appendix A.1: attributes of distinguished names.
COMMON_NAME: Final = "2.5.4.3"
SURNAME: Final = "2.5.4.4"
SERIAL_NUMBER: Final = "2.5.4.5"
COUNTRY_NAME: Final = "2.5.4.6"
LOCALITY_NAME: Final = "2.5.4.7"
STATE_OR_PROVINCE_NAME: Final = "2.5.4.8"
STREET_ADDRESS: Final = "2.5.4.9"
ORGANIZATION_NAME: Final = "2.5.4.10"
ORGANIZATIONAL_UNIT_NAME: Final = "2.5.4.11"
TITLE: Final = "2.5.4.12"
BUSINESS_CATEGORY: Final = "2.5.4.15"
POSTAL_CODE: Final = "2.5.4.17"
GIVEN_NAME: Final = "2.5.4.42"
PSEUDONYM: Final = "2.5.4.65"
ORGANIZATION_IDENTIFIER: Final = "2.5.4.97"
DOMAIN_COMPONENT: Final = "0.9.2342.19200300.100.1.25"
EMAIL_ADDRESS: Final = "1.2.840.113549.1.9.1"

# RFC 5280, Section 4.2: extensions.
SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
PRIVATE_KEY_USAGE_PERIOD: Final = "2.5.29.16"
SUBJECT_ALTERNATIVE_NAME: Final = "2.5.29.17"
ISSUER_ALTERNATIVE_NAME: Final = "2.5.29.18"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_DISTRIBUTION_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
FRESHEST_CRL: Final = "2.5.29.46"
# RFC 9608
NO_REV_AVAIL: Final = "2.5.29.56"
AUTHORITY_INFORMATION_ACCESS: Final = "1.3.6.1.5.5.7.1.1"
QC_STATEMENTS: Final = "1.3.6.1.5.5.7.1.3"
OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"

# RFC 5280, Section 4.2.1.12, and RFC 6960: extended key usages.
ANY_EXTENDED_KEY_USAGE: Final = "2.5.29.37.0"
SERVER_AUTH: Final = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH: Final = "1.3.6.1.5.5.7.3.2"
CODE_SIGNING: Final = "1.3.6.1.5.5.7.3.3"
EMAIL_PROTECTION: Final = "1.3.6.1.5.5.7.3.4"
TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
# RFC 6402, Section 2.10: a registration authority; RFC 9810, Section 4.5 has CMP's use it.
CMC_RA: Final = "1.3.6.1.5.5.7.3.28"
# RFC 9336: signing of documents.
DOCUMENT_SIGNING: Final = "1.3.6.1.5.5.7.3.36"
# ICAO Doc 9303, VDS-NC: signer of visible digital seals for non-constrained environments.
VDS_NC_SIGNER: Final = "2.23.136.1.1.14.2"
# ICAO Doc 9303-12: the types of document that a signer may sign.
DOCUMENT_TYPE_LIST: Final = "2.23.136.1.1.6.2"

# RFC 2985: attributes of certification requests.
EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"

# RFC 4211, Section 6: controls of certificate requests.
PKI_ARCHIVE_OPTIONS: Final = "1.3.6.1.5.5.7.5.1.4"
OLD_CERT_ID: Final = "1.3.6.1.5.5.7.5.1.5"

# RFC 3739 and ETSI EN 319 412-1, -5: statements in QCStatements.
QCS_PKIX_SYNTAX_V2: Final = "1.3.6.1.5.5.7.11.2"
QCS_SEMANTICS_NATURAL: Final = "0.4.0.194121.1.1"
QCS_SEMANTICS_LEGAL: Final = "0.4.0.194121.1.2"
QCS_COMPLIANCE: Final = "0.4.0.1862.1.1"
QCS_QSCD: Final = "0.4.0.1862.1.4"
QCS_PDS: Final = "0.4.0.1862.1.5"
QCS_TYPE: Final = "0.4.0.1862.1.6"
QCT_ESIGN: Final = "0.4.0.1862.1.6.1"
QCT_ESEAL: Final = "0.4.0.1862.1.6.2"

# Arcs that are examples (X.660: 2.999) or that some clients cannot read (2.25, by UUID).
EXAMPLE_ARC: Final = "2.999"
EXAMPLE_ENTERPRISE: Final = "1.3.6.1.4.1.32473"  # RFC 5612
UUID_ARC: Final = "2.25"

# Key and signature algorithms: RFC 3279, RFC 4055, RFC 5480, RFC 5758, RFC 8410.
RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
SECP256R1: Final = "1.2.840.10045.3.1.7"
SECP384R1: Final = "1.3.132.0.34"
ED25519: Final = "1.3.101.112"
MD2_WITH_RSA: Final = "1.2.840.113549.1.1.2"
MD5_WITH_RSA: Final = "1.2.840.113549.1.1.4"
SHA1_WITH_RSA: Final = "1.2.840.113549.1.1.5"
SHA1_WITH_RSA_OIW: Final = "1.3.14.3.2.29"
SHA256_WITH_RSA: Final = "1.2.840.113549.1.1.11"
SHA384_WITH_RSA: Final = "1.2.840.113549.1.1.12"
SHA512_WITH_RSA: Final = "1.2.840.113549.1.1.13"
ECDSA_WITH_SHA1: Final = "1.2.840.10045.4.1"
ECDSA_WITH_SHA256: Final = "1.2.840.10045.4.3.2"
ECDSA_WITH_SHA384: Final = "1.2.840.10045.4.3.3"
ECDSA_WITH_SHA512: Final = "1.2.840.10045.4.3.4"
