"""Why a certification request is refused: one class, and one stable problem, for each defect."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable

KEPT = "Nothing was stored and no certificate was issued."


class CsrMalformed(Malformed):
    """The bytes are no PKCS #10 request (RFC 2986, Section 4)."""

    problem = "csr-malformed"
    title = "This is not a certificate request"


class CsrPemMalformed(CsrMalformed):
    """The PEM armour is broken (RFC 7468)."""

    problem = "csr-pem-malformed"
    title = "The PEM text of the request is broken"


class CsrTruncated(CsrMalformed):
    """The request ends too early."""

    problem = "csr-truncated"
    title = "The request is cut off"


class CsrTrailingData(CsrMalformed):
    """Something follows after the request."""

    problem = "csr-trailing-data"
    title = "Something follows after the request"


class CsrTooLarge(CsrMalformed):
    """The request is larger than any honest one."""

    problem = "csr-too-large"
    title = "The request is too large"


class CsrDuplicateAttribute(CsrMalformed):
    """An attribute stands twice, in the request or in its subject."""

    problem = "csr-duplicate-attribute"
    title = "The request has an attribute twice"


class CsrDuplicateExtension(CsrMalformed):
    """An extension is requested twice (RFC 5280, Section 4.2)."""

    problem = "csr-duplicate-extension"
    title = "The request asks for an extension twice"


class CsrKeyMalformed(CsrMalformed):
    """The public key in the request cannot be read."""

    problem = "csr-key-malformed"
    title = "The key in the request cannot be read"


class CsrStringTypeRefused(Unacceptable):
    """A name is written in a string type that is no longer used (RFC 5280, Section 4.1.2.4)."""

    problem = "csr-string-type"
    title = "A name in the request has an outdated string type"


class CsrNameCharacterRefused(Unacceptable):
    """A name has a NUL, a control or an invisible character."""

    problem = "csr-name-character"
    title = "A name in the request has a character that is not allowed"


class CsrBidiRefused(CsrNameCharacterRefused):
    """A name has a character that turns the writing direction."""

    problem = "csr-name-bidi"
    title = "A name in the request turns its writing direction"


class CsrNameTooLong(Unacceptable):
    """A name is longer than its attribute allows."""

    problem = "csr-name-too-long"
    title = "A name in the request is too long"


class CsrSignatureWrong(Unacceptable):
    """The request's signature does not verify: possession of the key is not proven."""

    problem = "csr-signature-wrong"
    title = "The signature of the request is wrong"


class CsrWeakSignature(Unacceptable):
    """The request is signed with MD5 or SHA-1."""

    problem = "csr-weak-signature"
    title = "The request is signed with an outdated hash"


class CsrSignatureAlgorithmRefused(Unacceptable):
    """The signature algorithm is none that is read here, or is not one of the key's."""

    problem = "csr-signature-algorithm"
    title = "The signature algorithm of the request is not accepted"


class CsrKeyTypeRefused(Unacceptable):
    """The key is of a type that no profile takes."""

    problem = "csr-key-type"
    title = "This type of key is not accepted"


class CsrRsaTooSmall(Unacceptable):
    """The RSA modulus has fewer than 3,072 bits."""

    problem = "csr-rsa-too-small"
    title = "The RSA key is too small"


class CsrRsaTooLarge(Unacceptable):
    """The RSA modulus has more than 8,192 bits."""

    problem = "csr-rsa-too-large"
    title = "The RSA key is too large"


class CsrRsaExponentRefused(Unacceptable):
    """The public exponent is even, below 65,537 or absurdly large."""

    problem = "csr-rsa-exponent"
    title = "The exponent of the RSA key is not accepted"


class CsrCurveRefused(Unacceptable):
    """The curve is neither P-256 nor P-384, or is spelled out instead of named."""

    problem = "csr-curve"
    title = "The curve of the key is not accepted"


class CsrPointRefused(Unacceptable):
    """The point is not on its curve, is of small order, or is written in compressed form."""

    problem = "csr-point"
    title = "The key is no point of its curve"
