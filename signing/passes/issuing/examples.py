"""An example of each message that ``/passes/v1`` reads, for its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Any] = {
    "NewPassMessage": {
        "type": "yellow-card",
        "reference": "immunization/4711",
        "record": {
            "person": {
                "name": {"surname": "Sok", "given_names": "Dara"},
                "khmer_name": {"surname": "សុខ", "given_names": "ដារ៉ា"},
                "date_of_birth": "1990-04-14",
                "sex": "F",
                "nationality": "KHM",
                "identifier": {
                    "type": "passport",
                    "number": "N0000001",
                    "machine_readable_name": "SOK<<DARA",
                },
            },
            "vaccination": {
                "date": "2026-10-01",
                "product": "YellowFeverProductd2c75a15ed309658b3968519ddb31690",
                "lot": "YF2026A",
                "centre": "Calmette Hospital",
            },
        },
    },
    "NewPassBatchMessage": {"type": "vaccination", "form": "jsonl"},
    "EmptyMessage": {},
}
