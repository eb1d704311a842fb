"""Why an objection is not taken or answered."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound


class ObjectionUnknown(NotFound):
    """There is no objection of this id that you may see."""

    problem = "objection-unknown"
    title = "There is no such objection"


class ObjectionMalformed(Malformed):
    """An objection says in words what is wrong; an answer says why."""

    problem = "objection-malformed"
    title = "Say in words what is wrong"


class ObjectionAnswered(Conflict):
    """Another officer answered this before."""

    problem = "objection-answered"
    title = "This objection is answered already"


class OwnObjection(Forbidden):
    """Who raised an objection does not answer it, in no other role either."""

    problem = "own-objection"
    title = "You cannot answer your own objection"
