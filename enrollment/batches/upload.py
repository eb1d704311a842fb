"""Read an upload: JSON lines, each an application as ``POST …/applications`` takes it."""

from __future__ import annotations

import io
from collections.abc import Iterator

from core.errors import Malformed
from core.web.bodies import parse_json
from enrollment.applications import Submission
from enrollment.batches.errors import BatchMalformed
from enrollment.submissions import submission_in_json

# The measure; the tables hold it too.
MOST_ROWS = 10_000
# A request for RSA-4096 has 1.7 kB in PEM; names and facts come on top.
LONGEST_LINE = 16_384
MOST_OCTETS = 32 * 1024 * 1024
JSON_LINES = "application/jsonl"
NDJSON = "application/x-ndjson"


def check_upload(body: bytes) -> int:
    """Return how many rows an upload has. Raises BatchMalformed."""
    count = 0
    for number, line in lines_of(body):
        count = number
        if number > MOST_ROWS:
            raise BatchMalformed(f"A batch has at most {MOST_ROWS} lines.", most_rows=MOST_ROWS)
        if len(line) > LONGEST_LINE:
            raise BatchMalformed(f"Line {number} has more than {LONGEST_LINE} octets.", line=number)
    if not count:
        raise BatchMalformed("The upload has no line.")
    return count


def lines_of(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, numbered from 1, without copying the whole."""
    number = 0
    for line in io.BytesIO(body):
        stripped = line.strip()
        if stripped:
            number += 1
            yield number, stripped


def submission_of(line: bytes) -> Submission:
    """Read a line. Raises JsonMalformed, InvalidFields, and what a CSR raises."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("The line is not UTF-8.") from error
    return submission_in_json(parse_json(text))
