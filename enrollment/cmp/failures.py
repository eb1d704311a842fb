"""What a refusal is in CMP: the one table from our errors to PKIFailureInfo (RFC 9810, 5.2.3)."""

from __future__ import annotations

from enum import IntEnum

from ca.csr.refusals import CsrSignatureWrong
from ca.csr.template_refusals import PossessionNotProven
from ca.revocation.errors import AlreadyRevoked, CertificateExpired
from core.errors import (
    CamtrustError,
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    TooMany,
    Unacceptable,
    Unauthenticated,
    Unavailable,
)
from enrollment.cmp.errors import (
    CmpAlgorithmRefused,
    CmpBodyNotOffered,
    CmpCertHashWrong,
    CmpCertificateRevoked,
    CmpCertificateUnknown,
    CmpConfirmedBefore,
    CmpIssuerWrong,
    CmpNotConfirmed,
    CmpProtectionChanged,
    CmpReasonRefused,
    CmpRecipientNonceWrong,
    CmpRecipientWrong,
    CmpSenderNonceRefused,
    CmpSignerRefused,
    CmpTimeRefused,
    CmpTransactionInUse,
    CmpVersionRefused,
)
from enrollment.errors import (
    ClientCertificateExpired,
    ClientCertificateForeign,
    ClientCertificateMalformed,
    ClientCertificateRevoked,
)


class FailureInfo(IntEnum):
    """The bits of PKIFailureInfo that are used here, by their numbers."""

    BAD_ALG = 0
    BAD_MESSAGE_CHECK = 1
    BAD_REQUEST = 2
    BAD_TIME = 3
    BAD_CERT_ID = 4
    BAD_DATA_FORMAT = 5
    WRONG_AUTHORITY = 6
    BAD_POP = 9
    CERT_REVOKED = 10
    CERT_CONFIRMED = 11
    WRONG_INTEGRITY = 12
    BAD_RECIPIENT_NONCE = 13
    BAD_SENDER_NONCE = 18
    BAD_CERT_TEMPLATE = 19
    SIGNER_NOT_TRUSTED = 20
    TRANSACTION_ID_IN_USE = 21
    UNSUPPORTED_VERSION = 22
    NOT_AUTHORIZED = 23
    SYSTEM_UNAVAIL = 24
    SYSTEM_FAILURE = 25


# The first class that a refusal is an instance of decides; categories stand last.
FAILURES: tuple[tuple[type[CamtrustError], FailureInfo], ...] = (
    (CmpVersionRefused, FailureInfo.UNSUPPORTED_VERSION),
    (CmpBodyNotOffered, FailureInfo.BAD_REQUEST),
    (CmpRecipientWrong, FailureInfo.WRONG_AUTHORITY),
    (CmpTimeRefused, FailureInfo.BAD_TIME),
    (CmpSenderNonceRefused, FailureInfo.BAD_SENDER_NONCE),
    (CmpRecipientNonceWrong, FailureInfo.BAD_RECIPIENT_NONCE),
    (CmpAlgorithmRefused, FailureInfo.BAD_ALG),
    (CmpSignerRefused, FailureInfo.SIGNER_NOT_TRUSTED),
    (ClientCertificateMalformed, FailureInfo.BAD_DATA_FORMAT),
    (ClientCertificateForeign, FailureInfo.SIGNER_NOT_TRUSTED),
    (ClientCertificateExpired, FailureInfo.SIGNER_NOT_TRUSTED),
    (ClientCertificateRevoked, FailureInfo.SIGNER_NOT_TRUSTED),
    (CmpProtectionChanged, FailureInfo.WRONG_INTEGRITY),
    (CmpTransactionInUse, FailureInfo.TRANSACTION_ID_IN_USE),
    (CmpConfirmedBefore, FailureInfo.CERT_CONFIRMED),
    (CmpNotConfirmed, FailureInfo.CERT_REVOKED),
    (CmpCertHashWrong, FailureInfo.BAD_CERT_ID),
    (CmpCertificateUnknown, FailureInfo.BAD_CERT_ID),
    (CmpCertificateRevoked, FailureInfo.CERT_REVOKED),
    (AlreadyRevoked, FailureInfo.CERT_REVOKED),
    (CertificateExpired, FailureInfo.BAD_CERT_ID),
    (CmpIssuerWrong, FailureInfo.WRONG_AUTHORITY),
    (CmpReasonRefused, FailureInfo.BAD_REQUEST),
    (CsrSignatureWrong, FailureInfo.BAD_POP),
    (PossessionNotProven, FailureInfo.BAD_POP),
    (Malformed, FailureInfo.BAD_DATA_FORMAT),
    (Unauthenticated, FailureInfo.BAD_MESSAGE_CHECK),
    (Forbidden, FailureInfo.NOT_AUTHORIZED),
    (NotFound, FailureInfo.BAD_REQUEST),
    (Conflict, FailureInfo.BAD_CERT_TEMPLATE),
    (Unacceptable, FailureInfo.BAD_CERT_TEMPLATE),
    (TooMany, FailureInfo.SYSTEM_UNAVAIL),
    (Unavailable, FailureInfo.SYSTEM_UNAVAIL),
    (CamtrustError, FailureInfo.SYSTEM_FAILURE),
)


def failure_of(error: CamtrustError) -> FailureInfo:
    """Return the bit that names a refusal."""
    return next(bit for kind, bit in FAILURES if isinstance(error, kind))


def status_text(error: CamtrustError) -> str:
    """Return what stands in statusString: what was wrong, and what was kept."""
    words = (f"{error.title}.", error.detail, error.kept)
    return " ".join(one for one in words if one)
