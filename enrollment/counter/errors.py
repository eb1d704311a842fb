"""Why a person is not served at a counter."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unacceptable


class NotIdentified(Unacceptable):
    """The identity document is not valid, or the face was not compared with its photo."""

    problem = "not-identified"
    title = "This person is not identified"


class VisitUnknown(NotFound):
    """There is no such visit, or it is another officer's."""

    problem = "visit-unknown"
    title = "There is no such visit"


class VisitOver(Conflict):
    """A person is served for half an hour after they were identified, and not later."""

    problem = "visit-over"
    title = "This visit is over"


class OwnVisit(Conflict):
    """Officers do not serve themselves: another one identifies them."""

    problem = "own-visit"
    title = "You cannot serve yourself"


class NotTheirs(NotFound):
    """The person who is served has no such certificate, application or place of service."""

    problem = "not-theirs"
    title = "This is not this person's"
