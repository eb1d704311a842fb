"""What `camtrust doctor` says of the fonts of stamps."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from camtrust.settings import read_settings
from camtrust.stamps import stamp_findings
from signing.documents.stamps.settings import DEBIAN_FOLDER


def findings(home: Path) -> list[tuple[str, bool | None]]:
    services: Any = SimpleNamespace(settings=read_settings(home))
    return list(stamp_findings(services))


def test_fonts_that_are_there_are_well(tmp_path: Path) -> None:
    assert findings(tmp_path) == [(f"the fonts are in {DEBIAN_FOLDER}", True)]


def test_each_missing_font_is_named_with_what_to_install(tmp_path: Path) -> None:
    folder = tmp_path / "fonts"
    folder.mkdir()
    (tmp_path / "camtrust.toml").write_text(f'[stamps]\nfonts = "{folder}"\n')
    for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansKhmer-Bold.ttf"):
        (folder / name).write_bytes(b"")

    [(sentence, well)] = findings(tmp_path)

    assert sentence.startswith("NotoSansKhmer-Regular.ttf is not in")
    assert "fonts-noto-core" in sentence
    assert well is False
