"""Why the CMP server says no. What each is on the wire, :mod:`enrollment.cmp.failures` says."""

from __future__ import annotations

from core.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    Unacceptable,
    Unauthenticated,
)


class CmpMalformed(Malformed):
    """The body is no PKIMessage in DER (RFC 9810, Section 5.1)."""

    problem = "cmp-malformed"
    title = "This is not a CMP message"


class CmpVersionRefused(Malformed):
    """RFC 9810, Section 7: versions 2 and 3 are spoken."""

    problem = "cmp-version"
    title = "This version of CMP is not spoken here"


class CmpBodyNotOffered(Malformed):
    """A kind of message, or more than one request in it, that the server does not take."""

    problem = "cmp-body-not-offered"
    title = "This kind of CMP message is not answered here"


class CmpRecipientWrong(Malformed):
    """RFC 9483, Section 3.1: the message was meant for somebody else."""

    problem = "cmp-recipient"
    title = "The message is for another recipient"


class CmpTimeRefused(Malformed):
    """RFC 9810, Section 5.1.1: messageTime is too far from the server's clock."""

    problem = "cmp-message-time"
    title = "The message is too old, or from the future"


class CmpSenderNonceRefused(Malformed):
    """RFC 9483, Section 3.1: each message has a fresh nonce of 128 bits."""

    problem = "cmp-sender-nonce"
    title = "The message has no proper nonce"


class CmpRecipientNonceWrong(Malformed):
    """RFC 9483, Section 3.1: a later message repeats the nonce of the answer before."""

    problem = "cmp-recipient-nonce"
    title = "The message does not answer ours"


class CmpProtectionMissing(Unauthenticated):
    """RFC 9483, Section 3.2: every message is protected."""

    problem = "cmp-protection-missing"
    title = "The message is not protected"


class CmpProtectionWrong(Unauthenticated):
    """The MAC or signature does not verify, or belongs to no client."""

    problem = "cmp-protection-wrong"
    title = "The protection of the message does not verify"


class CmpAlgorithmRefused(Unauthenticated):
    """RFC 9481: the algorithm of the protection is not accepted, or its parameters are not."""

    problem = "cmp-algorithm"
    title = "The message's protection algorithm is not accepted"


class CmpSignerRefused(Unauthenticated):
    """The certificate that signed may not sign messages, or is none."""

    problem = "cmp-signer"
    title = "The signer of the message is not accepted"


class CmpProtectionChanged(Unauthenticated):
    """RFC 9483, Section 3.2: a transaction stays with the protection that it began with."""

    problem = "cmp-protection-changed"
    title = "The transaction is protected otherwise"


class CmpTransactionInUse(Conflict):
    """RFC 9810, Section 5.1.1: the transactionID was used before; nothing was done again."""

    problem = "cmp-transaction-in-use"
    title = "This transaction was begun before"


class CmpTransactionUnknown(NotFound):
    """The client has no transaction of this id that waits for such a message."""

    problem = "cmp-transaction-unknown"
    title = "There is no such transaction"


class CmpConfirmedBefore(Conflict):
    """The certificate was confirmed already."""

    problem = "cmp-confirmed-before"
    title = "The certificate is confirmed already"


class CmpNotConfirmed(Conflict):
    """The certificate was rejected, or not confirmed in time, and is revoked."""

    problem = "cmp-not-confirmed"
    title = "The certificate was not confirmed in time"


class CmpCertHashWrong(Unacceptable):
    """RFC 9810, Section 5.3.18: certHash is not that of the certificate issued."""

    problem = "cmp-cert-hash"
    title = "The confirmation is for another certificate"


class CmpNotAuthorized(Forbidden):
    """The client may not have this: another's grant, profile or protocol."""

    problem = "cmp-not-authorized"
    title = "The client's grant does not allow this"


class CmpCertificateUnknown(NotFound):
    """No certificate of this issuer and serial number came by the client's grant."""

    problem = "cmp-certificate-unknown"
    title = "There is no such certificate of yours"


class CmpCertificateRevoked(Conflict):
    """The certificate to be renewed or revoked is revoked, on hold or over already."""

    problem = "cmp-certificate-revoked"
    title = "The certificate does not hold any more"


class CmpUpdateMismatch(Unacceptable):
    """RFC 9483, Section 4.1.3: an update keeps the subject and its names."""

    problem = "cmp-update-mismatch"
    title = "The update is not for the same subject"


class CmpIssuerWrong(Unacceptable):
    """The template names an authority that does not issue certificates of this grant."""

    problem = "cmp-issuer"
    title = "Another authority issues these certificates"


class CmpReasonRefused(Unacceptable):
    """RFC 5280, Section 5.3.1: a reason that is an authority's or an officer's to say."""

    problem = "cmp-reason"
    title = "This is no reason for a holder to revoke with"
