"""A process that dies at a chosen place: `HOME WHERE [APPROVAL PLACE PERSON PROOF]`.

``before-signed``: while the signature is being made; ``after-signed``: it is whole, and nobody was
told; ``after-sealed``: the same of the institution's seal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from camtrust.wiring import Services
from signing.approval.sealing import Sealing
from signing.approval.settling import Settling
from signing.documents.signing import DocumentSigning
from tests.signing.approval.world import PIN

STATUS = 9


def die(*_: Any, **__: Any) -> None:
    os._exit(STATUS)


def main() -> None:
    home, where, *rest = sys.argv[1:]
    services = Services(home=Path(home))
    if where == "after-sealed":
        Sealing._record = die  # type: ignore[method-assign]
        services.approval.sealing.go_on()
        return
    if where == "before-signed":
        DocumentSigning.complete = die  # type: ignore[assignment,method-assign]
    else:
        Settling.settle = die  # type: ignore[assignment,method-assign]
    approval, place, person, proof = rest
    services.approval.signing.sign(approval, int(place), person, pin=PIN, proof=proof)


if __name__ == "__main__":
    main()
