"""Whom a validation trusts: anchors, and what else was given beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from asn1crypto import x509

KEPT = "Nothing was validated, and no file was changed."


class Purpose(StrEnum):
    """For what an anchor is trusted."""

    SIGNING = "signing"
    TIME_STAMPING = "time-stamping"


BOTH = frozenset(Purpose)


@dataclass(frozen=True)
class Anchor:
    """An authority that is trusted, and where it was found (`own` or a file's name).

    ``since`` and ``until`` bound the time at which its signers have to have signed, where a trusted
    list says so; ``until`` itself is outside.
    """

    certificate: x509.Certificate
    source: str
    purposes: frozenset[Purpose] = BOTH
    since: datetime | None = None
    until: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether it is trusted for what happened at ``moment``."""
        if self.since is not None and moment < self.since:
            return False
        return self.until is None or moment < self.until


@dataclass(frozen=True)
class Trust:
    """Anchors, with certificates and CRLs that help to reach them without being trusted."""

    anchors: tuple[Anchor, ...] = ()
    intermediates: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = field(default=(), repr=False)

    def __add__(self, other: Trust) -> Trust:
        return Trust(
            self.anchors + other.anchors,
            self.intermediates + other.intermediates,
            self.crls + other.crls,
        )

    def anchors_for(self, purpose: Purpose, at: datetime) -> list[Anchor]:
        """Return the anchors that are trusted for what was done at ``at`` for a purpose."""
        return [one for one in self.anchors if purpose in one.purposes and one.holds_at(at)]
