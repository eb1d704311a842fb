"""What states, roles and acts are called on the pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from signing.approval.approval import ActKind, ApprovalState, ParticipantRole, ParticipantState

PAGE_TITLE = translatable("Documents to sign")
STATES: Mapping[ApprovalState, str] = {
    ApprovalState.CIRCULATING: translatable("Goes round"),
    ApprovalState.SEALING: translatable("All have acted; it is being sealed"),
    ApprovalState.SEALED: translatable("Sealed"),
    ApprovalState.REFUSED: translatable("Refused"),
    ApprovalState.CANCELLED: translatable("Cancelled"),
}
COLOURS: Mapping[ApprovalState, str] = {
    ApprovalState.CIRCULATING: "blue",
    ApprovalState.SEALING: "yellow",
    ApprovalState.SEALED: "green",
    ApprovalState.REFUSED: "red",
    ApprovalState.CANCELLED: "grey",
}
ROLES: Mapping[ParticipantRole, str] = {
    ParticipantRole.SIGN: translatable("Sign"),
    ParticipantRole.ACKNOWLEDGE: translatable("See and forward"),
}
DONE: Mapping[ParticipantState, str] = {
    ParticipantState.WAITING: translatable("Has not acted"),
    ParticipantState.SIGNED: translatable("Signed"),
    ParticipantState.ACKNOWLEDGED: translatable("Seen and forwarded"),
    ParticipantState.REFUSED: translatable("Refused"),
    ParticipantState.REPLACED: translatable("Replaced by another"),
}
ACTS: Mapping[ActKind, str] = {
    ActKind.STARTED: translatable("Sent round"),
    ActKind.SIGNED: translatable("Signed"),
    ActKind.ACKNOWLEDGED: translatable("Seen and forwarded"),
    ActKind.REFUSED: translatable("Refused"),
    ActKind.REPLACED: translatable("Replaced by another"),
    ActKind.OVERDUE: translatable("The deadline is over"),
    ActKind.CANCELLED: translatable("Cancelled"),
    ActKind.SEALED: translatable("Sealed by the institution"),
    ActKind.ERASED: translatable("The document was erased"),
}
