"""Why the constraints refuse a certificate: each rule has its own problem."""

from __future__ import annotations

from core.errors import Unacceptable

KEPT = "No certificate was issued; correct the request and ask again."


class KeyTypeNotAllowed(Unacceptable):
    """The profile does not take keys of this type."""

    problem = "key-type-not-allowed"
    title = "This kind of certificate does not take such a key"


class WeakKey(Unacceptable):
    """The key was made by a generator that is known to be broken."""

    problem = "key-weak"
    title = "This key is weak"


class CompromisedKey(Unacceptable):
    """The private half of the key is known to others."""

    problem = "key-compromised"
    title = "This key is known to be compromised"


class AuthorityRequested(Unacceptable):
    """The request asks to become a certification authority."""

    problem = "authority-requested"
    title = "The request asks for a certification authority"


class ExtensionNotAllowed(Unacceptable):
    """The request asks for an extension that the profile never takes."""

    problem = "extension-not-allowed"
    title = "The request asks for a foreign extension"


class NameNotAuthorized(Unacceptable):
    """The request asks for a name that was not decided."""

    problem = "name-not-authorized"
    title = "The request asks for a name that was not approved"


class FactMissing(Unacceptable):
    """The profile needs a fact about the subject that is not there."""

    problem = "fact-missing"
    title = "Something about the subject is missing"


class NameFormRefused(Unacceptable):
    """A name has not the form that its attribute or the profile asks for."""

    problem = "name-form"
    title = "A name has the wrong form"


class NameCharacterRefused(Unacceptable):
    """A name has a character that no name may have."""

    problem = "name-character"
    title = "A name has a character that is not allowed"


class NameTooLong(Unacceptable):
    """A name is longer than its attribute allows."""

    problem = "name-too-long"
    title = "A name is too long"


class ValidityRefused(Unacceptable):
    """The validity is empty, in the past, or longer than the profile's."""

    problem = "validity-refused"
    title = "The validity asked for is not possible"


class ValidityOutsideIssuer(Unacceptable):
    """The certificate would outlive its issuer's (RFC 5280, Section 6.1.3)."""

    problem = "validity-outside-issuer"
    title = "The certificate would outlive its issuer"


class IssuerKeyPeriodOver(Unacceptable):
    """The issuer's key is not, or no longer, used for signing (RFC 3280, Section 4.2.1.4)."""

    problem = "issuer-key-period-over"
    title = "The issuer's key is no longer used"


class IssuerMayNotIssue(Unacceptable):
    """The issuer's own certificate does not allow it to issue this one."""

    problem = "issuer-may-not-issue"
    title = "The issuer may not issue this certificate"
