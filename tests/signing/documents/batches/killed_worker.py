"""A worker process that a test kills: signs until nothing waits. `python -m ... HOME`."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from camtrust.wiring import Services


def main() -> None:
    services = Services(home=Path(sys.argv[1]))
    # A killed worker's claims are over soon, so that the next one need not wait.
    worker = services.documents.batch_signing(claimed_for=timedelta(seconds=1))
    print("ready", flush=True)
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < 3:
        if worker.go_on():
            idle_since = time.monotonic()
        else:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
