"""Why a passkey is refused."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable, Unauthenticated


class PasskeyMalformed(Malformed):
    """What the browser sent is no credential of Web Authentication."""

    problem = "passkey-malformed"
    title = "The passkey's answer cannot be read"


class PasskeyRefused(Unauthenticated):
    """The passkey is unknown, removed, another's, or its answer is not for this question.

    Which of these, a stranger is not told.
    """

    problem = "passkey-refused"
    title = "This passkey does not open anything here"


class PasskeyCounterRegressed(Unauthenticated):
    """The passkey counted backwards, as a copy of it would; its holder is shown this."""

    problem = "passkey-counter-regressed"
    title = "This passkey may have been copied"


class ChallengeRefused(Forbidden):
    """The question was never asked here, was answered already, or has run out."""

    problem = "challenge-refused"
    title = "The passkey answered too late, or another question"


class PasskeyNotRegistered(Unacceptable):
    """The new passkey cannot be kept: it does not verify its user, or its key is of no use."""

    problem = "passkey-not-registered"
    title = "This passkey cannot be registered"


class PasskeyExists(Conflict):
    """This very passkey is registered already."""

    problem = "passkey-exists"
    title = "This passkey is registered already"


class PasskeyUnknown(NotFound):
    """There is no passkey of this id that is yours."""

    problem = "passkey-unknown"
    title = "There is no such passkey"


class TooManyPasskeys(Conflict):
    """A principal has as many passkeys as anybody needs; one is removed before the next."""

    problem = "too-many-passkeys"
    title = "You have too many passkeys"


class OwnPasskey(Forbidden):
    """An officer's passkey is confirmed by another person."""

    problem = "own-passkey"
    title = "Another officer confirms your passkey"


class PasskeyNotWaiting(Conflict):
    """The passkey was confirmed or removed before."""

    problem = "passkey-not-waiting"
    title = "This passkey waits for nobody"
