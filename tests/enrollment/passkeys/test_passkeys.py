"""Passkeys: registered for one host, asked once, and refused for every lie, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Role
from core.errors import CamtrustError
from core.transparency.entry import LogEntry
from core.transparency.models import log_entries
from enrollment.jurisdiction import Jurisdiction
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.passkeys.challenges import LIFETIME
from enrollment.passkeys.credentials import read_answer, read_new_credential
from enrollment.passkeys.errors import (
    ChallengeRefused,
    OwnPasskey,
    PasskeyCounterRegressed,
    PasskeyExists,
    PasskeyMalformed,
    PasskeyNotRegistered,
    PasskeyNotWaiting,
    PasskeyRefused,
    PasskeyUnknown,
    TooManyPasskeys,
)
from enrollment.passkeys.models import passkeys
from enrollment.passkeys.passkeys import MOST
from tests.enrollment.passkeys.authenticator import PRESENT, Authenticator, b64
from tests.enrollment.passkeys.world import (
    device_of,
    officer_with_passkey,
    question,
    register,
    sign_in,
    subscriber,
)
from tests.enrollment.world import World


def logged(world: World) -> list[str]:
    """The kinds of what stands in the log, oldest first."""
    with world.database.read() as connection:
        rows = connection.execute(
            select(log_entries.c.entry).order_by(log_entries.c.entry_index)
        ).all()
    return [LogEntry.decode(row.entry).kind for row in rows]


def test_a_registered_passkey_signs_its_holder_in_without_a_name(either_world: World) -> None:
    somebody = subscriber(either_world)
    device = device_of(either_world, somebody)
    asked = question(either_world)
    assert "allowCredentials" not in asked or asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert sign_in(either_world, device.get(asked)) == somebody


def test_a_passkey_without_a_counter_signs_in_again_and_again(either_world: World) -> None:
    somebody = subscriber(either_world)
    device = device_of(either_world, somebody)
    device.counts = False
    for _ in range(3):
        assert sign_in(either_world, device.get(question(either_world))) == somebody


def test_the_authenticator_learns_no_name_and_no_id_of_the_person(world: World) -> None:
    somebody = subscriber(world)
    options = json.loads(world.sign_in_parts.public.questions.to_register(somebody, "x", []))
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["user"]["id"] == b64(world.sign_in_parts.public.party.user_handle(somebody))
    assert somebody not in json.dumps(options)


def test_an_answer_is_good_once(either_world: World) -> None:
    somebody = subscriber(either_world)
    answer = device_of(either_world, somebody).get(question(either_world))
    sign_in(either_world, answer)
    with pytest.raises(ChallengeRefused):
        sign_in(either_world, answer)


def test_of_many_who_send_one_answer_at_once_one_gets_in(either_world: World) -> None:
    somebody = subscriber(either_world)
    answer = device_of(either_world, somebody).get(question(either_world))

    def attempt(_number: int) -> str:
        try:
            return sign_in(either_world, answer)
        except CamtrustError as refusal:
            return refusal.problem

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, range(6)))
    assert results.count(somebody) == 1
    assert set(results) <= {somebody, "challenge-refused"}


def test_a_spent_question_stays_spent_when_the_answer_is_refused(either_world: World) -> None:
    somebody = subscriber(either_world)
    device = device_of(either_world, somebody)
    asked = question(either_world)
    with pytest.raises(PasskeyRefused):
        sign_in(either_world, device.get(asked, signature=b64(b"0" * 70)))
    with pytest.raises(ChallengeRefused):
        sign_in(either_world, device.get(asked))


def test_an_answer_comes_within_five_minutes(either_world: World) -> None:
    device = device_of(either_world, subscriber(either_world))
    asked = question(either_world)
    either_world.clock.advance(LIFETIME + timedelta(seconds=1))
    with pytest.raises(ChallengeRefused):
        sign_in(either_world, device.get(asked))


def test_another_browsers_question_is_not_answered_here(either_world: World) -> None:
    device = device_of(either_world, subscriber(either_world))
    asked = question(either_world, "a" * 43)
    with pytest.raises(ChallengeRefused):
        sign_in(either_world, device.get(asked), browser="z" * 43)


def test_a_question_for_signing_in_registers_nothing(world: World) -> None:
    somebody = subscriber(world)
    device = Authenticator(world.sign_in_parts.public.party.origin)
    options = json.loads(world.sign_in_parts.public.questions.to_register(somebody, "x", []))
    options["challenge"] = question(world)["challenge"]
    with pytest.raises(ChallengeRefused):
        world.sign_in_parts.public.passkeys.register(
            somebody, "phone", read_new_credential(device.create(options))
        )


def test_a_registration_is_for_whom_it_was_asked(world: World) -> None:
    one, other = subscriber(world), subscriber(world, "987654321")
    device = Authenticator(world.sign_in_parts.public.party.origin)
    options = json.loads(world.sign_in_parts.public.questions.to_register(one, "x", []))
    with pytest.raises(ChallengeRefused):
        world.sign_in_parts.public.passkeys.register(
            other, "phone", read_new_credential(device.create(options))
        )


@pytest.mark.parametrize(
    ("lie", "value"),
    [
        ("origin", "https://pki.example.evil"),
        ("origin", "http://pki.example"),
        ("flags", PRESENT),
        ("type_of_get", "webauthn.create"),
        ("user_handle", b"s" * 32),
    ],
    ids=["other-site", "no-tls", "not-verified", "other-type", "other-user"],
)
def test_a_lie_in_the_answer_is_refused(world: World, lie: str, value: object) -> None:
    device = device_of(world, subscriber(world))
    setattr(device, lie, value)
    with pytest.raises(PasskeyRefused):
        sign_in(world, device.get(question(world)))


def test_a_passkey_that_is_not_registered_opens_nothing(world: World) -> None:
    subscriber(world)
    stranger = Authenticator(world.sign_in_parts.public.party.origin)
    with pytest.raises(PasskeyRefused):
        sign_in(world, stranger.get(question(world)))


def test_a_passkey_whose_key_was_swapped_opens_nothing(world: World) -> None:
    device = device_of(world, subscriber(world))
    thief = Authenticator(device.origin, credential_id=device.credential_id)
    thief.count = 10
    with pytest.raises(PasskeyRefused):
        sign_in(world, thief.get(question(world)))


def test_a_removed_passkey_opens_nothing_and_never_comes_back(either_world: World) -> None:
    somebody = subscriber(either_world)
    device = device_of(either_world, somebody)
    kept = either_world.sign_in_parts.public.passkeys
    kept.remove(somebody, kept.of(somebody)[0].id)
    assert kept.of(somebody) == []
    with pytest.raises(PasskeyRefused):
        sign_in(either_world, device.get(question(either_world)))
    with pytest.raises(PasskeyExists):
        register(either_world, somebody, device)


@pytest.mark.parametrize("state", [OfficerState.SUSPENDED, OfficerState.REMOVED])
def test_a_principal_that_is_not_active_is_refused(world: World, state: OfficerState) -> None:
    somebody = subscriber(world)
    device = device_of(world, somebody)
    world.subscribers.change_state(somebody, state)
    with pytest.raises(PasskeyRefused):
        sign_in(world, device.get(question(world)))


def test_a_counter_that_goes_back_is_refused_logged_and_shown(either_world: World) -> None:
    somebody = subscriber(either_world)
    device = device_of(either_world, somebody)
    device.count = 7
    sign_in(either_world, device.get(question(either_world)))
    device.count = 6  # a copy that was made before the last use
    with pytest.raises(PasskeyCounterRegressed):
        sign_in(either_world, device.get(question(either_world)))
    outcomes = [one.outcome for one in either_world.sign_in_parts.events.of(somebody)]
    assert outcomes == ["copied-passkey", "signed-in"]
    assert logged(either_world).count("passkey-counter-regressed") == 1


def test_a_passkey_of_the_officers_host_opens_nothing_at_the_public_one(world: World) -> None:
    world.enroll("first")
    world.enroll("second")
    device = officer_with_passkey(world, "first", by="second")
    device.origin = world.sign_in_parts.public.party.origin
    with pytest.raises(PasskeyRefused):
        sign_in(world, device.get(question(world)))


def test_only_a_holder_names_and_removes_their_passkeys(world: World) -> None:
    one, other = subscriber(world), subscriber(world, "987654321")
    device_of(world, one)
    kept = world.sign_in_parts.public.passkeys
    mine = kept.of(one)[0].id
    with pytest.raises(PasskeyUnknown):
        kept.rename(other, mine, "theirs")
    with pytest.raises(PasskeyUnknown):
        kept.remove(other, mine)
    kept.rename(one, mine, "  ទូរសព្ទ   ខ្ញុំ ")
    assert [passkey.name for passkey in kept.of(one)] == ["ទូរសព្ទ ខ្ញុំ"]


def test_a_device_that_does_not_verify_its_user_is_not_registered(world: World) -> None:
    device = Authenticator(world.sign_in_parts.public.party.origin, flags=PRESENT)
    with pytest.raises(PasskeyNotRegistered):
        register(world, subscriber(world), device)


def test_nobody_registers_passkeys_without_end(world: World) -> None:
    somebody = subscriber(world)
    for _ in range(MOST):
        device_of(world, somebody)
    with pytest.raises(TooManyPasskeys):
        device_of(world, somebody)


def test_an_officers_passkey_counts_once_another_person_confirmed_it(either_world: World) -> None:
    for officer in ("first", "second"):
        either_world.enroll(officer)
    office = either_world.sign_in_parts.passkey_office
    device = Authenticator(either_world.sign_in_parts.officers.party.origin)
    passkey = register(either_world, "first", device)
    assert [one.id for one in office.confirmations.waiting()] == [passkey.id]
    with pytest.raises(OwnPasskey):
        office.confirmations.confirm(passkey.id, officer="first")
    office.confirmations.confirm(passkey.id, officer="second")
    assert [one.state for one in office.passkeys.of("first")] == ["active"]
    with pytest.raises(PasskeyNotWaiting):
        office.confirmations.decline(passkey.id, officer="second")


def test_a_declined_passkey_is_gone(world: World) -> None:
    for officer in ("first", "second"):
        world.enroll(officer)
    office = world.sign_in_parts.passkey_office
    passkey = register(world, "first", Authenticator(world.sign_in_parts.officers.party.origin))
    office.confirmations.decline(passkey.id, officer="second")
    assert office.passkeys.of("first") == []
    with pytest.raises(PasskeyUnknown):
        office.confirmations.confirm("0" * 32, officer="second")


def test_an_officer_of_an_institution_confirms_its_own_officers_alone(world: World) -> None:
    for institution in ("moh", "moi"):
        world.found(institution)
    world.enroll("first", institution="moh")
    world.enroll("second", institution="moi")
    office = world.sign_in_parts.passkey_office
    passkey = register(world, "first", Authenticator(world.sign_in_parts.officers.party.origin))
    elsewhere = Jurisdiction("moi")
    assert office.confirmations.waiting(elsewhere) == []
    with pytest.raises(PasskeyUnknown):
        office.confirmations.confirm(passkey.id, officer="second", within=elsewhere)
    assert [one.id for one in office.confirmations.waiting(Jurisdiction("moh"))] == [passkey.id]


def test_the_tables_demand_the_second_person(either_world: World) -> None:
    for officer in ("first", "second"):
        either_world.enroll(officer)
    device = Authenticator(either_world.sign_in_parts.officers.party.origin)
    passkey = register(either_world, "first", device)
    for change in (
        {"state": "active"},
        {"state": "active", "confirmed_by": "first", "confirmed_by_person": "first"},
        {"state": "active", "confirmed_by": "first", "confirmed_by_person": "second"},
    ):
        with pytest.raises(IntegrityError), either_world.database.begin() as connection:
            connection.execute(update(passkeys).where(passkeys.c.id == passkey.id).values(**change))


def test_one_person_in_two_roles_does_not_confirm_for_themselves(world: World) -> None:
    person = subscriber(world)
    world.enroll("officer", person=person)
    now = world.clock.now()
    with world.database.begin() as connection:
        row = connection.execute(select(principals).where(principals.c.id == person)).one()
        connection.execute(
            insert(principals).values(
                id="again",
                role=Role.SUBSCRIBER,
                state="active",
                person=person,
                enrolled_at=now,
                salt=row.salt,
            )
        )
    passkey = register(world, "officer", Authenticator(world.sign_in_parts.officers.party.origin))
    with pytest.raises(OwnPasskey):
        world.sign_in_parts.passkey_office.confirmations.confirm(passkey.id, officer="again")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "[" * 5_000,
        '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30",'
        ' "authenticatorData": "", "signature": "", "userHandle": 7}}',
        "x" * 20_000,
    ],
)
def test_what_is_no_answer_is_malformed(text: str) -> None:
    with pytest.raises(PasskeyMalformed):
        read_answer(text)
    with pytest.raises(PasskeyMalformed):
        read_new_credential(text)


def test_old_questions_are_forgotten(either_world: World) -> None:
    question(either_world)
    assert either_world.sign_in_parts.challenges.forget_old() == 0
    either_world.clock.advance(LIFETIME)
    assert either_world.sign_in_parts.challenges.forget_old() == 1
