"""How keys and tokens refuse."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable, Unavailable


class KeyNotFound(NotFound):
    """No such key was ever recorded, or its token answers and does not hold it."""

    problem = "key-not-found"
    title = "There is no such key"


class KeyNotActive(Conflict):
    """The key's state forbids its use: only an active key signs."""

    problem = "key-not-active"
    title = "The key is not active"


class KeyStateRefused(Conflict):
    """NIST SP 800-57 Part 1, Section 7 knows no such step between two key states."""

    problem = "key-state-refused"
    title = "A key cannot change its state so"


class KeyNotWrappable(Forbidden):
    """The key's policy does not let it leave its token, even wrapped."""

    problem = "key-not-wrappable"
    title = "This key never leaves its token"


class AlgorithmNotOffered(Unacceptable):
    """The token does not offer this key type, or the key does not sign in this way."""

    problem = "algorithm-not-offered"
    title = "The token does not offer this algorithm"


class TokenUnavailable(Unavailable):
    """The token does not answer; the same call may succeed when it is back."""

    problem = "token-unavailable"
    title = "A token is away"


class WrongPin(Unavailable):
    """The token refused the PIN that the settings point at."""

    problem = "wrong-pin"
    title = "The token refused its PIN"


class PinMissing(Unavailable):
    """The place where the PIN should be holds none."""

    problem = "pin-missing"
    title = "The PIN of a token is not there"


class UriMalformed(Malformed):
    """Not a PKCS #11 URI (RFC 7512), or one that carries a PIN. Its text is never repeated."""

    problem = "pkcs11-uri-malformed"
    title = "Not a usable PKCS #11 URI"


class PrivateKeyStays(Forbidden):
    """A key in a token was asked for more than a signature."""

    problem = "private-key-stays"
    title = "The private key stays in its token"


class WrappedKeyDamaged(Conflict):
    """A wrapped key's blob does not open under the key-encryption key it names."""

    problem = "wrapped-key-damaged"
    title = "A wrapped key cannot be opened"
