"""Why an institution cannot be registered or changed."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unacceptable


class InstitutionUnknown(NotFound):
    """There is no institution of this id, or it is not yours to see."""

    problem = "institution-unknown"
    title = "There is no such institution"


class InstitutionExists(Conflict):
    """The id or the registration number belongs to an institution already."""

    problem = "institution-exists"
    title = "This institution is registered already"


class InstitutionRefused(Unacceptable):
    """Something about the institution cannot be so."""

    problem = "institution-refused"
    title = "This institution cannot be registered so"


class InstitutionNotActive(Conflict):
    """The institution is suspended or closed: nothing new is begun for it."""

    problem = "institution-not-active"
    title = "This institution is not active"
