"""An end to reading: a stranger's file may make a parser work for days.

A parser written in Python cannot be asked to stop, and signals reach a process's main thread
alone, which a web server does not read documents in. So one watching thread raises an exception
in the thread that reads for too long (CPython's ``PyThreadState_SetAsyncExc``). Only reading is
done under a deadline: nothing that holds a lock, a session or a transaction.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK_EVERY_SECONDS = 0.25
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class DeadlinePassed(BaseException):
    """Not an Exception: a parser that catches everything shall not catch this."""


class _Watch:
    """The deadlines of a process's threads, and the thread that looks at them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._ends: dict[int, float] = {}
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float) -> None:
        with self._lock:
            self._ends[threading.get_ident()] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True, name="deadlines")
                self._thread.start()
        self._changed.set()

    def end(self) -> None:
        with self._lock:
            was_raised = self._ends.pop(threading.get_ident(), None) is None
        while was_raised:
            # It was raised and has not arrived yet. Taking it back would leave CPython 3.11's flag
            # for it set for good, at which each call of this thread would look twice.
            time.sleep(0)

    def forget(self) -> None:
        with self._lock:
            self._ends.pop(threading.get_ident(), None)

    def _look(self) -> None:
        while True:
            self._changed.wait()
            time.sleep(_LOOK_EVERY_SECONDS)
            with self._lock:
                now = time.monotonic()
                for thread in [one for one, end in self._ends.items() if end < now]:
                    del self._ends[thread]
                    _raise_in(ctypes.c_ulong(thread), ctypes.py_object(DeadlinePassed))
                if not self._ends:
                    self._changed.clear()


_WATCH = _Watch()


def _watch_anew() -> None:
    # A forked child has neither the thread nor a lock that anybody would give back.
    global _WATCH
    _WATCH = _Watch()


os.register_at_fork(after_in_child=_watch_anew)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise DeadlinePassed in this thread if the block takes longer. Not to be nested."""
    _WATCH.begin(seconds)
    try:
        yield
    except DeadlinePassed:
        _WATCH.forget()
        raise
    except BaseException:
        _WATCH.end()
        raise
    else:
        _WATCH.end()
