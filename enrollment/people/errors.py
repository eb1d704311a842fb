"""Why a person cannot be taken up or found."""

from __future__ import annotations

from core.errors import Conflict, NotFound, Unacceptable


class PersonUnknown(NotFound):
    """There is no such person, or not one that you may see."""

    problem = "person-unknown"
    title = "There is no such person"


class PersonRefused(Unacceptable):
    """Something about the person cannot be so."""

    problem = "person-refused"
    title = "This person cannot be taken up so"


class IdentifierTaken(Conflict):
    """A number that identifies one person was given for another."""

    problem = "identifier-taken"
    title = "This number belongs to another person"


class EmploymentConflict(Conflict):
    """The person or the staff number is on the institution's list already."""

    problem = "employment-conflict"
    title = "This person or staff number is on the list already"
