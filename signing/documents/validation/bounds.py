"""How much of a stranger's document is examined: octets, things, and time."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO

from signing.documents.deadline import DeadlinePassed, deadline
from signing.documents.portions import check_size
from signing.documents.validation.errors import DocumentOverBounds, ValidationTooLong


@dataclass(frozen=True)
class Bounds:
    """What one validation may cost.

    ``octets`` of the file, ``objects`` of a PDF over all its revisions, ``revisions``,
    ``signatures`` with document time-stamps, ``evidence`` as the number of certificates, CRLs and
    OCSP answers that are read, and ``duration`` from the first octet to the report.
    """

    octets: int = 1 << 30
    objects: int = 500_000
    revisions: int = 200
    signatures: int = 100
    evidence: int = 2_000
    duration: timedelta = timedelta(seconds=60)

    def check_count(self, what: str, count: int, at_most: int) -> None:
        """Raise DocumentOverBounds where there are more than ``at_most``."""
        if count > at_most:
            raise DocumentOverBounds(
                f"The document has {count} {what}; at most {at_most} are examined.",
                kept="Nothing was stored, and the file is unchanged.",
            )


@dataclass
class Deadline:
    """The moment at which a validation is given up."""

    duration: timedelta
    monotonic: Callable[[], float] = time.monotonic
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = self.monotonic() + self.duration.total_seconds()

    def check(self) -> None:
        """Raise ValidationTooLong when the time is used up."""
        if self.monotonic() > self._ends:
            raise self._too_long()

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Raise ValidationTooLong in the midst of a block that only reads, and not nested.

        A parser that is led in circles in memory comes to no place where it looks at the clock.
        """
        try:
            with deadline(max(self._ends - self.monotonic(), 0.0)):
                yield
        except DeadlinePassed as passed:
            raise self._too_long() from passed

    def _too_long(self) -> ValidationTooLong:
        return ValidationTooLong(
            f"The document was given up after {self.duration.total_seconds():.0f} seconds. "
            "It has too many parts, or it is made to cost time.",
            kept="Nothing was stored, and the file is unchanged.",
        )


class _WatchedFile(io.RawIOBase):
    # A parser that is led in circles reads, and every fill of the buffer looks at the clock.

    def __init__(self, file: BinaryIO, deadline: Deadline) -> None:
        self._file = file
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._deadline.check()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._deadline.check()
        octets = self._file.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)


def watched(file: BinaryIO, *, bounds: Bounds, deadline: Deadline) -> io.BufferedReader:
    """Return ``file`` as a stream that ends with an error when the time is used up.

    Raises DocumentTooLarge before anything is read.
    """
    check_size(file.seek(0, io.SEEK_END), largest_octets=bounds.octets)
    file.seek(0)
    return io.BufferedReader(_WatchedFile(file, deadline), buffer_size=1 << 16)


def release(stream: io.BufferedReader) -> None:
    """Let go of the file under a watched stream, without closing it."""
    with suppress(ValueError):
        stream.detach()
