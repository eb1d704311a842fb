"""The paper receipt of a service: its number is that of the act in the public log, and no more.

The QR code holds the number alone: whoever finds the paper learns nothing of a person by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.web.languages import translatable
from enrollment.audit.acts import ActKind, OfficeAct
from enrollment.invitations.qr import draw

# In both languages, for the paper goes to offices that read either.
DONE: Mapping[ActKind, str] = {
    ActKind.IDENTIFIED: translatable("The person was identified."),
    ActKind.APPLIED: translatable("A certificate was applied for. Officers decide it."),
    ActKind.SUSPENDED: translatable("A certificate was suspended. It is released at any office."),
    ActKind.RELEASED: translatable("A suspended certificate was released and is valid again."),
}
# The other words of the paper.
WORDS = (
    translatable("Receipt"),
    translatable("When"),
    translatable("Officer"),
    translatable("Office"),
    translatable("Keep this paper. Its number is that of this act in the public log."),
)


@dataclass(frozen=True)
class Receipt:
    """What is printed. ``code`` draws the QR code in a square of ``modules``, as SVG path data."""

    number: str
    act: OfficeAct
    done: str
    modules: int
    code: str


def receipt_of(act: OfficeAct) -> Receipt:
    """Return the receipt of an act at a counter."""
    number = f"CT-{act.log_index:09d}"
    code = draw(number)
    return Receipt(number, act, DONE[act.kind], code.size, code.path)
