"""Files that others published, in a folder beside the checkout; tests skip where it is absent."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import lacks

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors"


def published_pdf(name: str) -> Path:
    """Return the path of a published PDF; the test is skipped where it is absent."""
    path = VECTORS / "pdf" / name
    if not path.exists():
        lacks(f"{path} is absent")
    return path
