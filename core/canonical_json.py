"""One text for one value: the JSON that salted commitments are made over."""

from __future__ import annotations

import json


def canonical_json(document: object) -> bytes:
    """Return UTF-8 JSON with sorted keys and without spaces. Raises TypeError for other values."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
