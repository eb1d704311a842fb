"""How often CRLs are issued and how long they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import model_validator

from core.settings import Section


class CrlSettings(Section):
    """Intervals and validity of CRLs; ISO 8601 durations or seconds in the settings file.

    ``complete_every``: age at which a complete CRL is replaced although nothing changed.
    ``changes_within``: the longest that a change waits for a complete CRL (ETSI EN 319 411-1,
    REV-6.2.4: a revocation is published within 60 minutes of its confirmation).
    ``delta_every``: age at which a delta CRL is replaced; ``deltas`` turns them off.
    ``offline_valid``: how long the complete CRL of an authority holds whose key is offline.
    ``folder``: where CRLs are put as files, relative to home, for a web server or CDN.
    """

    complete_every: timedelta = timedelta(hours=24)
    complete_valid: timedelta = timedelta(hours=72)
    changes_within: timedelta = timedelta(minutes=50)
    deltas: bool = True
    delta_every: timedelta = timedelta(minutes=15)
    delta_valid: timedelta = timedelta(hours=6)
    offline_valid: timedelta = timedelta(days=365)
    folder: str = "public"

    @model_validator(mode="after")
    def _is_replaced_in_time(self) -> Self:
        if self.complete_every * 2 > self.complete_valid:
            raise ValueError("complete_valid has to be twice complete_every at least")
        if self.delta_every * 2 > self.delta_valid:
            raise ValueError("delta_valid has to be twice delta_every at least")
        if self.changes_within > timedelta(minutes=60):
            raise ValueError("changes_within may be 60 minutes at most (ETSI EN 319 411-1)")
        return self
