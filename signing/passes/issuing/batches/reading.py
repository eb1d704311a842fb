"""One record of a file, read: what pass is wanted, or why none can be made of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from signing.passes.codecs import strict_json
from signing.passes.errors import PassRefused
from signing.passes.issuing.batches.batch import BatchForm
from signing.passes.issuing.batches.splitting import FileRefused
from signing.passes.issuing.messages import Reference
from signing.passes.issuing.records import PassRecord, RecordMessage

REFERENCE = "reference"
_MOST_FAULTS = 3
_INTEGERS = frozenset({"vaccination.dose", "vaccination.doses"})


class RowRefused(Exception):  # noqa: N818 - the row's fault, written among the rejects
    """A record makes no pass; ``args[0]`` names its members, and repeats nothing of them."""


class RowMessage(RecordMessage):
    """A record of a batch: so that it is issued once, it has a reference."""

    reference: Reference = Field(description="Your own name of the record, no personal number.")
    record: PassRecord = Field(description="What the pass is made from.")


def read_row(record: bytes, form: BatchForm, header: str | None) -> RowMessage:
    """Read a record. Raises RowRefused."""
    try:
        text = record.decode()
    except UnicodeDecodeError:
        raise RowRefused("It is not UTF-8.") from None
    value = _of_json(text) if form is BatchForm.JSONL else _of_csv(text, header or "")
    try:
        return RowMessage.model_validate(value)
    except ValidationError as error:
        raise RowRefused(_words(error)) from None


def check_header(header: str) -> None:
    """Check that the columns of CSV are members of a record. Raises FileRefused."""
    columns = _cells(header)
    known = frozenset(_members(PassRecord.model_json_schema()))
    unknown = [one for one in columns if one != REFERENCE and one not in known]
    if unknown:
        raise FileRefused(
            f"There is no member {unknown[0][:80]}: columns are named as person.name.surname is."
        )
    if len(set(columns)) != len(columns):
        raise FileRefused("Two columns have the same name.")
    if REFERENCE not in columns:
        raise FileRefused("There is no column reference, by which a record is issued once.")


def _of_json(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except PassRefused as error:
        raise RowRefused(error.detail) from None


def _of_csv(text: str, header: str) -> Any:
    columns, cells = _cells(header), _cells(text)
    if len(cells) != len(columns):
        raise RowRefused(f"It has {len(cells)} cells, and the header has {len(columns)}.")
    found: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        # An empty cell says nothing.
        if not (value := cell.strip()):
            continue
        if column == REFERENCE:
            found[REFERENCE] = value
            continue
        *path, last = ["record", *column.split(".")]
        place = found
        for part in path:
            place = place.setdefault(part, {})
        is_count = column in _INTEGERS and value.isascii() and value.isdecimal()
        place[last] = int(value) if is_count else value
    return found


def _cells(line: str) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(line), strict=True))
    except csv.Error as error:
        raise RowRefused(f"It is no CSV: {error}.") from None
    return [cell for row in rows for cell in row]


def _members(schema: Mapping[str, Any]) -> Sequence[str]:
    definitions = schema["$defs"]

    def walk(part: Mapping[str, Any], path: str) -> list[str]:
        found = []
        for name, member in part["properties"].items():
            one = f"{path}.{name}" if path else name
            options = [member, *member.get("anyOf", ())]
            inner = next((option["$ref"] for option in options if "$ref" in option), None)
            if inner is None:
                found.append(one)
            else:
                found += walk(definitions[inner.rsplit("/", 1)[-1]], one)
        return found

    return walk(schema, "")


def _words(error: ValidationError) -> str:
    # Without what was given: it may be somebody's name.
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults[:_MOST_FAULTS]]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more." if more > 0 else ".")
