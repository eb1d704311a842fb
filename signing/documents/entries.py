"""Entries of PDF dictionaries: pyHanko's ``get`` returns references, its ``[]`` what they mean."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils.generic import NullObject


def entry(dictionary: Any, key: str) -> Any:
    """Return what stands under a key, followed through references; None for nothing."""
    if key not in dictionary:
        return None
    value = dictionary[key]
    # ISO 32000-2, Section 7.3.9: null is as good as no entry.
    return None if isinstance(value, NullObject) else value
