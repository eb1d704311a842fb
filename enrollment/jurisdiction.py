"""Which institution's people and certificates an officer sees and decides.

Officers of an institution have to do with its own alone; what belongs to another looks to them as
if it did not exist. National officers have to do with all. RFC 3647, Section 1.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select

from core.access import Principal


@dataclass(frozen=True)
class Jurisdiction:
    """``institution``: the only one that is covered; None covers the whole nation."""

    institution: str | None

    @classmethod
    def of(cls, principal: Principal) -> Jurisdiction:
        """Return the jurisdiction of whoever asks in office."""
        return cls(principal.institution)

    def covers(self, institution: str | None) -> bool:
        """Tell whether what belongs to ``institution`` may be seen and decided."""
        return self.institution is None or self.institution == institution

    def narrow(self, query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
        """Return the query for what is covered; ``column`` names the institution of a row."""
        return query if self.institution is None else query.where(column == self.institution)


NATION = Jurisdiction(None)
