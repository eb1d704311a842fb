"""Why a grant is not made, or not honoured."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, Unacceptable


class GrantUnknown(NotFound):
    """There is no grant of this id."""

    problem = "grant-unknown"
    title = "There is no such grant"


class GrantRefused(Unacceptable):
    """The proposal asks for what no grant may give; the detail names it."""

    problem = "grant-refused"
    title = "No such grant can be made"


class OwnGrant(Forbidden):
    """Whoever proposed a grant cannot decide it: two people stand behind every certificate."""

    problem = "own-grant"
    title = "You cannot decide your own proposal"


class GrantDecidedBefore(Conflict):
    """The same officer decided this grant before; a second opinion is another officer's."""

    problem = "grant-decided-before"
    title = "You decided this grant already"


class GrantClosed(Conflict):
    """The grant was decided, withdrawn, or its time ran out before it was decided."""

    problem = "grant-closed"
    title = "This grant is decided already"


class GrantNotActive(Forbidden):
    """The grant waits for officers, was refused or withdrawn, is over, or is another protocol's."""

    problem = "grant-not-active"
    title = "This grant gives nothing now"


class GrantExhausted(Forbidden):
    """As many certificates as the grant allows were issued; renewals are still possible."""

    problem = "grant-exhausted"
    title = "The grant is used up"


class NameNotGranted(Forbidden):
    """The request names a server that the grant does not cover, or none where it has to."""

    problem = "name-not-granted"
    title = "The grant does not cover this name"


class SecretForProposer(Forbidden):
    """The secret is handed over by the officer who proposed the grant, and by no one else."""

    problem = "secret-for-proposer"
    title = "Another officer hands this secret over"
