"""An invitation opens one account, once; a look at it changes nothing; guessing is bounded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.errors import CamtrustError
from core.mail.models import mails
from enrollment.institutions.institution import InstitutionState
from enrollment.invitations.errors import (
    AccountClosed,
    DigitsMalformed,
    DigitsRefused,
    InvitationExpired,
    InvitationSpent,
    InvitationUnknown,
    InvitationWithdrawn,
    NoLongerListed,
    TooManyGuesses,
)
from enrollment.invitations.invitation import InvitationState
from enrollment.invitations.models import MOST_WRONG_TRIES, invitations
from enrollment.invitations.settings import InvitationSettings
from enrollment.jurisdiction import NATION
from enrollment.officers import OfficerState
from enrollment.sessions.models import sessions
from enrollment.sessions.sessions import SignInMethod
from tests.enrollment.invitations.conftest import OFFICER, Ministry
from tests.enrollment.world import World


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_a_link_opens_an_account_and_a_session(
    ministry: Ministry, kinds: Callable[[], list[str]]
) -> None:
    world, employment = ministry.world, ministry.list()
    ministry.invite(employment)
    opened = world.invitations.opening.spend(ministry.token(), shared_computer=False)
    session = world.sessions.find(opened)
    assert session is not None
    assert session.method is SignInMethod.INVITATION and not session.shared_computer
    listed = world.invitations.listing.find(employment, jurisdiction=NATION)
    assert session.principal.id == listed.employment.person
    assert kinds()[-2:] == ["subscriber-enrolled", "invitation-spent"]


def test_a_second_invitation_opens_the_same_account_again(ministry: Ministry) -> None:
    world, employment = ministry.world, ministry.list()
    who = []
    for _time in range(2):
        ministry.invite(employment)
        session = world.sessions.find(
            world.invitations.opening.spend(ministry.token(), shared_computer=True)
        )
        assert session is not None and session.shared_computer
        who.append(session.principal.id)
    assert who[0] == who[1]


def test_a_look_changes_nothing_however_often(ministry: Ministry) -> None:
    ministry.invite(ministry.list())
    token, opening = ministry.token(), ministry.world.invitations.opening

    def dump() -> list[Any]:
        with ministry.world.database.read() as connection:
            rows = connection.execute(select(invitations)).all()
            return [
                rows,
                *(
                    connection.scalar(select(func.count()).select_from(table))
                    for table in (mails, sessions)
                ),
            ]

    before = dump()
    seen = [opening.glance(token) for _time in range(5)]
    assert dump() == before
    assert seen[0].institution.id == "moh"
    assert (seen[0].name_khmer, seen[0].name_latin) == ("សុ… ដា…", "S… D…")


def test_of_many_at_once_one_spends_it(either_ministry: Ministry) -> None:
    world = either_ministry.world
    either_ministry.invite(either_ministry.list())
    token = either_ministry.token()

    def spend(_number: int) -> str:
        try:
            world.invitations.opening.spend(token, shared_computer=False)
        except InvitationSpent:
            return "spent"
        return "opened"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(spend, range(6))) == ["opened"] + ["spent"] * 5
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(sessions)) == 1


def test_two_institutions_open_one_account_at_once(either_ministry: Ministry) -> None:
    from core.access import Principal, Role
    from enrollment.people.person import Place

    world, employment = either_ministry.world, either_ministry.list()
    person = world.invitations.listing.find(employment, jurisdiction=NATION).employment.person
    world.found("moi")
    national = Principal("national", Role.RA_OFFICER)
    world.enroll("national")
    other = world.people.employ(person, "moi", Place(official_mail="dara@moi.example"))
    either_ministry.invite(employment)
    first = either_ministry.token()
    either_ministry.invite(other.id, invited_by=national)
    second = either_ministry.token()

    def spend(token: str) -> str:
        return world.invitations.opening.spend(token, shared_computer=False)

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(spend, [first, second]))) == 2


@pytest.mark.parametrize(
    ("happening", "refusal"),
    [
        ("spent", InvitationSpent),
        ("expired", InvitationExpired),
        ("withdrawn", InvitationWithdrawn),
        ("replaced", InvitationWithdrawn),
        ("left", NoLongerListed),
        ("suspended", NoLongerListed),
        ("account closed", AccountClosed),
    ],
)
def test_what_no_longer_holds_opens_nothing(
    ministry: Ministry, clock: Any, happening: str, refusal: type[CamtrustError]
) -> None:
    world, employment = ministry.world, ministry.list()
    invited = ministry.invite(employment)
    token, opening = ministry.token(), ministry.world.invitations.opening
    person = world.invitations.listing.find(employment, jurisdiction=NATION).employment.person

    def close_account() -> None:
        world.subscribers.enroll(person)
        world.subscribers.change_state(person, OfficerState.REMOVED)

    acts: dict[str, Callable[[], object]] = {
        "spent": lambda: opening.spend(token, shared_computer=False),
        "expired": lambda: clock.advance(timedelta(days=14)),
        "withdrawn": lambda: world.invitations.inviting.withdraw(invited.id, withdrawn_by=OFFICER),
        "replaced": lambda: ministry.invite(employment),
        "left": lambda: world.people.leave(employment),
        "suspended": lambda: world.institutions.change_state("moh", InstitutionState.SUSPENDED),
        "account closed": close_account,
    }
    acts[happening]()
    with world.database.read() as connection:
        before = connection.scalar(select(func.count()).select_from(sessions))
    with pytest.raises(refusal):
        opening.spend(token, shared_computer=False)
    if refusal is not AccountClosed:
        with pytest.raises(refusal):
            opening.glance(token)
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(sessions)) == before


@pytest.mark.parametrize("token", ["", "a" * 43, "a" * 10_000, "../etc/passwd", "\x00" * 43])
def test_what_is_no_link_opens_nothing(ministry: Ministry, token: str) -> None:
    ministry.invite(ministry.list())
    for look in (
        ministry.world.invitations.opening.glance,
        lambda one: ministry.world.invitations.opening.spend(one, shared_computer=False),
    ):
        with pytest.raises(InvitationUnknown):
            look(token)


def test_a_log_that_is_away_opens_nothing(ministry: Ministry) -> None:
    world = ministry.world
    ministry.invite(ministry.list())
    folder = world.folder / "log"
    folder.rename(world.folder / "elsewhere")
    with pytest.raises(CamtrustError):
        world.invitations.opening.spend(ministry.token(), shared_computer=False)
    (world.folder / "elsewhere").rename(folder)
    assert world.invitations.opening.spend(ministry.token(), shared_computer=False)


def test_a_slip_opens_by_its_square_and_by_its_digits(ministry: Ministry) -> None:
    world, opening = ministry.world, ministry.world.invitations.opening
    employment = ministry.list()
    first = ministry.print_slip(employment)
    opened = world.sessions.find(
        opening.spend(first.link.rpartition("/")[2], shared_computer=False)
    )
    assert opened is not None and opened.method is SignInMethod.SLIP
    second = ministry.print_slip(employment)
    khmer = second.code.translate({48 + n: 0x17E0 + n for n in range(10)})
    typed = f"{khmer[:4]} {khmer[4:]}"
    assert opening.spend_digits(f" {second.number} ", typed, shared_computer=True)
    with pytest.raises(DigitsRefused):
        opening.spend_digits(second.number, second.code, shared_computer=False)


def test_five_wrong_codes_make_a_slip_void_also_for_its_square(
    ministry: Ministry, kinds: Callable[[], list[str]]
) -> None:
    opening = ministry.world.invitations.opening
    slip = ministry.print_slip(ministry.list())
    for _time in range(MOST_WRONG_TRIES):
        with pytest.raises(DigitsRefused):
            opening.spend_digits(slip.number, wrong(slip.code), shared_computer=False)
    with pytest.raises(DigitsRefused):
        opening.spend_digits(slip.number, slip.code, shared_computer=False)
    with pytest.raises(InvitationWithdrawn):
        opening.spend(slip.link.rpartition("/")[2], shared_computer=False)
    assert kinds()[-1] == "invitation-ended"


def test_many_wrong_codes_at_once_are_five_tries_and_not_more(either_ministry: Ministry) -> None:
    opening = either_ministry.world.invitations.opening
    slip = either_ministry.print_slip(either_ministry.list())

    def guess(number: int) -> None:
        with pytest.raises(DigitsRefused):
            opening.spend_digits(
                slip.number, f"{(int(slip.code) + 1 + number) % 10**8:08d}", shared_computer=False
            )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(guess, range(12)))
    with either_ministry.world.database.read() as connection:
        row = connection.execute(select(invitations)).one()
        counted = connection.scalar(text("SELECT count FROM wrong_digits"))
    assert (row.wrong_tries, row.state) == (MOST_WRONG_TRIES, InvitationState.VOID)
    assert counted == 12


def test_four_wrong_codes_leave_the_slip_usable(ministry: Ministry) -> None:
    opening = ministry.world.invitations.opening
    slip = ministry.print_slip(ministry.list())
    for _time in range(MOST_WRONG_TRIES - 1):
        with pytest.raises(DigitsRefused):
            opening.spend_digits(slip.number, wrong(slip.code), shared_computer=False)
    assert opening.spend_digits(slip.number, slip.code, shared_computer=False)


def test_what_is_no_code_is_no_try(ministry: Ministry) -> None:
    opening = ministry.world.invitations.opening
    slip = ministry.print_slip(ministry.list())
    for _time in range(MOST_WRONG_TRIES + 1):
        with pytest.raises(DigitsMalformed):
            opening.spend_digits(slip.number, slip.code[:-1], shared_computer=False)
    assert opening.spend_digits(slip.number, slip.code, shared_computer=False)


@pytest.mark.parametrize("happening", ["spent", "expired", "withdrawn", "unknown"])
def test_to_a_guesser_all_slips_look_alike(ministry: Ministry, clock: Any, happening: str) -> None:
    world, opening = ministry.world, ministry.world.invitations.opening
    slip = ministry.print_slip(ministry.list())
    if happening == "spent":
        opening.spend_digits(slip.number, slip.code, shared_computer=False)
    elif happening == "expired":
        clock.advance(timedelta(days=8))
    elif happening == "withdrawn":
        world.invitations.inviting.withdraw(slip.invitation.id, withdrawn_by=OFFICER)
    number = wrong(slip.number)[2:] if happening == "unknown" else slip.number
    with pytest.raises(DigitsRefused) as caught:
        opening.spend_digits(number, wrong(slip.code), shared_computer=False)
    assert caught.value.data == {}
    assert caught.value.detail == "No slip that can be used has this number and this code."


def test_whoever_has_the_right_digits_hears_that_they_expired(
    ministry: Ministry, clock: Any
) -> None:
    slip = ministry.print_slip(ministry.list())
    clock.advance(timedelta(days=7))
    with pytest.raises(InvitationExpired):
        ministry.world.invitations.opening.spend_digits(
            slip.number, slip.code, shared_computer=False
        )


def test_too_many_wrong_digits_everywhere_stop_digits_and_not_links(
    database: Any, tmp_path: Any, clock: Any
) -> None:
    world = World(
        database, tmp_path, clock, invitation_settings=InvitationSettings(wrong_digits_per_hour=10)
    )
    ministry = Ministry(world)
    slip = ministry.print_slip(ministry.list())
    opening = world.invitations.opening
    for number in range(10):
        with pytest.raises(DigitsRefused):
            opening.spend_digits(f"00000{number}", "00000000", shared_computer=False)
    with pytest.raises(TooManyGuesses) as caught:
        opening.spend_digits(slip.number, slip.code, shared_computer=False)
    assert 0 < caught.value.data["retry_after_seconds"] <= 3601  # type: ignore[operator]
    assert opening.spend(slip.link.rpartition("/")[2], shared_computer=False)
    clock.advance(timedelta(hours=1))
    with pytest.raises(DigitsRefused):
        opening.spend_digits("000000", "00000000", shared_computer=False)


def test_right_digits_do_not_use_up_what_may_be_guessed(
    sqlite: Any, tmp_path: Any, clock: Any
) -> None:
    world = World(
        sqlite, tmp_path, clock, invitation_settings=InvitationSettings(wrong_digits_per_hour=10)
    )
    ministry = Ministry(world)
    employment = ministry.list()
    for _time in range(12):
        slip = ministry.print_slip(employment)
        assert world.invitations.opening.spend_digits(slip.number, slip.code, shared_computer=False)
