"""Ask only those validators of pkilint that can match, found by the type of the field.

pkilint asks every validator of a container about every field: 8,400 questions a certificate,
half of its time. Nearly all validators apply to one ASN.1 type, without which none of their
``match`` methods says yes. So the validators that can apply to a type are looked up once, in
their order; each is still asked by its own ``match``. A test holds that every result is the same.
"""

from __future__ import annotations

from typing import Any

from pkilint.validation import ValidatorContainer


def dispatch_by_type(container: ValidatorContainer) -> None:
    """Make a container, and those inside it, look up its validators by type."""
    container._validate_rec = _Dispatch(container.validators)
    for one in container.validators:
        if isinstance(one, ValidatorContainer):
            dispatch_by_type(one)


class _Dispatch:
    """Stands in for ``ValidatorContainer._validate_rec``."""

    def __init__(self, validators: list[Any]) -> None:
        self._validators = validators
        self._of_type: dict[type, list[Any]] = {}

    def __call__(self, node: Any, results: list[Any]) -> None:
        for validator in self._for(type(node.pdu)):
            if validator.match(node):
                result = validator.validate_wrapper(node)
                if isinstance(result, list):
                    results += result
                else:
                    results.append(result)
        for child in node.children.values():
            self(child, results)

    def _for(self, kind: type) -> list[Any]:
        found = self._of_type.get(kind)
        if found is None:
            found = self._of_type[kind] = [
                one
                for one in self._validators
                if one._pdu_class is None or issubclass(kind, one._pdu_class)
            ]
        return found
