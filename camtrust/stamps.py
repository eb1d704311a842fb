"""Says whether the fonts of stamps are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from signing.documents.stamps.fonts import FontFolder

if TYPE_CHECKING:
    from camtrust.wiring import Services


def stamp_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield what ``camtrust doctor`` says of stamps."""
    fonts = FontFolder(services.settings.stamps.fonts)
    missing = fonts.missing()
    for name in missing:
        yield (
            f"{name} is not in {fonts.folder}: install Debian's package fonts-noto-core, or set "
            "the folder in [stamps] fonts",
            False,
        )
    if not missing:
        yield f"the fonts are in {fonts.folder}", True
