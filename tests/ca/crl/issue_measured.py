"""Issue a CRL in a process of its own and say, as JSON, what memory that took.

``python -m tests.ca.crl.issue_measured HOME AUTHORITY complete|delta``
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from camtrust.wiring import Services

MEBIBYTE_IN_KIB = 1024


class Private:
    """The most private memory (RssAnon) that this process was seen with, in MiB."""

    def __init__(self) -> None:
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Private:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, memory("RssAnon"))


def memory(name: str) -> int:
    """Return a value of /proc/self/status in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) // MEBIBYTE_IN_KIB
    raise LookupError(name)


def main(home: Path, authority: str, kind: str) -> None:
    services = Services(home=home)
    crls = services.crls
    act = crls.issue_delta if kind == "delta" else crls.issue
    with Private() as private:
        issued = act(authority, 0)
        opened = crls.open(authority, 0, delta=issued.is_delta)
        sent = sum(len(part) for part in iter(lambda: opened.file.read(1 << 16), b""))
    facts = {
        "entries": issued.entries,
        "octets": opened.head.size,
        "sent": sent,
        "peak_mib": memory("VmHWM"),
        "private_mib": private.most,
    }
    print(json.dumps(facts))
    services.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
