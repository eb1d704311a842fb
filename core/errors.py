"""The few categories in which camtrust refuses.

A specific error lives beside the code that raises it, subclasses one category, names its
``problem`` (a stable slug that clients may rely on) and carries its facts as ``data``.
HTTP numbers stand only in :mod:`core.web`; other protocols map the same categories to their
own wire errors. Whatever is none of these is a fault of ours.
"""

from __future__ import annotations

from typing import ClassVar


class CamtrustError(Exception):
    """A refusal that says what was wrong and, in ``kept``, what was not lost by it.

    ``data`` is shown to the client: it never holds a secret or another person's data.
    """

    problem: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str, *, kept: str | None = None, **data: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.kept = kept
        self.data = data


class Malformed(CamtrustError):  # noqa: N818 - the category's name is the refusal itself
    """The input cannot be read as what it claims to be."""

    problem = "malformed"
    title = "The input is malformed"


class Unauthenticated(CamtrustError):  # noqa: N818
    """Nobody knows who is asking."""

    problem = "unauthenticated"
    title = "Sign in first"


class Forbidden(CamtrustError):  # noqa: N818
    """It is known who is asking, and they may not."""

    problem = "forbidden"
    title = "This is not allowed to you"


class NotFound(CamtrustError):  # noqa: N818
    """The thing named does not exist, or not for this principal."""

    problem = "not-found"
    title = "There is no such thing"


class Conflict(CamtrustError):  # noqa: N818
    """The state of things forbids it now."""

    problem = "conflict"
    title = "The present state forbids this"


class Unacceptable(CamtrustError):  # noqa: N818
    """Well-formed, but against a policy."""

    problem = "unacceptable"
    title = "A policy refuses this"


class TooMany(CamtrustError):  # noqa: N818
    """A limit in count or rate was reached. ``retry_after_seconds`` may stand in ``data``."""

    problem = "too-many"
    title = "Too many requests"


class Unavailable(CamtrustError):  # noqa: N818
    """The token, the database or the log is away; the same request may succeed later."""

    problem = "unavailable"
    title = "A part of the service is away"
