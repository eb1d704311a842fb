"""Officers invite the people of their institution, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from core.access import Principal, Role
from core.errors import CamtrustError
from core.mail.outbox import MailState
from enrollment.audit.ledger import Question
from enrollment.institutions.errors import InstitutionNotActive
from enrollment.institutions.institution import InstitutionState
from enrollment.invitations.errors import (
    AccountClosed,
    InvitationClosed,
    InvitationUnknown,
    NoOfficialMail,
    OwnSlip,
    PersonNotListed,
)
from enrollment.invitations.invitation import InvitationState
from enrollment.invitations.listing import Progress
from enrollment.invitations.models import invitations
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.officers import OfficerState
from enrollment.people.person import IdentifierKind
from tests.enrollment.invitations.conftest import OFFICER, Ministry
from tests.enrollment.world import World

ELSEWHERE = Principal("other", Role.RA_OFFICER, "moi")


def test_an_invitation_goes_to_the_official_address_in_both_languages(ministry: Ministry) -> None:
    ministry.invite(ministry.list())
    [mail] = ministry.mailed()
    assert mail.recipient == "s012345678@moh.example"
    assert "ក្រសួងសាកល្បង" in mail.body and "Ministry of MOH" in mail.body
    assert "07/12/2026" in mail.body
    assert mail.confidential
    # A mail may be read by others: it names nobody.
    assert "Sok" not in mail.body and "សុខ" not in mail.body


def test_the_tables_keep_the_hash_of_the_link_alone(ministry: Ministry) -> None:
    ministry.invite(ministry.list())
    token = ministry.token()
    with ministry.world.database.read() as connection:
        row = connection.execute(select(invitations)).one()
    assert row.token_sha256 == sha256(token.encode()).digest()
    assert len(token) == 43
    assert token not in str(row)


def test_one_is_open_and_a_newer_one_replaces_it(ministry: Ministry) -> None:
    employment = ministry.list()
    first, second = ministry.invite(employment), ministry.invite(employment)
    states = {
        one.id: one.state
        for one in ministry.world.invitations.inviting.page(jurisdiction=NATION, limit=9)
    }
    assert states == {first.id: InvitationState.REPLACED, second.id: InvitationState.OPEN}
    # The first mail had not left yet.
    assert [mail.state for mail in ministry.mailed()] == [MailState.WITHDRAWN, MailState.WAITING]


def test_the_same_act_again_invites_once(ministry: Ministry) -> None:
    employment = ministry.list()
    first = ministry.invite(employment, invitation_id="a" * 32)
    assert ministry.invite(employment, invitation_id="a" * 32) == first
    assert len(ministry.mailed()) == 1


def test_many_at_once_leave_one_open(either_ministry: Ministry) -> None:
    employment = either_ministry.list()

    def invite(_number: int) -> None:
        either_ministry.invite(employment)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(invite, range(8)))
    with either_ministry.world.database.read() as connection:
        count = select(func.count()).where(invitations.c.state == "open")
        assert connection.scalar(count) == 1


def test_the_database_refuses_two_open_ones(either_ministry: Ministry) -> None:
    either_ministry.invite(either_ministry.list())
    database = either_ministry.world.database
    with database.read() as connection:
        row = connection.execute(select(invitations)).one()
    twin = {**row._mapping, "id": "f" * 32, "token_sha256": b"2" * 32}
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(invitations).values(**twin))


@pytest.mark.parametrize("officer", [ELSEWHERE])
def test_another_institution_s_people_do_not_exist(ministry: Ministry, officer: Principal) -> None:
    world, employment = ministry.world, ministry.list()
    world.found("moi")
    world.enroll("other", institution="moi")
    invited = ministry.invite(employment)
    inviting = world.invitations.inviting
    with pytest.raises(PersonNotListed):
        ministry.invite(employment, invited_by=officer)
    with pytest.raises(PersonNotListed):
        inviting.print_slip(employment, printed_by=officer, document=IdentifierKind.PASSPORT)
    with pytest.raises(InvitationUnknown):
        inviting.withdraw(invited.id, withdrawn_by=officer)
    with pytest.raises(InvitationUnknown):
        inviting.find(invited.id, jurisdiction=Jurisdiction.of(officer))
    assert inviting.page(jurisdiction=Jurisdiction.of(officer), limit=9) == []
    with pytest.raises(PersonNotListed):
        world.invitations.listing.find(employment, jurisdiction=Jurisdiction.of(officer))


def test_who_left_the_list_is_not_invited(ministry: Ministry) -> None:
    employment = ministry.list()
    ministry.world.people.leave(employment)
    with pytest.raises(PersonNotListed):
        ministry.invite(employment)


@pytest.mark.parametrize("address", [None, "", "no address", "a@b"])
def test_who_has_no_mail_gets_a_slip_instead(ministry: Ministry, address: str | None) -> None:
    employment = ministry.list(official_mail=address)
    with pytest.raises(NoOfficialMail):
        ministry.invite(employment)
    slip = ministry.print_slip(employment)
    assert (len(slip.number), len(slip.code)) == (6, 8)
    assert ministry.mailed("slip-printed") == []


def test_whoever_has_mail_hears_of_a_slip(ministry: Ministry) -> None:
    ministry.print_slip(ministry.list())
    [mail] = ministry.mailed("slip-printed")
    assert "23/11/2026" in mail.body and "/invitations/" not in mail.body


def test_a_slip_is_logged_as_the_officer_s_for_a_person(
    ministry: Ministry, kinds: Callable[[], list[str]]
) -> None:
    slip = ministry.print_slip(ministry.list())
    assert slip.invitation.document is IdentifierKind.NATIONAL_ID
    assert kinds()[-1] == "invitation-made"
    [*_others, entry] = [entry for _index, entry in ministry.world.log.published_entries()]
    assert entry.facts["document"] == "national-id"
    assert {"officer", "person", "institution", "invitation", "kind"} <= set(entry.facts)
    # Public, and says nothing of who they are.
    said = entry.encode().decode()
    assert slip.invitation.person not in said and '"officer":"officer"' not in said


def test_an_auditor_sees_who_invited_whom_and_that_it_was_logged_so(ministry: Ministry) -> None:
    world = ministry.world
    first, second = ministry.list(), ministry.list("987654321")
    invited = ministry.invite(first)
    world.invitations.inviting.withdraw(invited.id, withdrawn_by=OFFICER)
    slip = ministry.print_slip(second)
    world.invitations.runs.begin("moh", requested_by=OFFICER, run_id="a" * 32)
    acts = world.desk.ledger.page(Question(officer="officer"), limit=9).acts
    assert [(act.kind, act.holds, act.institution) for act in acts] == [
        ("inviting-begun", True, "moh"),
        ("invitation-made", True, "moh"),
        ("invitation-ended", True, "moh"),
        ("invitation-made", True, "moh"),
        ("officer-enrolled", True, "moh"),
    ]
    assert dict(acts[1].opened) == {"person": slip.invitation.person, "document": "national-id"}


def test_nobody_prints_a_slip_for_themselves(ministry: Ministry) -> None:
    world = ministry.world
    employment = ministry.list()
    person = world.people.employments_of
    mine = world.invitations.listing.find(employment, jurisdiction=NATION).employment.person
    assert person(mine)
    world.enroll("clerk", institution="moh", person=mine)
    clerk = Principal("clerk", Role.RA_OFFICER, "moh")
    with pytest.raises(OwnSlip):
        world.invitations.inviting.print_slip(
            employment, printed_by=clerk, document=IdentifierKind.PASSPORT
        )


def test_a_closed_account_and_a_suspended_institution_invite_nobody(ministry: Ministry) -> None:
    world, employment = ministry.world, ministry.list()
    person = world.invitations.listing.find(employment, jurisdiction=NATION).employment.person
    world.subscribers.enroll(person)
    world.subscribers.change_state(person, OfficerState.SUSPENDED)
    with pytest.raises(AccountClosed):
        ministry.invite(employment)
    world.institutions.change_state("moh", InstitutionState.SUSPENDED)
    with pytest.raises(InstitutionNotActive):
        ministry.invite(employment)


def test_a_withdrawn_invitation_takes_its_mail_with_it(ministry: Ministry) -> None:
    inviting = ministry.world.invitations.inviting
    invited = ministry.invite(ministry.list())
    assert inviting.withdraw(invited.id, withdrawn_by=OFFICER).state is InvitationState.WITHDRAWN
    assert inviting.withdraw(invited.id, withdrawn_by=OFFICER).state is InvitationState.WITHDRAWN
    assert [mail.state for mail in ministry.mailed()] == [MailState.WITHDRAWN]


def test_what_ended_otherwise_cannot_be_withdrawn(ministry: Ministry) -> None:
    employment = ministry.list()
    first = ministry.invite(employment)
    ministry.invite(employment)
    with pytest.raises(InvitationClosed):
        ministry.world.invitations.inviting.withdraw(first.id, withdrawn_by=OFFICER)


def test_what_ran_out_frees_its_number(ministry: Ministry, clock: Any) -> None:
    slip = ministry.print_slip(ministry.list())
    inviting = ministry.world.invitations.inviting
    assert inviting.end_expired() == 0
    clock.advance(timedelta(days=7))
    assert inviting.end_expired() == 1
    found = inviting.find(slip.invitation.id, jurisdiction=NATION)
    assert found.state is InvitationState.EXPIRED


def test_two_slips_of_one_number_are_drawn_again(
    ministry: Ministry, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["111111"] * 20 + ["111111"] * 19 + ["222222"])
    monkeypatch.setattr("enrollment.invitations.inviting.new_number", lambda: next(drawn))
    first = ministry.print_slip(ministry.list())
    second = ministry.print_slip(ministry.list("987654321"))
    assert (first.number, second.number) == ("111111", "222222")


def test_the_list_says_how_far_everybody_is(ministry: Ministry, world: World, clock: Any) -> None:
    nobody, mailed, slip, account, expired = (ministry.list(f"00000000{n}") for n in range(5))
    ministry.invite(expired)
    clock.advance(timedelta(days=14))
    ministry.invite(mailed)
    ministry.print_slip(slip)
    listing = world.invitations.listing
    world.subscribers.enroll(listing.find(account, jurisdiction=NATION).employment.person)
    rows = listing.page(jurisdiction=Jurisdiction("moh"), limit=9)
    assert {row.id: row.progress for row in rows} == {
        nobody: Progress.NOTHING,
        mailed: Progress.MAIL_WAITS,
        slip: Progress.SLIP,
        account: Progress.ACCOUNT,
        expired: Progress.ENDED,
    }
    without = listing.page(jurisdiction=NATION, limit=9, without_account=True)
    assert account not in {row.id for row in without} and len(without) == 4
    order = [row.id for row in rows]
    assert order == sorted(order)
    further = listing.page(jurisdiction=NATION, limit=2, after=order[1])
    assert [row.id for row in further] == order[2:4]
    assert [row.id for row in listing.search("000000002", jurisdiction=NATION)] == [slip]
    assert listing.search("000000002", jurisdiction=Jurisdiction("moi")) == []


def test_a_token_that_is_away_prints_no_slip(ministry: Ministry) -> None:
    from hsm.errors import TokenUnavailable

    class Away:
        def mac(self, message: bytes) -> bytes:
            raise TokenUnavailable("The token is away.")

    world = ministry.world
    office = type(world.invitations).build(
        database=world.database,
        log=world.log,
        outbox=world.outbox,
        subscribers=world.subscribers,
        mac_key=Away,
        settings=world.invitation_settings,
        public_url=world.public_url,
        clock=world.clock,
    )
    employment = ministry.list()
    with pytest.raises(CamtrustError):
        office.inviting.print_slip(employment, printed_by=OFFICER, document=IdentifierKind.PASSPORT)
    assert office.listing.find(employment, jurisdiction=NATION).progress is Progress.NOTHING
