"""What the words of escrow are called on its pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from enrollment.escrow.escrowed_key import Erasure
from enrollment.escrow.notices import Event
from enrollment.escrow.recovery import Part, RecoveryState

STATES: Mapping[RecoveryState, str] = {
    RecoveryState.PROPOSED: translatable("Waiting for a decision"),
    RecoveryState.REFUSED: translatable("Refused"),
    RecoveryState.APPROVED: translatable("Approved"),
}
COLOURS: Mapping[RecoveryState, str] = {
    RecoveryState.PROPOSED: "blue",
    RecoveryState.REFUSED: "red",
    RecoveryState.APPROVED: "green",
}
ERASURES: Mapping[Erasure, str] = {
    Erasure.WITHDRAWN: translatable("Erased: its holder withdrew the consent"),
    Erasure.UNUSED: translatable("Erased: no certificate was issued for it"),
    Erasure.EXPIRED: translatable("Erased: its time was over"),
}
PARTS: Mapping[Part, str] = {
    Part.FILE: translatable("The file was handed over to"),
    Part.PASSWORD: translatable("The password was shown to"),
}
EVENTS: Mapping[Event, str] = {
    Event.APPROVED: translatable("Two officers agreed to recover your key"),
    Event.FILE: translatable("The file with your key was handed over to an officer"),
    Event.PASSWORD: translatable("The password of the file was shown to the other officer"),
    Event.DAMAGED: translatable("The copy turned out to be of no use: it does not hold your key"),
}
