"""The claim ``status``: where a pass stands in a status list (draft-ietf-oauth-status-list)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signing.passes.formats.opened import StatusReference

# Section 6.3 of the draft.
STATUS = 65535
_MEMBER = "status_list"


def status_of(claims: Mapping[Any, Any], faults: list[str]) -> StatusReference | None:
    """Return the place that a token names, None for none; what is wrong goes to ``faults``."""
    status = claims.get(STATUS)
    if not isinstance(status, dict) or _MEMBER not in status:
        # Other ways of telling a status are nothing that is known here.
        return None
    place = status[_MEMBER]
    index = place.get("idx") if isinstance(place, dict) else None
    uri = place.get("uri") if isinstance(place, dict) else None
    if type(index) is not int or index < 0 or not isinstance(uri, str):
        faults.append("Its place in a status list (claim 65535) cannot be read.")
        return None
    return StatusReference(uri, index)
