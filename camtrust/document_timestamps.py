"""Time-stamps for documents from our own authority, asked in this process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from signing.timestamps.time_source import TimeSource

if TYPE_CHECKING:
    from camtrust.timestamps import TimestampWiring

_SECOND = timedelta(seconds=1)


class WholeSeconds(TimeSource):
    """Time without parts of seconds, as an OCSP response's thisUpdate has it.

    RFC 6960, Section 4.2.2.1 leaves no parts of seconds to an answer. To a time-stamp with parts
    every answer of the same second would be one from before it, and each signature would wait for
    the next second. The accuracy that tokens state, a second, allows to leave them out.
    """

    def now(self) -> datetime:
        """Return the present second. Raises ClockNotTrusted."""
        return super().now().replace(microsecond=0)


class HouseTimestamps:
    """A :class:`~signing.documents.ports.TimestampSource`."""

    def __init__(self, wiring: TimestampWiring) -> None:
        whole = wiring.settings.accuracy >= _SECOND
        self._authority = wiring.authority_with(WholeSeconds) if whole else wiring.authority

    def timestamp(self, digest: bytes, hash_name: str) -> bytes:
        """Return a TimeStampToken in DER. Raises what the authority raises."""
        return self._authority.token_for(digest, hash_name)
