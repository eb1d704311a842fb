"""Which form fields a later version of a document touches, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing.documents.validation.opening import entry

# Fields stand in a tree (ISO 32000-2, Section 12.7.4.2); nobody needs a deeper one.
_DEEPEST = 20
_MOST_FIELDS = 10_000


def touched_fields(old: HistoricalResolver, new: HistoricalResolver) -> tuple[str, ...]:
    """Return the names of fields whose value or appearance was written since ``old``, in order."""
    written: set[generic.Reference] = set()
    for revision in range(old.revision + 1, new.revision + 1):
        written |= new.reader.xrefs.explicit_refs_in_revision(revision)
    form = entry(new.root, "/AcroForm", {})
    found: set[str] = set()
    for number, (name, node) in enumerate(_fields(entry(form, "/Fields", ()), "", 0)):
        if number >= _MOST_FIELDS:
            break
        if written & _references(node):
            found.add(name)
    return tuple(sorted(found))


def _fields(nodes: Any, above: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    for node in nodes:
        field = node.get_object()
        if not isinstance(field, generic.DictionaryObject):
            continue
        own = str(entry(field, "/T", ""))
        name = f"{above}.{own}" if above and own else own or above
        yield name, node
        yield from _fields(entry(field, "/Kids", ()), name, depth + 1)


def _references(node: Any) -> set[generic.Reference]:
    """Return the field itself, its value, and what its appearance is drawn with."""
    found = {node.reference} if isinstance(node, generic.IndirectObject) else set()
    field = node.get_object()
    waiting = [field.raw_get(key) for key in ("/V", "/AP") if key in field]
    for _ in range(100):
        if not waiting:
            break
        one = waiting.pop()
        if isinstance(one, generic.IndirectObject):
            found.add(one.reference)
        elif isinstance(one, generic.DictionaryObject) and not isinstance(
            one, generic.StreamObject
        ):
            waiting += [one.raw_get(key) for key in one]
    return found
