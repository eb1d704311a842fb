"""Change what DER says and keep it DER, so that more than its first octets is tried."""

from __future__ import annotations

import random

from ca.der import NotDer, encode_element, read_element, read_only

CONSTRUCTED = 0x20
PRIMITIVE_TAGS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x18, 0x80, 0x82)
CONSTRUCTED_TAGS = (0x30, 0x31, 0xA0, 0xA1, 0xA2, 0xA3)


class Node:
    """An element: its tag, and either content or parts."""

    def __init__(self, tag: int, content: bytes, parts: list[Node]) -> None:
        self.tag, self.content, self.parts = tag, content, parts

    @classmethod
    def read(cls, data: bytes) -> Node:
        """Read one element with all that is in it. Raises NotDer."""
        element = read_only(data, data[0] if data else 0)
        if not element.tag & CONSTRUCTED:
            return cls(element.tag, element.value, [])
        return cls(element.tag, b"", [cls.read(part.der) for part in element.children()])

    def write(self) -> bytes:
        parts = b"".join(one.write() for one in self.parts)
        return encode_element(self.tag, parts or self.content)

    def all(self) -> list[Node]:
        return [self, *(node for part in self.parts for node in part.all())]


def mutated(data: bytes, seed: int) -> bytes | None:
    """Return ``data`` with one thing in it changed; None if it is no DER."""
    dice = random.Random(seed)
    try:
        root = Node.read(data)
    except (NotDer, RecursionError):
        return None
    node = dice.choice(root.all())
    if dice.random() < 0.05:
        tags = CONSTRUCTED_TAGS if node.tag & CONSTRUCTED else PRIMITIVE_TAGS
        node.tag = dice.choice(tags)
    if node.parts:
        _change_parts(node, dice)
    elif not node.tag & CONSTRUCTED:
        node.content = _changed(node.content, dice)
    written = root.write()
    read_element(written)
    return written


def _change_parts(node: Node, dice: random.Random) -> None:
    place = dice.randrange(len(node.parts))
    act = dice.randrange(3)
    if act == 0:
        node.parts.insert(dice.randrange(len(node.parts) + 1), node.parts[place])
    elif act == 1:
        del node.parts[place]
    else:
        dice.shuffle(node.parts)


def _changed(content: bytes, dice: random.Random) -> bytes:
    act = dice.randrange(4)
    if act == 0 or not content:
        return content + dice.randbytes(dice.choice((1, 1, 16, 128, 160)))
    if act == 1:
        return content[: dice.randrange(len(content))]
    place = dice.randrange(len(content))
    flipped = content[place] ^ (1 << dice.randrange(8))
    return content[:place] + bytes([flipped]) + content[place + 1 :]
