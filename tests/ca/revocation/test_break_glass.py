"""The break-glass path revokes without officers, and nobody can overlook it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from ca.revocation.break_glass import BreakGlass
from ca.revocation.errors import AlreadyRevoked, BreakGlassRefused
from ca.revocation.models import break_glass_uses
from ca.revocation.reasons import RevocationReason
from ca.revocation.status import StatusDirectory
from core.transparency.entry import commitment
from tests.ca.revocation.world import Keeps, World, entries_of

WHY = "Sign-in is down; incident 7"


@pytest.fixture
def glass(world: World, retention: Keeps) -> BreakGlass:
    return BreakGlass(
        database=world.database, log=world.log, retention=retention, clock=world.clock
    )


def test_it_revokes_and_says_so_aloud(world: World, glass: BreakGlass) -> None:
    serial = world.issue("people-1").serial_number

    with capture_logs() as events:
        glass.revoke(
            serial_number=serial,
            reason=RevocationReason.KEY_COMPROMISE,
            operators=("Operator One", "Operator Two"),
            justification=WHY,
        )

    status = StatusDirectory(database=world.database).statuses("people-1", [serial])[serial]
    assert status.reason is RevocationReason.KEY_COMPROMISE
    assert [(one["event"], one["log_level"]) for one in events] == [("break-glass", "critical")]
    kinds = [one.kind for one in entries_of(world.database)]
    assert kinds[-2:] == ["break-glass", "certificate-revoked"]


def test_the_names_are_on_record_and_only_commitments_are_public(
    world: World, glass: BreakGlass
) -> None:
    glass.revoke(
        serial_number=world.issue("people-1").serial_number,
        reason=RevocationReason.KEY_COMPROMISE,
        operators=("Operator  One", "Operator Two"),
        justification=WHY,
    )

    with world.database.read() as connection:
        row = connection.execute(select(break_glass_uses)).one()
    assert (row.first_operator, row.second_operator) == ("Operator One", "Operator Two")
    entry = next(one for one in entries_of(world.database) if one.kind == "break-glass")
    assert b"Operator" not in entry.encode()
    assert entry.facts["operators"] == [
        commitment(row.salt, b"Operator One"),
        commitment(row.salt, b"Operator Two"),
    ]


@pytest.mark.parametrize(
    ("operators", "why"),
    [
        (("One", "one "), WHY),
        (("One", ""), WHY),
        (("", ""), WHY),
        (("One", "Two"), "down"),
        (("One", "Two"), "           "),
    ],
)
def test_one_operator_or_no_reason_is_not_enough(
    world: World, glass: BreakGlass, operators: tuple[str, str], why: str
) -> None:
    serial = world.issue("people-1").serial_number

    with pytest.raises(BreakGlassRefused):
        glass.revoke(
            serial_number=serial,
            reason=RevocationReason.KEY_COMPROMISE,
            operators=operators,
            justification=why,
        )

    assert StatusDirectory(database=world.database).statuses("people-1", [serial])[serial].is_good


def test_what_is_refused_leaves_no_trace_of_a_broken_glass(world: World, glass: BreakGlass) -> None:
    serial = world.issue("people-1").serial_number
    who = ("One", "Two")
    glass.revoke(
        serial_number=serial,
        reason=RevocationReason.SUPERSEDED,
        operators=who,
        justification=WHY,
    )

    with pytest.raises(AlreadyRevoked):
        glass.revoke(
            serial_number=serial,
            reason=RevocationReason.UNSPECIFIED,
            operators=who,
            justification=WHY,
        )

    kinds = [one.kind for one in entries_of(world.database)]
    assert kinds.count("break-glass") == 1
