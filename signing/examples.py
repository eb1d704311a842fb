"""An example of each message that the API of keys, programs and registered documents reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Any] = {
    "NewKeyMessage": {"label": "Seal of the ministry", "pin": "seal-of-2026"},
    "PinMessage": {"pin": "seal-of-2026"},
    "PinChangeMessage": {"pin": "seal-of-2026", "new_pin": "seal-of-2027"},
    "PublicityMessage": {"is_public": True},
    "WithdrawalMessage": {"reason": "Replaced by decision 124 of 2 December 2026."},
    "AddressMessage": {"address": "https://documents.moi.example/signed"},
}
