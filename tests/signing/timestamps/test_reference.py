"""The reference page names tests that there are, and settings with the defaults that they have."""

from __future__ import annotations

import re
from pathlib import Path

from signing.timestamps.settings import TimestampSettings

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "time-stamps.md"


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE.read_text(encoding="utf-8")))
    files = Path(__file__).parent.glob("test_*.py")
    defined = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }

    assert len(named) > 15
    assert named - defined == set()


def test_every_setting_is_on_the_page() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(TimestampSettings.model_fields) <= set(rows)
