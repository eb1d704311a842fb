"""What goes over the wire of ``/enrollment/v1/escrow``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from core.web.cursors import DEFAULT_LIMIT, MAX_LIMIT
from enrollment.escrow.escrowed_key import EscrowedKey
from enrollment.escrow.recovery import Part, Recovery, RecoveryState
from enrollment.messages import Holder, Message, Reason

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class EscrowQuery(Message):
    """Which page of the recoveries."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=DEFAULT_LIMIT, description="How many at most."
    )
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="next_cursor of the page before."
    )


class EscrowSearchMessage(Message):
    """Whose keys, or the key of which certificate: one of the two."""

    holder: Holder | None = Field(default=None, description="Natural key of the subject.")
    serial_number: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{1,40}$")] | None = Field(
        default=None, description="Of the certificate, in hex."
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.holder is None) == (self.serial_number is None):
            raise ValueError("give the holder or the serial number")
        return self


class EscrowedKeyView(Message):
    """A key in escrow. ``erased_because`` stands where the copy is gone."""

    id: str
    public_key_sha256: str
    deposited_at: datetime
    erased_at: datetime | None
    erased_because: str | None


class EscrowedKeysView(Message):
    """What was found, newest first."""

    keys: tuple[EscrowedKeyView, ...]


class RecoveryMessage(Message):
    """A recovery, as an officer proposes it. The holder reads the reason."""

    escrowed_key: Id
    reason: Reason = Field(description="Who asks for it, and why.")


class HandoverView(Message):
    """A part that was handed over."""

    part: Part
    officer: str
    at: datetime


class RecoveryView(Message):
    """A recovery as it stands."""

    id: str
    escrowed_key: str
    state: RecoveryState
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    refusal: str | None
    ends_at: datetime = Field(description="Decided, and once approved fetched, by then.")
    handovers: tuple[HandoverView, ...]


class RecoverySummaryView(Message):
    """A recovery in a list."""

    id: str
    escrowed_key: str
    state: RecoveryState
    proposed_by: str
    proposed_at: datetime


class RecoveriesView(Message):
    """A page of recoveries, newest first."""

    recoveries: tuple[RecoverySummaryView, ...]
    next_cursor: str | None = Field(description="Null on the last page.")


class PasswordView(Message):
    """The password of the file that the other officer gets. Send it another way than the file."""

    password: str


def view_of_key(key: EscrowedKey) -> EscrowedKeyView:
    """Return an escrowed key as officers see it."""
    return EscrowedKeyView(
        id=key.id,
        public_key_sha256=key.public_key_sha256.hex(),
        deposited_at=key.deposited_at,
        erased_at=key.erased_at,
        erased_because=key.erased_because,
    )


def view_of_recovery(recovery: Recovery, ends_at: datetime) -> RecoveryView:
    """Return a recovery as officers see it."""
    own = set(RecoveryView.model_fields) - {"ends_at", "handovers"}
    return RecoveryView(
        **{name: getattr(recovery, name) for name in own},
        ends_at=ends_at,
        handovers=tuple(
            HandoverView(part=one.part, officer=one.officer, at=one.at)
            for one in recovery.handovers
        ),
    )


def summary_of_recovery(recovery: Recovery) -> RecoverySummaryView:
    """Return a recovery as it stands in a list."""
    return RecoverySummaryView(
        **{name: getattr(recovery, name) for name in RecoverySummaryView.model_fields}
    )
