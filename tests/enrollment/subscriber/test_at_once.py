"""Two windows, two threads, and a process that dies half-way: on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import enrollment.subscriber.bundles as bundles_module
from ca.csr import verify_csr
from enrollment.application import Application
from enrollment.key_creation.policy import KeyHome
from enrollment.models import applications
from enrollment.storing import store_application
from enrollment.subscriber.bundle import Bundle, BundleKind
from enrollment.subscriber.drafts import insert_draft
from enrollment.subscriber.errors import DraftChanged, DraftInTheWay, KeyUsedBefore
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.subscriber.person import SIGN_IN, SIGNING, approve
from tests.enrollment.world import World


@pytest.fixture
def listed(either_world: World) -> str:
    """The id of somebody who may sign in."""
    either_world.found()
    return either_world.subscribers.enroll(either_world.employ())


def prepared(world: World, person: str, *profiles: str) -> Bundle:
    drafts = world.personal.drafts
    drafts.begin(person)
    drafts.confirm(person)
    draft = drafts.choose(person, profiles)
    for profile in profiles:
        csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
        draft = drafts.set_key(person, profile, KeyHome.OWN_REQUEST, csr)
    return draft


def held(world: World, person: str, profile: str = SIGNING) -> Application:
    draft = prepared(world, person, profile)
    sent = world.personal.bundles.submit(person, bundle_id=draft.id, version=draft.version)
    [one] = world.personal.bundles.find(sent.id, person=person).applications
    approve(world, one)
    [one] = world.personal.bundles.find(sent.id, person=person).applications
    return one


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def count(world: World) -> int:
    with world.database.read() as connection:
        return connection.execute(select(func.count()).select_from(applications)).scalar_one()


def test_two_windows_that_begin_have_one_draft(either_world: World, listed: str) -> None:
    begin = either_world.personal.drafts.begin
    found = at_once([lambda: begin(listed)] * 4)
    assert len({one.id for one in found}) == 1


def test_two_windows_that_submit_make_one_bundle(either_world: World, listed: str) -> None:
    draft = prepared(either_world, listed, SIGNING, SIGN_IN)
    submit = either_world.personal.bundles.submit
    sent = at_once(
        [lambda: submit(listed, bundle_id=draft.id, version=draft.version) for _ in range(4)]
    )
    assert [one.id for one in sent] == [draft.id] * 4
    assert count(either_world) == 2


def test_what_is_submitted_is_what_was_shown(either_world: World, listed: str) -> None:
    draft = prepared(either_world, listed, SIGNING)
    prepared(either_world, listed, SIGNING)
    with pytest.raises(DraftChanged):
        either_world.personal.bundles.submit(listed, bundle_id=draft.id, version=draft.version)
    assert count(either_world) == 0


def test_a_death_between_two_certificates_leaves_none_of_them(
    either_world: World, listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = prepared(either_world, listed, SIGNING, SIGN_IN)
    stored: list[str] = []

    def die_at_the_second(*arguments: Any, **named: Any) -> None:
        if stored:
            raise KeyboardInterrupt
        stored.append(named["application_id"])
        store_application(*arguments, **named)

    monkeypatch.setattr(bundles_module, "store_application", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        either_world.personal.bundles.submit(listed, bundle_id=draft.id, version=draft.version)
    assert count(either_world) == 0
    monkeypatch.undo()
    either_world.personal.bundles.submit(listed, bundle_id=draft.id, version=draft.version)
    assert count(either_world) == 2


def test_a_renewal_that_is_clicked_twice_is_one(
    either_world: World, listed: str, clock: Any
) -> None:
    one = held(either_world, listed)
    clock.advance(timedelta(days=1060))
    renew = either_world.personal.renewals.begin
    begun = at_once([lambda: renew(listed, one.id, BundleKind.RENEWAL)] * 3)
    assert len({bundle.id for bundle in begun}) == 1
    assert [bundle.certificates[0].replaces for bundle in begun] == [one.id] * 3


def test_a_draft_in_the_way_keeps_a_renewal_out(
    either_world: World, listed: str, clock: Any
) -> None:
    one = held(either_world, listed)
    clock.advance(timedelta(days=1060))
    either_world.personal.drafts.begin(listed)
    with pytest.raises(DraftInTheWay):
        either_world.personal.renewals.begin(listed, one.id, BundleKind.RENEWAL)


def test_the_tables_hold_one_draft_for_each_person(either_world: World, listed: str) -> None:
    draft = either_world.personal.drafts.begin(listed)
    dossier = either_world.personal.dossiers.of(listed)
    now = either_world.clock.now()
    with pytest.raises(IntegrityError), either_world.database.begin() as connection:
        insert_draft(connection, dossier, BundleKind.APPLICATION, now)
    found = either_world.personal.drafts.find(listed)
    assert found is not None and found.id == draft.id


def test_two_suspensions_at_once_are_one(either_world: World, listed: str) -> None:
    one = held(either_world, listed)
    suspend = either_world.personal.holdings.suspend
    done = at_once([lambda: suspend(listed, one.id)] * 3)
    assert {record.standing for record in done} == {"on-hold"}
    assert either_world.personal.holdings.find(listed, one.id).own_hold


def test_a_key_that_two_people_send_at_once_is_certified_for_one(
    either_world: World, listed: str
) -> None:
    other = either_world.subscribers.enroll(either_world.employ(number="987654321"))
    csr = verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    drafts, sent = either_world.personal.drafts, []
    for person in (listed, other):
        prepared(either_world, person, SIGNING)
        draft = drafts.set_key(person, SIGNING, KeyHome.OWN_REQUEST, csr)
        sent.append((person, draft))
    submit = either_world.personal.bundles.submit
    (first, one), (second, two) = sent
    submit(first, bundle_id=one.id, version=one.version)
    with pytest.raises(KeyUsedBefore):
        submit(second, bundle_id=two.id, version=two.version)
    assert drafts.find(second) is not None


def test_storing_is_written_down_in_the_log(
    either_world: World, listed: str, tmp_path: Path
) -> None:
    draft = prepared(either_world, listed, SIGNING)
    either_world.personal.bundles.submit(listed, bundle_id=draft.id, version=draft.version)
    either_world.log.publish()
    folder = either_world.folder / "log"
    octets = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"application-submitted" in octets and b"Dara" not in octets
