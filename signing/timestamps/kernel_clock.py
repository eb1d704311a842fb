"""What the kernel knows of its own clock: adjtimex(2), which every user may read."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from signing.timestamps.errors import ClockNotTrusted

# adjtimex(2): what the call returns, and a bit of ``status``.
_TIME_OOP = 3  # a leap second is in progress
_TIME_ERROR = 5  # the clock is not synchronized
_STA_UNSYNC = 0x0040


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    # struct timex of <sys/timex.h>; 208 octets on 64-bit Linux.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # microseconds
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tick", ctypes.c_long),
        ("pps", ctypes.c_long * 2),
        ("shift", ctypes.c_int),
        ("pps_counts", ctypes.c_long * 5),
        ("tai", ctypes.c_int),
        ("padding", ctypes.c_int * 11),
    )


@dataclass(frozen=True)
class KernelClock:
    """The state of the clock; ``largest_error`` is how far it may be from UTC at most."""

    is_synchronized: bool
    is_in_leap_second: bool
    largest_error: timedelta


def read_kernel_clock() -> KernelClock:
    """Ask the kernel. Raises ClockNotTrusted where it cannot be asked."""
    asked = _Timex()  # modes 0: change nothing
    state = _adjtimex()(ctypes.byref(asked))
    if state < 0:
        reason = os.strerror(ctypes.get_errno())
        raise ClockNotTrusted(f"The kernel does not say whether the clock is right: {reason}.")
    return KernelClock(
        is_synchronized=state != _TIME_ERROR and not asked.status & _STA_UNSYNC,
        is_in_leap_second=state == _TIME_OOP,
        largest_error=timedelta(microseconds=asked.maxerror),
    )


class KernelTrust:
    """Believes the clock while the kernel calls it synchronized, to within ``bound``."""

    def __init__(
        self, *, bound: timedelta, read: Callable[[], KernelClock] = read_kernel_clock
    ) -> None:
        self._bound = bound
        self._read = read

    def check(self) -> None:
        """Let a synchronized clock pass. Raises ClockNotTrusted."""
        state = self._read()
        if not state.is_synchronized:
            raise ClockNotTrusted(
                "The kernel says that the clock is not synchronized: no NTP client keeps it, or "
                "it has lost its servers.",
                kept="Nothing was stamped.",
            )
        if state.largest_error > self._bound:
            raise ClockNotTrusted(
                f"The clock may be wrong by {state.largest_error.total_seconds():.3f} s, more "
                f"than the {self._bound.total_seconds():.3f} s that are allowed.",
                kept="Nothing was stamped.",
            )
        if state.is_in_leap_second:
            # genTime has no way to tell the leap second from the second before it.
            raise ClockNotTrusted("A leap second is in progress.", kept="Nothing was stamped.")

    def describe(self) -> str:
        """Return what the kernel says now."""
        state = self._read()
        words = "synchronized" if state.is_synchronized else "not synchronized"
        error = f"{state.largest_error.total_seconds():.3f} s"
        return f"the kernel calls it {words}, wrong by {error} at most"


@cache
def _adjtimex() -> Any:
    return ctypes.CDLL(None, use_errno=True).adjtimex
