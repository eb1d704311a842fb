"""Each kind of entry that rooms of people write has words on the auditor's page."""

from __future__ import annotations

import re
from pathlib import Path

from enrollment.audit.kinds import KINDS
from signing.approval.approval import ActKind

ROOT = Path(__file__).parents[3]
WRITTEN = re.compile(r'(?:LogEntry|log_of_key)\((?:self\._log, connection, )?\s*"([a-z-]+)"')


def test_what_is_logged_about_people_and_documents_has_words() -> None:
    kinds = {
        kind
        for room in ("enrollment", "signing")
        for path in (ROOT / room).rglob("*.py")
        for kind in WRITTEN.findall(path.read_text())
    }
    assert len(kinds) > 30
    assert kinds | {f"approval-{one}" for one in ActKind} <= set(KINDS)
