"""What ACME refuses, each with its error type (RFC 8555, Section 6.7; RFC 9773, Section 7.4)."""

from __future__ import annotations

from typing import ClassVar

from core.errors import Conflict, Forbidden, Malformed, NotFound


class JwsMalformed(Malformed):
    """The body is no flattened JWS as RFC 8555, Section 6.2, wants it."""

    problem = "acme-jws-malformed"
    title = "The JWS cannot be read"


class JwsSignatureWrong(Malformed):
    """The JWS is not signed with the key that it names."""

    problem = "acme-jws-signature-wrong"
    title = "The signature of the JWS does not verify"


class JwsAlgorithmRefused(Malformed):
    """The JWS is signed with an algorithm that is not accepted; `algorithms` are."""

    problem = "acme-jws-algorithm"
    title = "This signature algorithm is not accepted"
    acme_type: ClassVar[str] = "badSignatureAlgorithm"


class AccountKeyRefused(Malformed):
    """The JWK is not of an accepted type, or too weak."""

    problem = "acme-account-key"
    title = "This account key is not accepted"
    acme_type: ClassVar[str] = "badPublicKey"


class UrlMismatch(Forbidden):
    """The JWS was signed for another URL than the one that it was sent to."""

    problem = "acme-url-mismatch"
    title = "The JWS is for another URL"


class BadNonce(Malformed):
    """The nonce was used before, ran out, or is none of ours; the answer carries a fresh one."""

    problem = "acme-bad-nonce"
    title = "The nonce cannot be used"
    acme_type: ClassVar[str] = "badNonce"


class PayloadMalformed(Malformed):
    """The payload of the JWS is not what this resource takes."""

    problem = "acme-payload-malformed"
    title = "The payload cannot be read"


class AccountUnknown(Malformed):
    """No account has this key, or this URL."""

    problem = "acme-account-unknown"
    title = "There is no such account"
    acme_type: ClassVar[str] = "accountDoesNotExist"


class AccountClosed(Forbidden):
    """The account was deactivated."""

    problem = "acme-account-closed"
    title = "The account is deactivated"


class AccountKeyInUse(Conflict):
    """The new key already belongs to an account; `account` is its URL."""

    problem = "acme-account-key-in-use"
    title = "This key belongs to an account"


class BindingMissing(Forbidden):
    """A new account has to be bound to a grant (RFC 8555, Section 7.3.4)."""

    problem = "acme-binding-missing"
    title = "An external account binding is needed"
    acme_type: ClassVar[str] = "externalAccountRequired"


class BindingRefused(Forbidden):
    """The external account binding names no usable grant, or its MAC is wrong."""

    problem = "acme-binding-refused"
    title = "The external account binding is not accepted"


class TermsNotAgreed(Forbidden):
    """The terms of service, which the directory names, have to be agreed to."""

    problem = "acme-terms-not-agreed"
    title = "The terms of service were not agreed to"
    acme_type: ClassVar[str] = "userActionRequired"


class ContactRefused(Malformed):
    """A contact is not a plain mailto: URL of one address."""

    problem = "acme-contact-refused"
    title = "A contact cannot be used"
    acme_type: ClassVar[str] = "invalidContact"


class ContactSchemeRefused(Malformed):
    """Contacts are mail addresses here."""

    problem = "acme-contact-scheme"
    title = "Contacts of this kind are not used"
    acme_type: ClassVar[str] = "unsupportedContact"


class IdentifierTypeRefused(Malformed):
    """Only identifiers of type dns are certified."""

    problem = "acme-identifier-type"
    title = "Identifiers of this type are not certified"
    acme_type: ClassVar[str] = "unsupportedIdentifier"


class IdentifierRefused(Forbidden):
    """A name is none that the account's grant covers, or has a form that is not certified."""

    problem = "acme-identifier-refused"
    title = "A name is not granted to this account"
    acme_type: ClassVar[str] = "rejectedIdentifier"


class ProfileNotGranted(Forbidden):
    """The order asks for another profile than the account's grant has."""

    problem = "acme-profile-not-granted"
    title = "This profile is not granted to this account"
    acme_type: ClassVar[str] = "invalidProfile"


class ValidityRefused(Malformed):
    """The order asks for a validity that cannot be had."""

    problem = "acme-validity-refused"
    title = "This validity cannot be had"


class ReplacedRefused(Malformed):
    """`replaces` names no certificate that this order could replace (RFC 9773, Section 5)."""

    problem = "acme-replaced-refused"
    title = "The certificate to be replaced does not fit"


class AlreadyReplaced(Conflict):
    """Another order has replaced this certificate (RFC 9773, Section 5)."""

    problem = "acme-already-replaced"
    title = "The certificate has been replaced"
    acme_type: ClassVar[str] = "alreadyReplaced"


class ResourceUnknown(NotFound):
    """There is nothing under this URL that this account may see."""

    problem = "acme-resource-unknown"
    title = "There is no such resource"


class OrderNotReady(Forbidden):
    """The order is not in a state in which it can be finalized."""

    problem = "acme-order-not-ready"
    title = "The order is not ready"
    acme_type: ClassVar[str] = "orderNotReady"


class OrderCsrRefused(Malformed):
    """The certification request does not fit the order; `refusal` says by which rule."""

    problem = "acme-csr-refused"
    title = "The certification request does not fit the order"
    acme_type: ClassVar[str] = "badCSR"


class RevocationNotAllowed(Forbidden):
    """The signer holds neither the account, nor the key, nor all names of the certificate."""

    problem = "acme-revocation-not-allowed"
    title = "This certificate is not yours to revoke"


class ReasonCodeRefused(Malformed):
    """Not a reason code that the holder of a certificate may give."""

    problem = "acme-reason-code-refused"
    title = "This reason cannot be given"
    acme_type: ClassVar[str] = "badRevocationReason"
