"""``[tsa]``: how the time-stamping authority works."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from core.settings import Section
from signing.timestamps.serial_numbers import PLACE_BITS

# Under the arc of our policies ([ca] policy_arc): the time-stamp policy. Profiles have 1 and up.
POLICY_NUMBER = 32
_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)


class ClockSource(StrEnum):
    """Why the clock is believed.

    ``KERNEL``: the kernel says that it is synchronized, and how large its error can be at most,
    as chronyd, ntpd and systemd-timesyncd report it. ``DECLARED``: whoever set this vouches for it.
    """

    KERNEL = "kernel"
    DECLARED = "declared"


def _checked_oid(text: str) -> str:
    arcs = text.split(".")
    if len(arcs) < 3 or not all(arc.isdecimal() and arc.isascii() for arc in arcs):
        raise ValueError("has to be an object identifier in dotted form")
    return text


Oid = Annotated[str, AfterValidator(_checked_oid)]


class TimestampSettings(Section):
    """What tokens promise, and what they rely on.

    ``token``: where the units' keys live. ``policies``: the time-stamp policies that are offered,
    the one by default first; none: number 32 under ``[ca] policy_arc``. ``accuracy``: how far
    genTime may be from UTC, which tokens say. ``clock``: see :class:`ClockSource`; by default the
    kernel's word in production, and declared elsewhere. ``largest_clock_error``: the largest error
    that the kernel may report; the accuracy by default. ``renew_before``: how long before the end
    of its key's use a unit's successor is certified, which then waits. ``renews_itself``: whether
    the scheduler does so, or an operator with `camtrust tsa renew` alone. ``serial_block``: how
    many serial numbers a process takes at once.
    """

    token: str = "status"  # noqa: S105 - the name of a token, no secret
    policies: tuple[Oid, ...] = ()
    # ETSI EN 319 421, Section 7.7.2: a second or better.
    accuracy: timedelta = Field(default=_SECOND, ge=_MILLISECOND, le=_SECOND)
    clock: ClockSource | None = None
    largest_clock_error: timedelta | None = Field(default=None, ge=_MILLISECOND)
    renew_before: timedelta = Field(default=timedelta(days=30), ge=timedelta(days=1))
    renews_itself: bool = True
    serial_block: int = Field(default=65_536, ge=1, le=2**PLACE_BITS)
    largest_request_octets: int = Field(default=4_096, ge=512, le=65_536)

    @model_validator(mode="after")
    def _promises_what_it_holds(self) -> Self:
        if (self.largest_clock_error or self.accuracy) > self.accuracy:
            raise ValueError("largest_clock_error: larger than the accuracy that tokens promise")
        return self

    @property
    def clock_error_bound(self) -> timedelta:
        """The largest error that the kernel may report."""
        return self.largest_clock_error or self.accuracy
