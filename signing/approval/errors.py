"""Why a circulation is not started, and why somebody does not take part in it."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, TooMany, Unacceptable, Unavailable

NOTHING_DONE = "Nothing was changed, and nothing was signed."


class ApprovalUnknown(NotFound):
    """There is no circulation of this id, or it has not come to you."""

    problem = "approval-unknown"
    title = "There is no such circulation"


class ApprovalDocumentGone(NotFound):
    """The document was erased some time after the circulation ended."""

    problem = "approval-document-gone"
    title = "The document was erased"


class ApprovalDocumentAltered(Unavailable):
    """The file on the disk is not the one that was stored; operators put the right one back."""

    problem = "approval-document-altered"
    title = "The document is not the one that was stored"


class ApprovalOver(Conflict):
    """The circulation has ended, or all have acted and it is being sealed; ``state`` says which."""

    problem = "approval-over"
    title = "The circulation is over"


class NotYourTurn(Conflict):
    """You have acted already, or others have to act first."""

    problem = "not-your-turn"
    title = "It is not your turn"


class RoleDiffers(Conflict):
    """Who is to sign does not acknowledge, and who is to acknowledge does not sign."""

    problem = "approval-role-differs"
    title = "Something else is asked of you"


class RevisionMoved(Conflict):
    """Somebody else signed since you opened the document; look at it again, and sign that."""

    problem = "approval-revision-moved"
    title = "The document got another signature meanwhile"


class SigningOutdated(Conflict):
    """What you were about to sign was prepared too long ago, or anew; open the page again."""

    problem = "approval-signing-outdated"
    title = "Too much time has passed"


class SomebodySigns(TooMany):
    """Another signer's signature is being made at this very moment."""

    problem = "approval-somebody-signs"
    title = "Somebody else is signing just now"


class ParticipantAway(Forbidden):
    """The one on whose behalf you act is not in the institution's service any more."""

    problem = "participant-away"
    title = "This person does not serve there any more"


class NoSigningKey(Conflict):
    """The signer has no remote signing key that could sign now."""

    problem = "no-signing-key"
    title = "There is no signing key to sign with"


class ParticipantUnsuitable(Unacceptable):
    """Somebody named is not on the institution's list, or has no sign-in."""

    problem = "participant-unsuitable"
    title = "This person cannot take part"


class CirculationRefused(Unacceptable):
    """The steps, people or deadlines of a circulation do not fit together; the detail says how."""

    problem = "circulation-refused"
    title = "The circulation cannot be started"


class CirculationNotOpen(Forbidden):
    """People of this institution do not start circulations: no seal is set that closes them."""

    problem = "circulation-not-open"
    title = "You cannot start a circulation here"


class TooManyApprovals(Conflict):
    """Too many of the institution's circulations have not ended; ``limit`` says how many may be."""

    problem = "too-many-approvals"
    title = "Too many circulations at once"


class DeputyRefused(Unacceptable):
    """This person cannot be your deputy, or not for this time; the detail says why."""

    problem = "deputy-refused"
    title = "This deputy cannot be named"


class DeputyUnknown(NotFound):
    """There is no such deputy of yours."""

    problem = "deputy-unknown"
    title = "There is no such deputy"


class WordsUnsuitable(Unacceptable):
    """A reason or an opinion is missing, too long, or has characters that nobody sees."""

    problem = "words-unsuitable"
    title = "This text cannot be taken"
