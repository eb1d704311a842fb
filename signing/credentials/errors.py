"""Why a key does not sign, and why one is not opened."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, TooMany, Unacceptable

NOTHING_SIGNED = "Nothing was signed."
NOTHING_CHANGED = "Nothing was changed."


class CredentialUnknown(NotFound):
    """There is no signing key of this id, or it is not yours."""

    problem = "credential-unknown"
    title = "There is no such signing key"


class CredentialExists(Conflict):
    """A signing key of this id was made before."""

    problem = "credential-exists"
    title = "This signing key exists already"


class TooManyCredentials(Conflict):
    """The holder has as many signing keys as anybody needs; one is destroyed before the next."""

    problem = "too-many-credentials"
    title = "There are too many signing keys"


class CredentialStateRefused(Conflict):
    """The signing key's state forbids this: it is suspended, locked or destroyed."""

    problem = "credential-state-refused"
    title = "The signing key's state forbids this"


class CredentialLocked(Forbidden):
    """Too many wrong PINs came. Only an officer opens the key again, or a new key replaces it."""

    problem = "credential-locked"
    title = "The signing key is locked"


class PinRefused(Forbidden):
    """The PIN is wrong. ``tries_left`` says how many more lock the key."""

    problem = "pin-refused"
    title = "The PIN is wrong"


class PinBusy(TooMany):
    """As many PINs as would lock the key are being tried at this very moment."""

    problem = "pin-busy"
    title = "Wait until the other attempts have ended"


class PinUnsuitable(Unacceptable):
    """The new PIN is too short, too long or too easily guessed."""

    problem = "pin-unsuitable"
    title = "This PIN cannot be used"


class SecondFactorRefused(Forbidden):
    """The second factor did not confirm this: no passkey or program answered for exactly it."""

    problem = "second-factor-refused"
    title = "The second factor did not confirm this"


class CertificateMissing(Conflict):
    """No certificate has been issued for the key yet; without one a signature says nothing."""

    problem = "signing-certificate-missing"
    title = "The signing key has no certificate yet"


class CertificateNotValid(Conflict):
    """The key's certificate is expired, revoked or suspended, or not valid yet."""

    problem = "signing-certificate-not-valid"
    title = "The signing certificate is not valid"


class AuthorizationMalformed(Malformed):
    """The list of hashes cannot be authorized: it is empty, repeats one, or has a wrong length."""

    problem = "authorization-malformed"
    title = "The list of hashes cannot be read"


class TooManySignatures(Unacceptable):
    """More signatures are asked for at once than one authorization gives."""

    problem = "too-many-signatures"
    title = "Too many signatures in one authorization"


class NotAuthorized(Forbidden):
    """The signature activation data is unknown, over, used up, or for another key or program."""

    problem = "signature-not-authorized"
    title = "These signatures are not authorized"


class HashNotAuthorized(NotAuthorized):
    """A hash was not authorized, or was signed before under this authorization."""

    problem = "hash-not-authorized"
    title = "A hash is not authorized"


class TooManyUnlockings(Forbidden):
    """The holder opened the key as often as holders may; an officer can open it."""

    problem = "too-many-unlockings"
    title = "An officer has to open this key"
