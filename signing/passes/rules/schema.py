"""A small part of JSON Schema 2020-12: what the schemas of passes use, and nothing more.

Formats ``date`` and ``date-time`` are asserted. A keyword that is not known is a fault of ours and
raises when the schema is read, so that none is believed to check what it does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from signing.passes.rules.dates import read_date, read_date_time

_MOST_FAULTS = 20
_SILENT = frozenset({"$schema", "$id", "$comment", "$defs", "valueset-uri"})
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}
# Adds a sentence for each place at which a value does not follow.
_Check = Callable[[Any, str, list[str]], None]


class Schema:
    """One schema, compiled: a pass is judged in a hundred steps, and thousands pass a second.

    Raises KeyError for a keyword or a format that is not known here.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = document.get("$defs", {})
        self._compiled: dict[str, _Check] = {}
        self._check = self._compile(document)

    def faults(self, value: Any) -> list[str]:
        """Return a sentence for each place where ``value`` does not follow; empty if it does.

        Of very many the first ones.
        """
        found: list[str] = []
        self._check(value, "", found)
        return found[:_MOST_FAULTS]

    def _compile(self, schema: Mapping[str, Any]) -> _Check:
        checks = [
            _KEYWORDS[keyword](self, rule)
            for keyword, rule in schema.items()
            if keyword not in _SILENT
        ]
        if len(checks) == 1:
            return checks[0]

        def check(value: Any, place: str, faults: list[str]) -> None:
            for one in checks:
                one(value, place, faults)

        return check

    def _ref(self, rule: str) -> _Check:
        name = rule.removeprefix("#/$defs/")
        if name not in self._compiled:
            self._compiled[name] = self._compile(self._definitions[name])
        return self._compiled[name]

    def _properties(self, rule: Mapping[str, Any]) -> _Check:
        checks = {name: self._compile(schema) for name, schema in rule.items()}

        def check(value: Any, place: str, faults: list[str]) -> None:
            if isinstance(value, dict):
                for name, one in checks.items():
                    if name in value:
                        one(value[name], f"{place}/{name}", faults)

        return check

    def _items(self, rule: Mapping[str, Any]) -> _Check:
        inner = self._compile(rule)

        def check(value: Any, place: str, faults: list[str]) -> None:
            if isinstance(value, list):
                for number, one in enumerate(value):
                    inner(one, f"{place}/{number}", faults)

        return check

    def _contains(self, rule: Mapping[str, Any]) -> _Check:
        inner = self._compile(rule)

        def check(value: Any, place: str, faults: list[str]) -> None:
            if isinstance(value, list) and not any(_follows(inner, one) for one in value):
                faults.append(f"{_named(place)} lacks what it has to contain.")

        return check

    def _one_of(self, rule: list[Mapping[str, Any]]) -> _Check:
        inner = [self._compile(one) for one in rule]

        def check(value: Any, place: str, faults: list[str]) -> None:
            count = sum(_follows(one, value) for one in inner)
            if count != 1:
                how = "none" if count == 0 else "more than one"
                faults.append(
                    f"{_named(place)} follows {how} of the forms of which it may have one."
                )

        return check

    def _any_of(self, rule: list[Mapping[str, Any]]) -> _Check:
        inner = [self._compile(one) for one in rule]

        def check(value: Any, place: str, faults: list[str]) -> None:
            if not any(_follows(one, value) for one in inner):
                faults.append(f"{_named(place)} follows none of the forms that it may have.")

        return check

    def _all_of(self, rule: list[Mapping[str, Any]]) -> _Check:
        inner = [self._compile(one) for one in rule]

        def check(value: Any, place: str, faults: list[str]) -> None:
            for one in inner:
                one(value, place, faults)

        return check


def _required(_schema: Schema, rule: list[str]) -> _Check:
    def check(value: Any, place: str, faults: list[str]) -> None:
        if isinstance(value, dict):
            faults += [
                f"{_named(f'{place}/{one}')} is missing." for one in rule if one not in value
            ]

    return check


def _asserted(
    applies: Callable[[Any], bool], fits: Callable[[Any, Any], bool], sentence: str
) -> Callable[[Schema, Any], _Check]:
    """Return a keyword that says ``sentence`` of values that it applies to and that do not fit."""

    def compiled(_schema: Schema, rule: Any) -> _Check:
        def check(value: Any, place: str, faults: list[str]) -> None:
            if applies(value) and not fits(value, rule):
                faults.append(f"{_named(place)} {sentence}")

        return check

    return compiled


def _type(_schema: Schema, rule: str | list[str]) -> _Check:
    names = [rule] if isinstance(rule, str) else rule
    tests = [_TYPES[name] for name in names]
    sentence = f"is not of the type {' or '.join(names)}."

    def check(value: Any, place: str, faults: list[str]) -> None:
        for test in tests:
            if test(value):
                return
        faults.append(f"{_named(place)} {sentence}")

    return check


def _pattern(_schema: Schema, rule: str) -> _Check:
    # ECMA-262: $ is the end and nothing else, \d is 0 to 9: Khmer digits are no digits here.
    search = re.compile(re.sub(r"\$$", r"\\Z", rule), re.ASCII).search

    def check(value: Any, place: str, faults: list[str]) -> None:
        if isinstance(value, str) and not search(value):
            faults.append(f"{_named(place)} is not written as it has to be.")

    return check


def _format(_schema: Schema, rule: str) -> _Check:
    read = _FORMATS[rule]

    def check(value: Any, place: str, faults: list[str]) -> None:
        if isinstance(value, str) and read(value) is None:
            faults.append(f"{_named(place)} is no {rule}.")

    return check


def _follows(check: _Check, value: Any) -> bool:
    faults: list[str] = []
    check(value, "", faults)
    return not faults


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _is_anything(_value: Any) -> bool:
    return True


_TEXT, _LIST, _NUMBER = _TYPES["string"], _TYPES["array"], _TYPES["number"]
_TOO = "is too long or too short, too large or too small."
_OTHER = "is none of the values that it may have."
_KEYWORDS: Mapping[str, Callable[[Schema, Any], _Check]] = {
    "$ref": Schema._ref,
    "type": _type,
    "required": _required,
    "properties": Schema._properties,
    "items": Schema._items,
    "contains": Schema._contains,
    "oneOf": Schema._one_of,
    "anyOf": Schema._any_of,
    "allOf": Schema._all_of,
    "pattern": _pattern,
    "format": _format,
    "enum": _asserted(_is_anything, lambda one, rule: any(_same(one, x) for x in rule), _OTHER),
    "const": _asserted(_is_anything, _same, _OTHER),
    "minLength": _asserted(_TEXT, lambda one, rule: len(one) >= rule, _TOO),
    "maxLength": _asserted(_TEXT, lambda one, rule: len(one) <= rule, _TOO),
    "minItems": _asserted(_LIST, lambda one, rule: len(one) >= rule, _TOO),
    "maxItems": _asserted(_LIST, lambda one, rule: len(one) <= rule, _TOO),
    "minimum": _asserted(_NUMBER, lambda one, rule: one >= rule, _TOO),
    "maximum": _asserted(_NUMBER, lambda one, rule: one <= rule, _TOO),
}


@cache
def schema(name: str) -> Schema:
    """Return the schema ``name.schema.json`` of this folder."""
    text = resources.files(__package__).joinpath(f"{name}.schema.json").read_text("utf-8")
    return Schema(json.loads(text))


_FORMATS: Mapping[str, Callable[[str], object]] = {"date": read_date, "date-time": read_date_time}


def _named(place: str) -> str:
    return place.removeprefix("/") or "The content"
