"""What caches are told of an answer: RFC 9919, Sections 6 and 7.2."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formatdate
from hashlib import sha256

from ocsp.media_types import RESPONSE_TYPE

Header = tuple[str, str]

CONTENT_TYPE: Header = ("Content-Type", RESPONSE_TYPE)
NOT_KEPT: Header = ("Cache-Control", "no-store")
# As many seconds as a day has: answers are signed in batches, each with its instants.
_MOST_INSTANTS = 86_400


class Caching:
    """Makes header fields; what many answers share is made once."""

    def __init__(self, *, max_age: timedelta, proxy_keeps: timedelta) -> None:
        self._max_age = int(max_age.total_seconds())
        self._proxy_keeps = int(proxy_keeps.total_seconds())
        self._public = _cache_control(self._max_age, "public")
        self._kept = _kept(self._proxy_keeps)
        self._instants: dict[tuple[int, int], tuple[Header, Header]] = {}

    def fields(self, der: bytes, etag: str, times: tuple[int, int], now: float) -> list[Header]:
        """Return the fields of an answer that everybody may keep.

        ``times`` are thisUpdate and nextUpdate in seconds since 1970.
        """
        # max-age ends earlier than nextUpdate, and so does what our nginx keeps.
        left = int(times[1] - now) - 1
        if left >= self._max_age:
            cache_control, kept = self._public, self._kept
        else:
            cache_control = _cache_control(max(0, left), "public")
            kept = _kept(min(max(0, left), self._proxy_keeps))
        last_modified, expires = self._instants.get(times) or self._make_instants(times)
        return [
            CONTENT_TYPE,
            ("Content-Length", str(len(der))),
            cache_control,
            ("ETag", etag),
            expires,
            last_modified,
            kept,
        ]

    def private_fields(self, der: bytes, times: tuple[int, int], now: float) -> list[Header]:
        """Return the fields of an answer that is of use to nobody but who asked."""
        last_modified, expires = self._instants.get(times) or self._make_instants(times)
        left = max(0, min(self._max_age, int(times[1] - now) - 1))
        return [
            CONTENT_TYPE,
            ("Content-Length", str(len(der))),
            _cache_control(left, "private"),
            ("ETag", etag_of(der)),
            expires,
            last_modified,
        ]

    def _make_instants(self, times: tuple[int, int]) -> tuple[Header, Header]:
        if len(self._instants) >= _MOST_INSTANTS:
            self._instants.clear()
        this_update, next_update = (formatdate(one, usegmt=True) for one in times)
        # Only what does not know max-age goes by Expires (RFC 9111, Section 5.3).
        made = ("Last-Modified", this_update), ("Expires", next_update)
        self._instants[times] = made
        return made


def etag_of(der: bytes) -> str:
    """Return the entity tag that RFC 9919, Section 7.2, recommends."""
    return f'"{sha256(der).hexdigest()}"'


def has_current(if_none_match: str, etag: str) -> bool:
    """Tell whether a client has this answer already (RFC 9110, Section 13.1.2).

    Tags are compared weakly there. If-Modified-Since is not looked at: within one second a
    certificate's answer can be signed twice.
    """
    if if_none_match in (etag, "*"):
        return True
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in if_none_match.split(","))


def _cache_control(seconds: int, shared: str) -> Header:
    return "Cache-Control", f"max-age={seconds}, {shared}, no-transform, must-revalidate"


def _kept(seconds: int) -> Header:
    # For nginx alone, which takes it out of what it passes on: it gives an answer no Age, so
    # those behind it would add their max-age to whatever nginx kept.
    return "X-Accel-Expires", str(seconds)
