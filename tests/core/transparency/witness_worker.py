"""A process that runs ``camtrust log witness`` for the log's test key on a free port.

Run as ``witness_worker.py FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from core.clock import SystemClock
from core.transparency.commands import log as commands
from core.transparency.notes import VerifierKey
from core.transparency.settings import LogSettings
from tests.core.transparency.doubles import ORIGIN, WITNESS, SoftwareSigner

if __name__ == "__main__":
    log_key = VerifierKey(ORIGIN, SoftwareSigner().public_key)
    commands(
        ["witness", "--port", "0", "--log", log_key.vkey()],
        obj=SimpleNamespace(
            log_settings=LogSettings(witness_folder=Path(sys.argv[1])),
            witness_signer=SoftwareSigner(WITNESS, 7),
            clock=SystemClock(),
        ),
    )
