"""What happens by itself goes on where one circulation is broken, and the log says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.database import DatabaseUnavailable
from signing.approval.approval import Approval
from signing.approval.errors import ApprovalOver
from signing.approval.notices import Notices
from signing.approval.one_by_one import count_done
from signing.approval.retention import ApprovalRetention
from signing.approval.settling import Settling
from tests.signing.approval.world import ApprovalWorld


def broken_for(id_: str, act: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
    """``act``, but of one circulation, which ``name`` finds among its arguments, it fails."""

    def failing(*given: Any, **named: Any) -> Any:
        if name(*given) == id_:
            raise RuntimeError("This one is broken.")
        return act(*given, **named)

    return failing


def test_what_one_raises_is_logged_and_the_others_are_done() -> None:
    def act(item: int) -> bool:
        if item == 2:
            raise ApprovalOver("It is over.")
        return item != 3

    with capture_logs() as logs:
        assert count_done([1, 2, 3, 4], act, event="not-done") == 2
    assert logs == [{"event": "not-done", "log_level": "warning", "problem": "approval-over"}]


def test_a_database_that_is_away_is_away_for_all() -> None:
    def act(_: int) -> bool:
        raise DatabaseUnavailable("The database cannot be reached.")

    with pytest.raises(DatabaseUnavailable):
        count_done([1, 2], act, event="not-done")


def test_a_signature_that_cannot_be_settled_does_not_stop_the_others(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(*_: Any) -> Approval:
        raise KeyboardInterrupt

    first, second = world.start("1"), world.start("1")
    for started in (first, second):
        proof = world.ask(started, "1")
        with monkeypatch.context() as patch:
            patch.setattr(Settling, "settle", died)
            with pytest.raises(KeyboardInterrupt):
                world.confirm(started, "1", proof)
    broken = broken_for(first.id, Settling.settle, lambda _, signing: signing.approval)
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(Settling, "settle", broken)
        assert world.approval.signing.recover() == 1
    assert [one["event"] for one in logs] == ["approval-signing-not-settled"]
    assert [world.find(one).revision for one in (first, second)] == [0, 1]
    assert world.approval.signing.recover() == 1


def test_a_deadline_that_cannot_be_told_does_not_stop_the_others(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (world.start(one, within=timedelta(hours=1)) for one in "12")
    world.clock.advance(timedelta(hours=2))
    broken = broken_for(first.id, Notices.overdue, lambda _, connection, approval, *__: approval.id)
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(Notices, "overdue", broken)
        assert world.approval.deadlines.look() == 1
    assert [one["event"] for one in logs] == ["approval-deadline-not-told"]
    late = [world.find(one).participant(1).overdue_at for one in (first, second)]
    assert (late[0], late[1] is not None) == (None, True)
    assert world.approval.deadlines.look() == 1


def test_a_circulation_that_cannot_be_erased_does_not_stop_the_others(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (world.start(one) for one in "12")
    world.refuse(first, "1")
    world.refuse(second, "2")
    world.clock.advance(timedelta(days=91))
    broken = broken_for(first.id, ApprovalRetention._mark, lambda _, id_: id_)
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(ApprovalRetention, "_mark", broken)
        assert world.approval.retention.erase_old() == 1
    assert [one["event"] for one in logs] == ["approval-not-erased"]
    assert world.approval.retention.erase_old() == 1
