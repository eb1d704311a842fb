"""Why a stored stamp template is not found, taken or changed."""

from __future__ import annotations

from core.errors import Conflict, NotFound


class StampTemplateUnknown(NotFound):
    """The institution has no stamp template of this name, or ended it."""

    problem = "stamp-template-unknown"
    title = "There is no such stamp template"


class StampTemplateTaken(Conflict):
    """The name has a template already, or another was stored under it at the same moment."""

    problem = "stamp-template-taken"
    title = "The name has a stamp template already"


class TooManyStampTemplates(Conflict):
    """The institution has as many stamp templates as one may have; ``limit`` says how many."""

    problem = "too-many-stamp-templates"
    title = "Too many stamp templates"
