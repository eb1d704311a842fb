"""Published examples, which lie beside the checkout and are no part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "qr"


def path(name: str) -> Path:
    found = VECTORS / name
    if not found.exists():
        pytest.skip(f"{VECTORS} holds no {name}")
    return found


def text(name: str) -> str:
    return path(name).read_text("utf-8")


def document(name: str) -> Any:
    return json.loads(text(name))


def names(pattern: str) -> list[str]:
    """The files of a pattern, or one name that is not there, for which tests are skipped."""
    found = sorted(str(one.relative_to(VECTORS)) for one in VECTORS.glob(pattern))
    return found or [pattern]
