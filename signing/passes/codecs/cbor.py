"""CBOR (RFC 8949) as strangers may send it: bounded, one meaning, plain values only.

cbor2 decodes. Its semantic tags are not used: they would make dates, regular expressions, e-mails,
sets, shared (and so circular) values and integers of any size of a stranger's octets.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import cbor2

from signing.passes.errors import PassRefused, bad_encoding

# Claims of a pass are nested five deep; a level is a container or a tag.
_DEEPEST = 16
# RFC 8949, Section 3.4, and what cbor2 knows beyond it. 0 and 1 are dates as text and number, as
# some issuers write them: their content is taken as it is.
_DATES = (0, 1)
_REFUSED = (2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000)


def _content(value: Any, _immutable: bool) -> Any:
    return value


def _refuse(_value: Any, _immutable: bool) -> Any:
    raise cbor2.CBORDecodeError("a tag that no pass has")


_TAGS = dict.fromkeys(_DATES, _content) | dict.fromkeys(_REFUSED, _refuse)


def decode(octets: bytes) -> Any:
    """Return the one item that ``octets`` are, in dict, list, str, bytes, int, float, bool, None.

    A tag other than a date's is a ``cbor2.CBORTag`` at the top, and refused further down.
    Raises PassRefused (INVALID_ENCODING).
    """
    source = io.BytesIO(octets)
    try:
        value = cbor2.CBORDecoder(
            source, max_depth=_DEEPEST, allow_duplicate_keys=False, semantic_decoders=_TAGS
        ).decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise bad_encoding(
            "The CBOR of the code is broken, too deep, or has a key twice."
        ) from error
    if source.tell() != len(octets):
        raise bad_encoding("Something follows the CBOR item of the code.")
    if isinstance(value, cbor2.CBORTag):
        return value
    return plain(value)


def plain(value: Any) -> Any:
    """Return ``value`` with plain containers. Raises PassRefused for what no pass has."""
    kind = type(value)
    if kind is str or kind is bytes or kind is bool or value is None:
        return value
    if kind is int:
        return value
    if kind is float and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {_key(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    raise _unexpected(value)


def encode(value: Any) -> bytes:
    """Return the CBOR of plain values and tags, with definite lengths."""
    return cbor2.dumps(value)


def _key(key: Any) -> Any:
    # bool is an int to Python: {1: ..., true: ...} would be one key.
    if type(key) in (int, str, bytes):
        return key
    raise _unexpected(key)


def _unexpected(value: Any) -> PassRefused:
    return bad_encoding(f"The CBOR of the code holds what no pass has: a {type(value).__name__}.")
