"""The tour shows every room, and no room that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

TOUR = "docs/tour.md"


def test_every_room_of_the_house_has_its_line(documents: dict[str, Any], rooms: list[str]) -> None:
    shown = {span.rstrip("/") for span in documents[TOUR].spans}
    assert [room for room in rooms if room not in shown] == []


def test_every_path_in_the_tour_exists(documents: dict[str, Any], root: Path) -> None:
    paths = [span for span in documents[TOUR].spans if re.fullmatch(r"[\w.-]+(/[\w.-]*)+", span)]
    assert paths
    assert [path for path in paths if not (root / path).exists()] == []
