"""The settings of stamps."""

from __future__ import annotations

from pathlib import Path

from core.settings import Section

# Where Debian's fonts-noto-core puts them.
DEBIAN_FOLDER = Path("/usr/share/fonts/truetype/noto")


class StampSettings(Section):
    """``[stamps]``: where the Noto fonts lie."""

    fonts: Path = DEBIAN_FOLDER
