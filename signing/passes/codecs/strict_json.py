"""JSON (RFC 8259) with one meaning: no key twice, no NaN, no huge numbers; its canonical form."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from signing.passes.errors import bad_encoding

# A FHIR bundle is nested about twelve deep.
_DEEPEST = 40
# As I-JSON has it (RFC 7493, Section 2.2): more digits are not kept by everyone who reads them.
_MOST_DIGITS = 20


class _NotOneMeaningError(ValueError):
    pass


def loads(text: str | bytes) -> Any:
    """Return the value. Raises PassRefused (INVALID_ENCODING)."""
    try:
        # json.loads would take UTF-16 and UTF-32 too; RFC 8259, Section 8.1 has UTF-8 alone.
        value = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
        _check(value, _DEEPEST)
    except _NotOneMeaningError as error:
        raise bad_encoding(f"The JSON of the code is refused: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise bad_encoding("The JSON of the code is broken or nested too deep.") from error
    return value


def canonical(value: Any) -> bytes:
    """Return the canonical form (RFC 8785) of a value without fractions.

    Raises PassRefused where there is one: how fractions are written is not worth a second rule.
    """
    return json.dumps(
        _sorted(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def compact(value: Any) -> bytes:
    """Return JSON without white space, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        # RFC 8785, Section 3.2.3: by UTF-16 code units.
        ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return {key: _sorted(one) for key, one in ordered}
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    if isinstance(value, float):
        raise bad_encoding("The signed part of the code has a number with a fraction.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotOneMeaningError("it has a key twice")
    return found


def _constant(name: str) -> NoReturn:
    raise _NotOneMeaningError(f"{name} is no number")


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _NotOneMeaningError("a number has more digits than any pass needs")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _NotOneMeaningError("a number is larger than any pass needs")
    return value


def _check(value: Any, levels: int) -> None:
    if levels == 0:
        raise _NotOneMeaningError("it is nested too deep")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _NotOneMeaningError("a text has half a character") from error
    elif isinstance(value, dict):
        for key, one in value.items():
            _check(key, levels)
            _check(one, levels - 1)
    elif isinstance(value, list):
        for one in value:
            _check(one, levels - 1)
