"""Our own rules, run on every certificate: one module a part, one small function a rule."""

from ca.linting.rule import RULES, findings_of
from ca.linting.rules import (
    alternative_names,
    extension_sets,
    issuers,
    pointers,
    public_keys,
    serial_numbers,
    subjects,
    usages,
    validities,
)

__all__ = [
    "RULES",
    "alternative_names",
    "extension_sets",
    "findings_of",
    "issuers",
    "pointers",
    "public_keys",
    "serial_numbers",
    "subjects",
    "usages",
    "validities",
]
