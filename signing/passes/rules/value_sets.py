"""Value sets: which codes are known, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


def meaning(value_set: str, code: object) -> str | None:
    """Return what a code means in English, or None if it is not in the set."""
    found = _sets()[value_set]["codes"].get(code) if isinstance(code, str) else None
    return found if isinstance(found, str) else None


@cache
def _sets() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("value-sets.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found
