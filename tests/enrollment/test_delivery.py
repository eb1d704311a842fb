"""From the last approval to the certificate: through failures, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, insert, select

from ca.csr import verify_csr
from ca.models import blocked_keys, certificates
from core.errors import Unavailable
from core.idempotency import new_act_id
from enrollment.application import Application, ApplicationState, Verdict
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, facts_of


@pytest.fixture
def approved(either_world: World) -> Application:
    world = either_world
    for officer in ("clerk", "first"):
        world.enroll(officer)
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    application = world.registration.applications.submit(
        Submission("service-client", csr, "program:p", facts_of("service-client")),
        applicant="clerk",
        application_id=new_act_id(world.clock.now()),
    )
    return world.registration.decisions.decide(
        application.id,
        DecisionToMake(new_act_id(world.clock.now()), "first", Verdict.APPROVED),
    )


def issued_rows(world: World) -> int:
    query = select(func.count()).where(
        certificates.c.profile == "service-client", certificates.c.state == "issued"
    )
    with world.database.read() as connection:
        return int(connection.execute(query).scalar_one())


def test_what_was_approved_before_a_crash_is_issued_by_the_scheduler(
    either_world: World, approved: Application
) -> None:
    world = either_world
    assert approved.state is ApplicationState.APPROVED
    assert world.registration.delivery.issue_waiting() == 1
    assert world.registration.applications.find(approved.id).state is ApplicationState.ISSUED
    assert world.registration.delivery.issue_waiting() == 0


def test_a_crash_after_issuing_ends_with_the_same_one_certificate(
    either_world: World, approved: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    delivery = world.registration.delivery

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(delivery), "_note_issued", die)
        with pytest.raises(KeyboardInterrupt):
            delivery.issue_if_approved(approved)
    assert issued_rows(world) == 1
    assert delivery.issue_waiting() == 1
    assert issued_rows(world) == 1


def test_many_at_once_issue_one_certificate(either_world: World, approved: Application) -> None:
    world = either_world
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _n: world.registration.delivery.issue_if_approved(approved), range(6)))
    world.registration.delivery.issue_waiting()
    assert issued_rows(world) == 1
    assert world.registration.applications.find(approved.id).state is ApplicationState.ISSUED


def test_while_the_token_is_away_an_approved_application_waits(
    either_world: World, approved: Application
) -> None:
    world = either_world
    world.keys.away = True
    waiting = world.registration.delivery.issue_if_approved(approved)
    assert waiting.state is ApplicationState.APPROVED
    world.keys.away = False
    assert world.registration.delivery.issue_waiting() == 1


def test_a_key_that_was_blocked_in_the_meantime_fails_the_application_for_good(
    either_world: World, approved: Application
) -> None:
    world = either_world
    with world.database.begin() as connection:
        connection.execute(
            insert(blocked_keys).values(
                public_key_sha256=approved.public_key_sha256,
                reason="compromised",
                blocked_at=world.clock.now(),
            )
        )
    failed = world.registration.delivery.issue_if_approved(approved)
    assert (failed.state, failed.failure) == (ApplicationState.FAILED, "key-blocked")
    assert world.registration.delivery.issue_waiting() == 0


def test_nothing_is_submitted_or_decided_while_the_log_cannot_be_written(
    either_world: World, approved: Application
) -> None:
    world = either_world
    folder = world.folder / "log"
    folder.rename(world.folder / "gone")
    folder.write_text("not a folder")
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    act = new_act_id(world.clock.now())
    with pytest.raises(Unavailable):
        world.registration.applications.submit(
            Submission("service-client", csr, "program:q", facts_of("service-client")),
            applicant="clerk",
            application_id=act,
        )
    folder.unlink()
    (world.folder / "gone").rename(folder)
    assert act not in {one.id for one in world.registration.applications.page(limit=10)}
