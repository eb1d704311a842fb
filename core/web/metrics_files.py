"""Where the processes of one service count, so that their numbers can be added up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

MULTI_PROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def count_in_files(folder: Path) -> None:
    """Let this process, and what it forks, count in files of ``folder``, one for each process.

    Raises RuntimeError where prometheus_client was imported before: it looks at the variable once,
    and each process would count for itself.
    """
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client was imported before it was told where to count.")
    os.environ[MULTI_PROCESS_VARIABLE] = str(folder)
