"""An example of each message that circulations read, for the API's description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Any] = {
    "CancellationMessage": {"reason": "The letter was written anew."},
    "ReplacementMessage": {"participant": 2, "staff_number": "00124"},
    "DeputyMessage": {
        "staff_number": "00124",
        "begins_at": "2027-01-15T00:00:00+07:00",
        "ends_at": "2027-01-30T00:00:00+07:00",
    },
}
