"""An example of each message that ``/signing/v1`` reads, for its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLACE = {"page": "last", "x": 15, "y": 15, "width": 140, "height": 55, "lunar_date": True}
EXAMPLES: Mapping[str, Any] = {
    "DocumentBatchMessage": {
        "seal": "seal",
        "documents": 500,
        "level": "B-LT",
        "reason": "Approved",
        "page": -1,
        "box": [360, 40, 560, 120],
    },
    "StampTemplateMessage": {"place": _PLACE},
    "NewStampTemplateMessage": {"name": "letters", "place": _PLACE},
    "StampTextsMessage": {"number": "124", "title": "A decision", "fields": {"Amount": "100"}},
    "EmptyMessage": {},
}
