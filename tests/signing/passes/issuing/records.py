"""Records of people who do not exist."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

PERSON: dict[str, Any] = {
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
}
VACCINATION: dict[str, Any] = {
    "date": "2026-10-01",
    "dose": 2,
    "doses": 2,
    "disease": "840539006",
    "prophylaxis": "1119349007",
    "product": "EU/1/20/1528",
    "product_name": "Comirnaty",
    "manufacturer": "ORG-100030215",
    "icd11_vaccine": "XM68M6",
    "icd11_disease": "RA01.0",
    "cvx": "208",
    "lot": "AB1234",
    "centre": "Calmette Hospital",
}
TEST: dict[str, Any] = {
    "sampled_at": "2026-11-20T08:00:00+07:00",
    "reported_at": "2026-11-20T12:00:00+07:00",
    "disease": "840539006",
    "type": "LP6464-4",
    "result": "260415000",
    "test_name": "RT-PCR",
    "centre": "Institut Pasteur du Cambodge",
    "contact": "lab@example.kh",
}
RECOVERY: dict[str, Any] = {
    "disease": "840539006",
    "first_positive": "2026-09-01",
    "valid_from": "2026-09-12",
    "valid_until": "2027-02-28",
}


def photo(size: int = 48) -> str:
    buffer = io.BytesIO()
    Image.new("L", (size, size), 128).save(buffer, "WEBP", quality=20)
    return base64.b64encode(buffer.getvalue()).decode()


RECORDS: dict[str, dict[str, Any]] = {
    "vaccination": {"person": PERSON, "vaccination": VACCINATION},
    "test": {"person": PERSON, "test": TEST},
    "recovery": {"person": PERSON, "recovery": RECOVERY},
    "identity": {"person": PERSON, "identity": {"photo": photo(), "address": "Phnom Penh"}},
}
