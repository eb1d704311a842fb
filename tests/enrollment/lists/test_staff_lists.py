"""What becomes of a list: compared, accepted, approved, applied; on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Role
from core.errors import NotFound
from core.transparency.entry import commitment
from enrollment.institutions.errors import InstitutionNotActive
from enrollment.institutions.institution import InstitutionState
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.lists.errors import (
    ListChanged,
    ListNotReady,
    ListOutdated,
    ListUnknown,
    SecondListOfficerNeeded,
)
from enrollment.lists.models import staff_list_files, staff_list_rows, staff_lists
from enrollment.lists.staff_list import ListState, Outcome
from enrollment.people.models import employments, people, person_identifiers
from enrollment.people.person import IdentifierKind
from tests.ca.revocation.world import entries_of
from tests.enrollment.lists.files import DARA, csv_of, person
from tests.enrollment.lists.world import (
    MOI,
    apply,
    bring,
    brought,
    crowd,
    everybody,
    listed,
    officer,
)
from tests.enrollment.world import World


def counts(one: Any) -> dict[str, int]:
    return {str(outcome): count for outcome, count in one.counts.items() if count}


def codes(world: World, one: Any) -> dict[int, list[str]]:
    return {
        row.number: [found.code for found in row.findings]
        for row in world.staff_lists.lists.rows(one.id, limit=100)
    }


def test_a_first_list_takes_everybody_up(either_world: World) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, DARA, *crowd(3))
    assert ready.state is ListState.READY
    assert counts(ready) == {"new": 4}
    assert everybody(world) == []
    done = apply(world, clerk, ready)
    assert done.state is ListState.APPLIED
    assert listed(world) == ["0000", "0001", "0002", "0012"]
    dara = world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "012345678")
    assert dara is not None
    assert dara.details.name.khmer == "សុខ ដារ៉ា"
    assert dara.details.date_of_birth == "1980-12-31"
    (served,) = world.people.employments_of(dara.id)
    assert served.institution == MOI
    assert served.place.official_mail == "dara@moi.example"


def test_the_same_file_again_changes_nothing(either_world: World) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA, *crowd(3))
    before = everybody(world)
    again = brought(world, clerk, DARA, *crowd(3))
    assert counts(again) == {"unchanged": 4}
    assert (again.gone, again.state) == (0, ListState.APPLIED)
    assert everybody(world) == before


def test_what_changed_is_shown_and_then_written(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA, *crowd(2))
    married = (*DARA[:3], "SOK", "Dara Maria", *DARA[5:])
    ready = bring(world, clerk, married, *crowd(2))
    assert counts(ready) == {"changed": 1, "unchanged": 2}
    apply(world, clerk, ready)
    assert "Dara Maria" in [one["given_name_latin"] for one in everybody(world)]
    empty = (*DARA[:8], "")
    assert counts(bring(world, clerk, empty, *crowd(2))) == {"changed": 1, "unchanged": 2}


def test_a_renewed_document_is_kept_beside_the_old_one(world: World) -> None:
    clerk = officer(world, "clerk")
    header = ("Staff number", "Surname", "Passport", "Passport expiry")
    for number, until in (
        ("N0000001", "01/2027"),
        ("N0000001", "01/02/2027"),
        ("N0000002", "2036"),
    ):
        one = world.staff_lists.take(
            clerk,
            None,
            file_name="list.csv",
            octets=csv_of(("1", "Sok", number, until), header=header),
            list_id=sha256(f"{number}{until}".encode()).hexdigest()[:32],
        )
        apply(world, clerk, one)
        world.clock.advance(timedelta(minutes=1))
    with world.database.read() as connection:
        held = connection.execute(
            select(person_identifiers).order_by(person_identifiers.c.number)
        ).all()
    assert [(one.number, str(one.valid_until)) for one in held] == [
        ("N0000001", "2027-02-01"),
        ("N0000002", "2036-12-31"),
    ]
    assert len({one.person for one in held}) == 1


def test_rows_with_errors_are_left_out_and_keep_their_people(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA, *crowd(2))
    broken = (*DARA[:6], "31/02/1980", *DARA[7:])
    ready = bring(world, clerk, broken, *crowd(2))
    assert counts(ready) == {"rejected": 1, "unchanged": 2}
    assert ready.gone == 0
    apply(world, clerk, ready)
    assert listed(world) == ["0000", "0001", "0012"]


def test_proposals_wait_for_a_yes_and_are_left_out_without_one(world: World) -> None:
    clerk = officer(world, "clerk")
    short = (*DARA[:7], "12345678", DARA[8])
    limon = ("0013", "sux", "can;", "", "", "M", "29586", "111111111", "")
    ready = bring(world, clerk, short, limon, *crowd(1))
    assert (ready.unaccepted, counts(ready)) == (2, {"new": 3})
    lists = world.staff_lists.lists
    once = lists.accept(ready.id, NATION, yes=True, numbers=[2])
    assert (once.unaccepted, once.revision) == (1, 1)
    assert lists.accept(ready.id, NATION, yes=True, numbers=[2]).revision == 1
    assert lists.accept(ready.id, NATION, yes=True).unaccepted == 0
    back = lists.accept(ready.id, NATION, yes=False, numbers=[3])
    assert back.unaccepted == 1
    apply(world, clerk, back)
    assert listed(world) == ["0000", "0012"]
    assert world.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "012345678") is not None
    assert [row.number for row in lists.rejects(ready.id, limit=9)] == [3]
    with pytest.raises(ListNotReady):
        lists.accept(ready.id, NATION, yes=True)


def test_nobody_applies_what_they_did_not_look_at(world: World) -> None:
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, (*DARA[:7], "12345678", DARA[8]))
    world.staff_lists.lists.accept(ready.id, NATION, yes=True)
    with pytest.raises(ListChanged):
        apply(world, clerk, ready)
    assert everybody(world) == []


def test_dropping_two_of_a_hundred_takes_one_officer_and_three_take_two(
    either_world: World,
) -> None:
    world = either_world
    clerk, second = officer(world, "clerk"), officer(world, "second")
    brought(world, clerk, *crowd(100))
    two_fewer = brought(world, clerk, *crowd(98))
    assert (two_fewer.gone, two_fewer.approved_by) == (2, None)
    assert len(listed(world, state="left")) == 2
    brought(world, clerk, *crowd(100))
    three_fewer = bring(world, clerk, *crowd(97))
    assert (three_fewer.gone, three_fewer.needs_second_officer) == (3, True)
    with pytest.raises(SecondListOfficerNeeded):
        apply(world, clerk, three_fewer)
    assert len(listed(world)) == 100
    assert world.staff_lists.lists.find(three_fewer.id, NATION).state is ListState.READY
    done = apply(world, second, three_fewer)
    assert (done.state, done.approved_by) == (ListState.APPLIED, "second")
    assert len(listed(world)) == 97


def test_the_database_refuses_an_approval_by_the_uploader(either_world: World) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    officer(world, "second")
    brought(world, clerk, *crowd(4))
    ready = bring(world, clerk, *crowd(2))
    for approval in (
        {"approved_by": "clerk", "approved_by_person": "clerk"},
        {"approved_by": "second", "approved_by_person": "clerk"},
        {"approved_by": "second"},
        {},
    ):
        with pytest.raises(IntegrityError), world.database.begin() as connection:
            connection.execute(
                update(staff_lists)
                .where(staff_lists.c.id == ready.id)
                .values(state="applying", **approval)
            )


def test_the_uploader_is_the_same_person_in_another_role(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, *crowd(4))
    ready = bring(world, clerk, *crowd(2))
    other_role = officer(world, "other-role")
    with world.database.begin() as connection:
        connection.execute(
            update(staff_lists)
            .where(staff_lists.c.id == ready.id)
            .values(uploaded_by=None, uploaded_by_person=None)
        )
    # Whoever sat at the machine approves nothing alone; an officer then does.
    with pytest.raises(SecondListOfficerNeeded):
        world.staff_lists.applying.begin(ready.id, NATION, officer=None)
    assert apply(world, other_role, ready).approved_by == "other-role"


def test_who_comes_back_is_on_the_list_again(world: World) -> None:
    clerk, second = officer(world, "clerk"), officer(world, "second")
    brought(world, clerk, DARA, *crowd(3))
    apply(world, second, bring(world, clerk, *crowd(3)))
    world.clock.advance(timedelta(minutes=1))
    assert listed(world, state="left") == ["0012"]
    back = bring(world, clerk, DARA, *crowd(3))
    assert counts(back) == {"returned": 1, "unchanged": 3}
    apply(world, clerk, back)
    assert listed(world, state="left") == []


def test_whom_another_institution_lists_is_one_person_and_stays_who_they_are(
    world: World,
) -> None:
    clerk, other = officer(world, "clerk"), officer(world, "other", "moh")
    brought(world, clerk, DARA)
    at_moh = ("77", *DARA[1:8], "dara@moh.example")
    ready = bring(world, other, at_moh)
    assert codes(world, ready) == {2: ["also-elsewhere"]}
    apply(world, other, ready)
    assert len(everybody(world)) == 1
    assert (listed(world), listed(world, "moh")) == (["0012"], ["77"])
    renamed = bring(world, other, ("77", "ចាន់", *DARA[2:8], "dara@moh.example"))
    younger = bring(world, other, (*at_moh[:6], "01/01/1990", *at_moh[7:]))
    assert codes(world, renamed) == codes(world, younger) == {2: ["differs-elsewhere"]}
    # The other institution's people are none of this one's: nobody leaves there.
    assert (renamed.gone, renamed.listed) == (0, 1)


def test_numbers_that_contradict_each_other_are_errors(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA, *crowd(3))
    ready = bring(
        world,
        clerk,
        ("0000", *DARA[1:]),  # the staff number of one, the card of another
        ("0001", *person(9)[1:]),  # the staff number of one, a card that nobody has
        (*person(2)[:6], "16/06/1985", "", ""),  # the same number, another day of birth
    )
    assert codes(world, ready) == {2: ["two-people"], 3: ["other-person"], 4: ["other-person"]}
    assert counts(ready) == {"rejected": 3}


def test_a_person_named_twice_in_other_words_is_taken_once(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA)
    by_card = ("0099", *DARA[1:])
    by_number = (*DARA[:7], "", "")
    ready = bring(world, clerk, by_card, by_number)
    assert codes(world, ready) == {2: [], 3: ["duplicate-person"]}


def test_a_mail_address_belongs_to_one_person(world: World) -> None:
    clerk = officer(world, "clerk")
    brought(world, clerk, DARA, *crowd(1))
    thief = (*person(0)[:8], "dara@moi.example")
    ready = bring(world, clerk, (*DARA[:8], ""), thief)
    assert codes(world, ready) == {2: [], 3: ["mail-taken"]}


def test_an_officer_touches_only_the_lists_of_their_institution(world: World) -> None:
    clerk, other = officer(world, "clerk"), officer(world, "other", "moh")
    ready = bring(world, clerk, DARA)
    for act in (
        lambda: world.staff_lists.lists.find(ready.id, Jurisdiction.of(other)),
        lambda: world.staff_lists.lists.accept(ready.id, Jurisdiction.of(other), yes=True),
        lambda: world.staff_lists.lists.withdraw(ready.id, Jurisdiction.of(other)),
        lambda: apply(world, other, ready),
        lambda: bring(world, other, DARA, institution=MOI),
    ):
        with pytest.raises(NotFound):
            act()
    assert world.staff_lists.lists.page(Jurisdiction.of(other), limit=9) == []
    national = officer(world, "national", None)
    assert world.staff_lists.lists.find(ready.id, Jurisdiction.of(national)) == ready


def test_a_list_that_was_given_up_is_never_applied(world: World) -> None:
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, DARA)
    world.staff_lists.lists.withdraw(ready.id, NATION)
    assert world.staff_lists.lists.withdraw(ready.id, NATION).state is ListState.WITHDRAWN
    with pytest.raises(ListNotReady):
        apply(world, clerk, ready)


def test_a_list_that_was_overtaken_by_another_is_not_applied(world: World) -> None:
    clerk = officer(world, "clerk")
    old = bring(world, clerk, *crowd(3))
    world.clock.advance(timedelta(minutes=1))
    brought(world, clerk, *crowd(5))
    with pytest.raises(ListOutdated):
        apply(world, clerk, old)
    assert len(listed(world)) == 5


def test_one_list_of_an_institution_is_applied_at_a_time(world: World) -> None:
    clerk = officer(world, "clerk")
    first, second = bring(world, clerk, *crowd(3)), bring(world, clerk, *crowd(4))
    world.staff_lists.applying.begin(first.id, NATION, officer="clerk")
    with pytest.raises(ListNotReady, match="Another list"):
        world.staff_lists.applying.begin(second.id, NATION, officer="clerk")


def test_nothing_is_taken_for_a_suspended_institution(world: World) -> None:
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, DARA)
    world.institutions.change_state(MOI, InstitutionState.SUSPENDED)
    with pytest.raises(InstitutionNotActive):
        bring(world, clerk, DARA)
    with pytest.raises(InstitutionNotActive):
        apply(world, clerk, ready)


def test_an_upload_of_the_same_act_is_one_list(world: World) -> None:
    clerk = officer(world, "clerk")
    taken = [
        world.staff_lists.take(
            clerk, None, file_name="C:\\lists\\a.csv", octets=csv_of(DARA), list_id="a" * 32
        )
        for _ in range(2)
    ]
    assert taken[0] == taken[1]
    assert taken[0].file_name == "a.csv"
    with pytest.raises(ListUnknown):
        other = officer(world, "other", "moh")
        world.staff_lists.take(
            other, None, file_name="a.csv", octets=csv_of(DARA), list_id="a" * 32
        )


def test_a_list_that_breaks_off_below_its_head_says_so_and_keeps_nothing(world: World) -> None:
    clerk = officer(world, "clerk")
    rows = csv_of(*crowd(30)) + b'\r\n"open,quote'
    found = world.staff_lists.take(clerk, None, file_name="a.csv", octets=rows, list_id="a" * 32)
    assert (found.state, found.problem) == (ListState.UNREADABLE, "list-unreadable")
    with world.database.read() as connection:
        for table in (staff_list_rows, staff_list_files):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_old_lists_lose_their_rows_and_keep_their_counts(world: World) -> None:
    clerk = officer(world, "clerk")
    done = brought(world, clerk, DARA, *crowd(3))
    assert world.staff_lists.lists.forget_old() == 0
    world.clock.advance(timedelta(days=91))
    assert world.staff_lists.lists.forget_old() == 1
    assert world.staff_lists.lists.forget_old() == 0
    found = world.staff_lists.lists.find(done.id, NATION)
    assert found.forgotten_at is not None
    assert counts(found) == {"new": 4}
    assert world.staff_lists.lists.rows(done.id, limit=9) == []


def test_the_log_commits_to_the_file_and_names_nobody(world: World) -> None:
    clerk = officer(world, "clerk")
    done = brought(world, clerk, DARA, *crowd(3))
    entries = [one.encode() for one in entries_of(world.database)]
    (approved,) = [one for one in entries if b'"staff-list-approved"' in one]
    file = commitment(done.salt, sha256(csv_of(DARA, *crowd(3))).digest())
    assert file.encode() in approved
    assert b'"new":4' in approved
    assert [b"staff-list-applied" in one for one in entries].count(True) == 1
    everything = b"".join(entries)
    for word in ("Dara", "ដារ៉ា", "012345678", "clerk", "0012"):
        assert word.encode() not in everything


class KilledError(RuntimeError):
    """The process is gone."""


def test_killed_anywhere_it_goes_on_and_does_nothing_twice(
    either_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    clerk, second = officer(world, "clerk"), officer(world, "second")
    brought(world, clerk, *crowd(40))
    ready = bring(world, clerk, *crowd(40, begin=20))
    assert (ready.gone, counts(ready)) == (20, {"new": 20, "unchanged": 20})
    world.staff_lists.applying.begin(ready.id, NATION, officer=second.id)
    random, append, kills = Random(7), world.log.append, 0

    def append_or_die(*args: Any) -> Any:
        written = append(*args)
        if random.random() < 0.6:
            raise KilledError
        return written

    monkeypatch.setattr(world.log, "append", append_or_die)
    while world.staff_lists.lists.find(ready.id, NATION).state is not ListState.APPLIED:
        try:
            world.staff_lists.applying.run_batch(ready.id, batch=7)
        except KilledError:
            kills += 1
    assert kills > 3
    assert listed(world) == [f"{number:04}" for number in range(20, 60)]
    assert len(everybody(world)) == 60
    with world.database.read() as connection:
        left = select(func.count()).where(employments.c.state == "left")
        assert connection.execute(left).scalar_one() == 20


RUNNER = """
import sys
from pathlib import Path
from core.clock import SystemClock
from core.database import Database
from enrollment.lists.applying import ListApplying
from enrollment.lists.settings import ListSettings
from tests.ca.revocation.world import make_log
url, folder, one = sys.argv[1:]
database, clock = Database(url), SystemClock()
log = make_log(database, Path(folder), clock)
applying = ListApplying(database=database, log=log, settings=ListSettings(), clock=clock)
print("running", flush=True)
while applying.run_batch(one, batch=20).state == "applying":
    pass
