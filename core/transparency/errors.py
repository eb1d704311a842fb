"""The ways in which the transparency log refuses."""

from __future__ import annotations

from core.errors import Malformed, NotFound, Unacceptable, Unavailable


class LogUnavailable(Unavailable):
    """The log cannot be written or read just now; nothing may be issued meanwhile."""

    problem = "log-unavailable"
    title = "The transparency log is away"


class LogBehindPublication(Unavailable):
    """The database's log is shorter than what was published, or another one.

    That is what an old backup looks like. ``data`` has ``database_size`` and ``published_size``.
    """

    problem = "log-behind-publication"
    title = "The database is older than the published log"


class LogDamaged(Unavailable):
    """The published files or the stored entries are not what was signed."""

    problem = "log-damaged"
    title = "The transparency log is damaged"


class EntryTooLarge(Unacceptable):
    """An entry is longer than an entry bundle can carry (C2SP tlog-tiles: 65,535 octets)."""

    problem = "log-entry-too-large"
    title = "The log entry is too large"


class NoSuchEntry(NotFound):
    """The published log has no entry at that index."""

    problem = "log-entry-not-found"
    title = "There is no such log entry"


class NotProven(Unacceptable):
    """A proof, a signature or a cosignature does not verify."""

    problem = "log-not-proven"
    title = "The log does not prove this"


class NoteMalformed(Malformed):
    """A note, checkpoint, proof, tile or verifier key is not in its C2SP format."""

    problem = "log-note-malformed"
    title = "Not in the log's format"
