"""Read DER strictly: one tag, one minimal definite length, nothing left over.

X.690, Sections 8.1 and 10. Written here because a refusal has to say which of these was broken,
and because linting compares bytes where they stand, without building objects of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from core.errors import Malformed

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
NUMERIC_STRING = 0x12
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
NULL_DER = b"\x05\x00"


class NotDer(Malformed):
    """The bytes are not DER: an indefinite or padded length, or a tag out of place."""

    problem = "not-der"
    title = "The encoding is not DER"


class Truncated(NotDer):
    """The bytes end before the structure does."""

    problem = "truncated"
    title = "The input is cut off"


class TrailingData(NotDer):
    """Bytes follow after the structure has ended."""

    problem = "trailing-data"
    title = "Something follows after the end"


class Element(NamedTuple):
    """One TLV within ``data``: it begins at ``start``, its content at ``content``."""

    data: bytes
    tag: int
    start: int
    content: int
    end: int

    @property
    def der(self) -> bytes:
        """The whole TLV."""
        return self.data[self.start : self.end]

    @property
    def value(self) -> bytes:
        """The content octets."""
        return self.data[self.content : self.end]

    def children(self) -> Iterator[Element]:
        """Yield the elements inside. Raises NotDer."""
        offset = self.content
        while offset < self.end:
            child = read_element(self.data, offset, self.end)
            yield child
            offset = child.end


def read_element(data: bytes, offset: int = 0, limit: int | None = None) -> Element:
    """Read the TLV at ``offset``; it has to end at or before ``limit``. Raises NotDer."""
    tag, content, end = read_header(data, offset, len(data) if limit is None else limit)
    return Element(data, tag, offset, content, end)


def read_header(data: bytes, offset: int, limit: int) -> tuple[int, int, int]:
    """Return tag, begin of content and end of the TLV at ``offset``. Raises NotDer."""
    if offset + 2 > limit:
        raise Truncated("The input ends in the middle of a field.")
    tag, length = data[offset], data[offset + 1]
    content = offset + 2
    if tag & 0x1F == 0x1F:
        raise NotDer("The input uses a tag number that no field here has.")
    if length >= 0x80:
        count = length & 0x7F
        content += count
        if count == 0 or count > 4:
            raise NotDer("The input has a length that DER does not allow.")
        if content > limit:
            raise Truncated("The input ends in the middle of a length.")
        length = int.from_bytes(data[content - count : content], "big")
        # X.690, Section 10.1: the fewest octets that hold the length.
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise NotDer("The input has a length that is longer than it needs to be.")
    end = content + length
    if end > limit:
        raise Truncated("The input ends before the structure that it begins.")
    return tag, content, end


def read_only(data: bytes, tag: int) -> Element:
    """Read ``data`` as exactly one element of ``tag``. Raises NotDer."""
    if data and data[0] != tag:
        raise NotDer("The input is another structure than the one expected.")
    element = read_element(data)
    if element.end != len(data):
        raise TrailingData("Bytes follow after the end of the structure.")
    return element


def read_fields(parent: Element, *tags: int) -> list[Element]:
    """Return the children of ``parent``, which have to be exactly ``tags``. Raises NotDer."""
    fields = list(parent.children())
    if [field.tag for field in fields] != list(tags):
        raise NotDer("The input has other fields than the structure asks for.")
    return fields


def read_oid(element: Element) -> str:
    """Return an OBJECT IDENTIFIER in dotted form. Raises NotDer."""
    content = element.value
    if element.tag != OBJECT_IDENTIFIER or not content or content[-1] & 0x80 or len(content) > 64:
        raise NotDer("The input has an object identifier that cannot be read.")
    arcs: list[int] = []
    arc, fresh = 0, True
    for octet in content:
        # X.690, Section 8.19.2: no leading 0x80 in a subidentifier.
        if fresh and octet == 0x80:
            raise NotDer("The input has an object identifier that is padded.")
        arc = arc << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def read_integer(element: Element) -> int:
    """Return an INTEGER. Raises NotDer for a padded or empty one."""
    content = element.value
    if element.tag != INTEGER or not content:
        raise NotDer("The input has an integer that cannot be read.")
    if len(content) > 1 and (content[0], content[1] >> 7) in {(0x00, 0), (0xFF, 1)}:
        raise NotDer("The input has an integer that is longer than it needs to be.")
    return int.from_bytes(content, "big", signed=True)


def read_bits(element: Element) -> bytes:
    """Return the octets of a BIT STRING that fills them. Raises NotDer."""
    if element.tag != BIT_STRING or not element.value.startswith(b"\x00"):
        raise NotDer("The input has a bit string that does not fill its octets.")
    return element.value[1:]


def encode_element(tag: int, content: bytes) -> bytes:
    """Return the TLV of ``content``."""
    return encode_header(tag, len(content)) + content


@lru_cache(maxsize=4096)
def encode_header(tag: int, size: int) -> bytes:
    """Return what stands before a content of ``size`` octets (X.690, Section 8.1.3)."""
    if size < 0x80:
        return bytes((tag, size))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length


@lru_cache(maxsize=1024)
def encode_oid(oid: str) -> bytes:
    """Return the TLV of an object identifier in dotted form (X.690, Section 8.19)."""
    first, second, *rest = map(int, oid.split("."))
    return encode_element(
        OBJECT_IDENTIFIER, b"".join(_base128(arc) for arc in [40 * first + second, *rest])
    )


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))
