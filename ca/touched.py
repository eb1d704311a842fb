"""Which certificate's status an entry of the transparency log is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from ca.revocation.changes import KINDS
from core.transparency.entry import LogEntry

# What was answered of a certificate before such an entry is wrong after it. A reservation that
# is abandoned is revoked in the same transaction, and so is each certificate of a mass
# revocation or with a compromised key.
_CHANGES: Final = frozenset(KINDS.values())
_BIRTH: Final = "certificate-issued"


@dataclass(frozen=True)
class Touched:
    """A certificate whose status began, or changed (``is_change``)."""

    authority: str
    serial_number: int
    is_change: bool


def touched_by(entry: LogEntry) -> Touched | None:
    """Return the certificate whose status is another since ``entry``; None for no such one."""
    is_change = entry.kind in _CHANGES
    if not is_change and entry.kind != _BIRTH:
        return None
    serial_number = int(cast(str, entry.facts["serial_number"]), 16)
    return Touched(cast(str, entry.facts["authority"]), serial_number, is_change)
