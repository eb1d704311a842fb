"""What the routes of escrow work with."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from enrollment.escrow.escrow import Escrow
from enrollment.escrow.handing_over import HandingOver
from enrollment.escrow.notices import NoticeTable
from enrollment.escrow.recoveries import Recoveries


@dataclass(frozen=True)
class EscrowOffice:
    """Copies of keys, their recovery, and what holders were told."""

    escrow: Escrow
    recoveries: Recoveries
    handing_over: HandingOver
    notices: NoticeTable
    clock: Clock
