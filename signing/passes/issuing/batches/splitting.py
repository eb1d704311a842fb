"""A file of records split into chunks at the ends of records, without reading what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from signing.passes.issuing.batches.batch import BatchForm

# DESIGN: batches of 500 to 1,000 items a task.
ROWS = 500
# A record with a picture has some 3,000; a longer line is a file of another kind.
LONGEST_RECORD = 16 << 10
_BOM = b"\xef\xbb\xbf"


class FileRefused(Exception):  # noqa: N818 - the file's fault, said to whoever put it up
    """The file as a whole cannot be records; ``args[0]`` is a sentence."""


@dataclass(frozen=True)
class Chunk:
    """Whole records: from which row on, and where they lie in the file."""

    number: int
    first_row: int
    begins: int
    octets: int
    rows: int


def read_header(file: BinaryIO, form: BatchForm) -> str | None:
    """Read the header of CSV; the file stands behind it. Raises FileRefused."""
    if form is BatchForm.JSONL:
        return None
    line = file.readline(LONGEST_RECORD + 1)
    if not line.endswith(b"\n"):
        raise FileRefused("The file has no header line with the names of members.")
    try:
        return line.removeprefix(_BOM).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise FileRefused("The file is not UTF-8: save it as CSV UTF-8.") from None


def chunks_of(file: BinaryIO, form: BatchForm) -> Iterator[Chunk]:
    """Yield the chunks of what follows. Raises FileRefused for a record without end.

    RFC 4180, Section 2: within quotes a CSV field may hold line breaks, so that a record ends where
    a line does and the quotes so far are even.
    """
    number, first_row, begins, rows, octets = 0, 1, file.tell(), 0, 0
    for record in _records(file, form):
        octets += record
        rows += 1
        if rows == ROWS:
            yield Chunk(number, first_row, begins, octets, rows)
            number, first_row, begins = number + 1, first_row + rows, begins + octets
            rows, octets = 0, 0
    if rows:
        yield Chunk(number, first_row, begins, octets, rows)


def records_in(octets: bytes, form: BatchForm) -> Iterator[bytes]:
    """Yield the records of a chunk."""
    record = b""
    for line in _lines(octets):
        record += line
        if form is BatchForm.JSONL or record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _records(file: BinaryIO, form: BatchForm) -> Iterator[int]:
    octets, quotes = 0, 0
    while line := file.readline(LONGEST_RECORD + 1):
        octets += len(line)
        if octets > LONGEST_RECORD:
            raise FileRefused(f"A record is longer than {LONGEST_RECORD} octets.")
        quotes += line.count(b'"') if form is BatchForm.CSV else 0
        if quotes % 2 == 0:
            yield octets
            octets, quotes = 0, 0
    if octets:
        yield octets


def _lines(octets: bytes) -> Iterator[bytes]:
    # As the file's own readline splits: at line feeds alone.
    parts = octets.split(b"\n")
    yield from (part + b"\n" for part in parts[:-1])
    if parts[-1]:
        yield parts[-1]
