"""Read the log as an auditor: acts in their order, newest first, each with its proof.

A page looks through one window of the log and no further: filters make a page shorter, never
slower. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ca.register import CertificateRegister
from core.database import Database
from core.errors import NotFound
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from enrollment.audit.opening import NumberedEntry, OpenedAct, open_entries
from enrollment.jurisdiction import NATION, Jurisdiction

# Entries that one page looks through.
WINDOW = 1000
# Entries are in the order of the log; their instants were taken just before.
SKEW = timedelta(minutes=10)


class ActUnknown(NotFound):
    """There is no such entry in the log, or it is about another institution."""

    problem = "act-unknown"
    title = "There is no such act"


@dataclass(frozen=True)
class Question:
    """Which acts are meant: those that fulfil every filter that is set."""

    kind: str | None = None
    officer: str | None = None
    institution: str | None = None
    first: datetime | None = None
    end: datetime | None = None  # not included

    def fits_entry(self, entry: LogEntry) -> bool:
        """Tell whether an entry can be meant, before it is opened."""
        return (
            (self.kind is None or entry.kind == self.kind)
            and (self.first is None or entry.at >= self.first)
            and (self.end is None or entry.at < self.end)
        )

    def fits(self, act: OpenedAct) -> bool:
        """Tell whether an act whose entry fits is meant."""
        officer = self.officer is None or act.officer == self.officer
        return officer and (self.institution is None or act.institution == self.institution)


@dataclass(frozen=True)
class LedgerPage:
    """Acts, newest first; the list goes on below ``following``, and ends where it is None."""

    acts: Sequence[OpenedAct]
    following: int | None


def _certificate(act: OpenedAct) -> tuple[str, int] | None:
    authority, serial = act.facts.get("authority"), act.facts.get("serial_number")
    if isinstance(authority, str) and isinstance(serial, str):
        return authority, int(serial, 16)
    return None


class AuditLedger:
    """Shows what was done."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, register: CertificateRegister
    ) -> None:
        self._database = database
        self._log = log
        self._register = register

    def page(
        self,
        question: Question,
        *,
        limit: int,
        below: int | None = None,
        within: Jurisdiction = NATION,
    ) -> LedgerPage:
        """Return up to ``limit`` acts of entries under ``below``; fewer do not mean the end."""
        size = self._log.sizes()["stored"]
        begin = 0 if question.first is None else self._first_at(question.first - SKEW, size)
        end = size if question.end is None else self._first_at(question.end + SKEW, size)
        end = end if below is None else min(end, below)
        start = max(begin, end - WINDOW)
        entries = self._log.stored_entries(start, end)
        wanted = [one for one in reversed(entries) if question.fits_entry(one[1])]
        fitting = [act for act in self._open(wanted) if question.fits(act)]
        acts = [act for act in fitting if within.covers(act.institution)]
        if len(acts) > limit:
            return LedgerPage(acts[:limit], acts[limit - 1].index)
        return LedgerPage(acts, start if start > begin else None)

    def act(self, index: int, *, within: Jurisdiction = NATION) -> OpenedAct:
        """Return one act. Raises ActUnknown."""
        if index < self._log.sizes()["stored"]:
            [opened] = self._open(self._log.stored_entries(index, index + 1))
            if within.covers(opened.institution):
                return opened
        raise ActUnknown("There is no act of this number that you may see.")

    def proof(self, index: int, *, within: Jurisdiction = NATION) -> str:
        """Return an act's tlog-proof. Raises ActUnknown, and NoSuchEntry until it is published."""
        return self._log.proof(self.act(index, within=within).index)

    def checkpoints(self) -> dict[str, str | None]:
        """Return the newest checkpoint and the newest that witnesses cosigned, as text."""
        published = self._log.published
        found = {"newest": published.checkpoint(), "witnessed": published.witnessed_checkpoint()}
        return {name: None if one is None else one.encode().decode() for name, one in found.items()}

    def _open(self, entries: Sequence[NumberedEntry]) -> list[OpenedAct]:
        if not entries:
            return []
        with self._database.read() as connection:
            opened = open_entries(connection, entries)
        # An act upon a certificate is that of the institution that answers for it.
        named = {one.index: serial for one in opened if (serial := _certificate(one)) is not None}
        whose = self._register.institutions_of(set(named.values())) if named else {}
        return [
            replace(one, institution=whose[named[one.index]])
            if named.get(one.index) in whose and one.institution is None
            else one
            for one in opened
        ]

    def _first_at(self, at: datetime, size: int) -> int:
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            [(_, entry)] = self._log.stored_entries(middle, middle + 1)
            low, high = (middle + 1, high) if entry.at < at else (low, middle)
        return low
