"""The event log: one JSON object a line on standard output, without personal data.

An allow-list holds it: a key that is not named in :data:`KEYS` never reaches the log, and no
exception's message does (a database driver quotes the row it choked on). What goes out of an
exception is its type and where it was raised.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

# Everything a log line may say. Add a key only if its values can never name a person.
KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "request_id",
        "listener",
        "method",
        "route",
        "status",
        "duration_ms",
        "principal",
        "role",
        "problem",
        "job",
        "part",
        "child",
        "pid",
        "exit_code",
        "authority",
        "application",
        "raised",
        "frames",
        "count",
    }
)
LONGEST_VALUE = 300
# Loggers, with those below them, whose messages speak of processes and never of requests.
PLAIN_SPOKEN = frozenset({"_granian", "granian"})
FRAMES = 12

EventDict = MutableMapping[str, Any]


def set_up_event_log(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog's events and the standard library's records out as JSON lines.

    Call it once a process. ``stream`` is standard output unless given.
    """
    out = stream or sys.stdout
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_where_it_was_raised,
            keep_what_is_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_NamedLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Forwarder()], level=logging.WARNING, force=True)


def tell_where_it_was_raised(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by the exception's type and the frames it went through."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = _exception_of(given)
    if error is not None:
        event.update(where_raised(error))
    return event


def where_raised(error: BaseException) -> dict[str, Any]:
    """Return what the log says of an exception: its type and its frames, and no word of it.

    For exceptions that come by the thousand, whose whole rendering would cost more than they do.
    """
    kind = type(error)
    return {
        "raised": f"{kind.__module__}.{kind.__qualname__}",
        "frames": _frames(error.__traceback__),
    }


def keep_what_is_allowed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every key that is not in :data:`KEYS`, and shorten what is long."""
    return {key: _short(value) for key, value in event.items() if key in KEYS}


def _exception_of(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]


def _frames(trace: TracebackType | None) -> list[str]:
    frames = list(traceback.walk_tb(trace))[-FRAMES:]
    codes = [(frame.f_code, line) for frame, line in frames]
    return [f"{_module_path(one.co_filename)}:{line} {one.co_name}" for one, line in codes]


def _module_path(file_name: str) -> str:
    # The folder of the installation says nothing, and differs from machine to machine.
    return "/".join(file_name.split("/")[-3:])


def _short(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [str(one)[:LONGEST_VALUE] for one in value]
    return str(value)[:LONGEST_VALUE]


class _NamedLoggerFactory:
    """Loggers that write to one stream; the name given to get_logger is not needed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, *_names: object) -> structlog.WriteLogger:
        return structlog.WriteLogger(self._stream)


class _Forwarder(logging.Handler):
    """Hands records of other people's libraries to structlog: where they arose, not their text.

    A library's text may quote a request; only the server's own words are known not to.
    """

    def emit(self, record: logging.LogRecord) -> None:
        spoken = record.name.partition(".")[0] in PLAIN_SPOKEN
        structlog.get_logger().log(
            max(record.levelno, logging.DEBUG),
            record.getMessage() if spoken else "library-message",
            logger=record.name,
            part=f"{_module_path(record.pathname)}:{record.lineno}",
            exc_info=record.exc_info,
        )