"""


def test_a_process_that_is_killed_leaves_whole_batches(
    either_world: World, database_url: str
) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, *crowd(300))
    world.staff_lists.applying.begin(ready.id, NATION, officer=clerk.id)
    folder = str(world.folder / "log")
    kills = 0
    for pause in (0.02, 0.15):
        command = [sys.executable, "-c", RUNNER, database_url, folder, ready.id]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"running\n"
            time.sleep(pause)
            if process.poll() is None:
                kills += 1
                os.kill(process.pid, signal.SIGKILL)
    assert kills > 0
    assert world.staff_lists.applying.run(ready.id).state is ListState.APPLIED
    assert len(listed(world)) == len(everybody(world)) == 300
    added = [one for one in entries_of(world.database) if one.kind == "person-added"]
    assert len(added) == 300


def test_two_runners_at_once_apply_each_row_once(either_world: World) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    ready = bring(world, clerk, *crowd(60))
    world.staff_lists.applying.begin(ready.id, NATION, officer=clerk.id)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while world.staff_lists.applying.run_batch(ready.id, batch=5).state == "applying":
                pass
        except BaseException as error:
            errors.append(error)

    runners = [threading.Thread(target=run) for _ in range(3)]
    for one in runners:
        one.start()
    for one in runners:
        one.join()
    assert errors == []
    assert len(listed(world)) == len(everybody(world)) == 60


def test_reading_that_was_cut_short_stores_no_row_twice(
    either_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    clerk = officer(world, "clerk")
    lists = world.staff_lists
    monkeypatch.setattr("enrollment.lists.reading.BATCH", 8)
    object.__setattr__(lists.settings, "read_at_once_octets", 0)

    def die_at(rows: int) -> Any:
        def report(count: int) -> None:
            if count >= rows:
                raise KilledError

        return report

    found = bring(world, clerk, *crowd(40))
    assert found.state is ListState.READING
    for rows in (8, 24):
        with pytest.raises(KilledError):
            lists.reading.read(found.id, report=die_at(rows))
        assert lists.lists.find(found.id, NATION).rows_read == rows
    assert lists.reading.read_waiting() == 1
    ready = lists.lists.find(found.id, NATION)
    assert (ready.rows_read, counts(ready), ready.state) == (40, {"new": 40}, ListState.READY)


def test_another_list_that_takes_somebody_up_meanwhile_is_noticed(either_world: World) -> None:
    world = either_world
    clerk, other = officer(world, "clerk"), officer(world, "other", "moh")
    at_moh = ("77", *DARA[1:8], "dara@moh.example")
    first, second = bring(world, clerk, DARA, person(1)), bring(world, other, at_moh)
    apply(world, other, second)
    done = apply(world, clerk, first)
    assert len(everybody(world)) == 2
    assert listed(world) == ["0001", "0012"]
    assert done.counts[Outcome.REJECTED] == 0


def test_nobody_lists_for_the_whole_nation_without_naming_the_institution(world: World) -> None:
    officer(world, "clerk")
    national = officer(world, "national", None)
    assert national.role is Role.RA_OFFICER
    with pytest.raises(Exception, match="Name the institution"):
        bring(world, national, DARA)
    assert bring(world, national, DARA, institution=MOI).institution == MOI
    with world.database.read() as connection:
        assert connection.execute(select(people)).all() == []
