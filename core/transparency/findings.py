"""What a monitor found: a value, so that one fault does not hide the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

# A report that nobody can read helps nobody.
MAX_FINDINGS = 1000


@dataclass(frozen=True)
class Finding:
    """One broken promise. ``kind`` is a stable word, ``detail`` a sentence."""

    kind: str
    detail: str


@dataclass
class MonitorReport:
    """What a run of the monitor saw. ``published`` and ``stored`` are numbers of entries."""

    at: datetime
    published: int = 0
    stored: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.findings

    def note(self, kind: str, detail: str) -> None:
        """Take a finding down, up to :data:`MAX_FINDINGS`."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(kind, detail))
