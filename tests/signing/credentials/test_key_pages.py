"""``/my/signing-keys``: a person gives a key another PIN, opens it again, ends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import CamtrustError
from signing.credentials.credential import credential_row
from signing.credentials.errors import CredentialLocked
from tests.enrollment.passkeys.authenticator import Authenticator
from tests.signing.csc.world import Signer, client_of, signer, words
from tests.signing.world import PERSON, PIN, SigningWorld

PAGE = "/my/signing-keys"
NEW = "83516294"


@pytest.fixture
def dara(world: SigningWorld) -> Signer:
    return signer(world, client_of(world))


def key_page(world: SigningWorld) -> str:
    return f"{PAGE}/{world.person.id}"


def proof(dara: Signer, act: str, device: Authenticator | None = None) -> str:
    """What a passkey answers to the question about an act."""
    assert dara.open(key_page(dara.world)).status_code == 200
    question = dara.send(f"{key_page(dara.world)}/{act}/question")
    assert question.status_code == 200, question.text
    return (device or dara.world.device).get(json.loads(question.data))


def do(dara: Signer, act: str, **fields: str) -> Any:
    sent = {"assertion": proof(dara, act)} | fields
    return dara.send(f"{key_page(dara.world)}/{act}", **sent)


def change(
    dara: Signer, old: str = PIN, new: str = NEW, again: str | None = None, **more: str
) -> Any:
    typed = {"pin": old, "new_pin": new, "new_pin_again": new if again is None else again}
    return do(dara, "pin", **typed, **more)


def lock(world: SigningWorld) -> None:
    for _ in range(world.signing.settings.wrong_pins):
        with pytest.raises(CamtrustError):
            world.signing.gate.open(world.person.id, "00112233")


def row(world: SigningWorld) -> Any:
    with world.services.database.read() as connection:
        return credential_row(connection, world.person.id)


def test_a_key_gets_another_pin(dara: Signer) -> None:
    world = dara.world
    given = world.authorize("contract")
    listed = words(dara.open(PAGE).text)
    assert "signing In use Valid until" in listed
    answer = change(dara)
    assert answer.status_code == 303
    assert "has its new PIN" in words(dara.open(answer.location).text)
    assert world.signing.gate.open(world.person.id, NEW)
    with pytest.raises(CamtrustError):
        world.sign(given.sad, "contract")
    assert "signing-key-pin-changed" in world.kinds()


def test_a_certificate_is_shown_as_it_stands(dara: Signer) -> None:
    world = dara.world
    held = world.signing.signatures.certificate(world.person.id).registered
    world.services.revocation.hold(authority=held.authority, serial_number=held.serial_number)
    assert "signing In use Suspended" in words(dara.open(PAGE).text)
    world.make(PERSON, PIN)
    assert "signing In use Not issued yet" in words(dara.open(PAGE).text)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"again": "83516295"}, 422, "The two new PINs differ"),
        ({"new": "12345678"}, 422, "no sequence"),
        ({"new": "1234"}, 422, "8 to 64"),
        ({"assertion": ""}, 403, "Your passkey has to confirm this."),
        ({"assertion": "x"}, 403, "second factor"),
    ],
)
def test_a_slip_is_no_wrong_pin(
    dara: Signer, fields: dict[str, str], status: int, said: str
) -> None:
    answer = change(dara, old="00112233", **fields)
    assert (answer.status_code, said in words(answer.text)) == (status, True), words(answer.text)
    assert "Nothing was changed." in words(answer.text)
    assert row(dara.world).wrong_pins == 0
    assert "00112233" not in answer.text


def test_a_wrong_pin_is_counted_and_the_last_one_locks(dara: Signer) -> None:
    answers = [change(dara, old="00112233") for _ in range(5)]
    assert "before the key is locked: 4" in words(answers[0].text)
    assert "Open the key again" in words(answers[-1].text)
    with pytest.raises(CredentialLocked):
        dara.world.signing.gate.open(dara.world.person.id, PIN)


def test_a_locked_key_is_opened_three_times_and_then_by_an_officer(
    either_world: SigningWorld,
) -> None:
    dara = signer(either_world, client_of(either_world))
    for _ in range(3):
        lock(either_world)
        answer = do(dara, "unlocking")
        assert "is open again" in words(dara.open(answer.location).text)
    lock(either_world)
    refused = do(dara, "unlocking")
    assert (refused.status_code, "An officer can open it" in words(refused.text)) == (403, True)
    credentials = either_world.signing.credentials
    credentials.unlock(either_world.person.id, by="registrar")
    lock(either_world)
    assert do(dara, "unlocking").status_code == 303
    # A right PIN gives all three back.
    assert either_world.signing.gate.open(either_world.person.id, PIN)
    assert row(either_world).own_unlockings == 0
    assert either_world.kinds().count("signing-key-unlocked") == 5


def test_opening_it_again_twice_counts_once(dara: Signer) -> None:
    lock(dara.world)
    for _ in range(2):
        assert do(dara, "unlocking").status_code == 303
    assert row(dara.world).own_unlockings == 1


def test_a_key_is_ended_for_ever(dara: Signer) -> None:
    answer = do(dara, "destruction")
    assert "erased for ever" in words(dara.open(answer.location).text)
    assert row(dara.world).sealed_key is None
    assert "You have none." in words(dara.open(PAGE).text)
    assert dara.send(f"{key_page(dara.world)}/pin", pin=PIN).status_code in {403, 422}


def test_an_answer_about_one_act_confirms_no_other(dara: Signer) -> None:
    other = proof(dara, "pin")
    assert do(dara, "destruction", assertion=other).status_code == 403
    spent = proof(dara, "destruction")
    lock(dara.world)
    assert do(dara, "unlocking", assertion=spent).status_code == 403
    assert row(dara.world).state == "locked"


def test_a_session_without_the_person_s_passkey_does_nothing(dara: Signer) -> None:
    world = dara.world
    world.add_principal("person-thida")
    device = Authenticator(world.device.origin, counts=False)
    world.add_passkey("person-thida", device)
    # Thida's passkey, at Dara's open browser; and Thida, who knows the key's address.
    assert change(dara, assertion=proof(dara, "pin", device)).status_code == 403
    theirs = proof(dara, "destruction", device)
    assert do(dara, "destruction", assertion=theirs).status_code == 403
    thida = signer(world, client_of(world), "person-thida")
    thida.open(PAGE)
    for path in ("", "/pin", "/pin/question", "/destruction", "/unlocking"):
        here = f"{key_page(world)}{path}"
        assert (thida.send(here) if path else thida.open(here)).status_code == 404
    assert row(world).wrong_pins == 0


def test_who_is_not_signed_in_is_led_to_where_they_can(world: SigningWorld) -> None:
    stranger = Signer(world, client_of(world))
    assert stranger.open(PAGE).status_code == 401
    answer = stranger.http.post(f"{key_page(world)}/destruction", data={"form_token": "x"})
    assert answer.status_code in {400, 401}
    assert row(world).state == "active"


def test_a_form_of_another_site_does_nothing(dara: Signer) -> None:
    dara.open(PAGE)
    for act in ("pin", "unlocking", "destruction", "pin/question"):
        assert dara.http.post(f"{key_page(dara.world)}/{act}", data={"pin": PIN}).status_code == 400


def test_guesses_are_few_a_minute(dara: Signer) -> None:
    dara.open(PAGE)
    answers = [dara.send(f"{key_page(dara.world)}/pin", pin="x").status_code for _ in range(31)]
    assert (answers[0], answers[-1]) == (422, 429)
    assert row(dara.world).wrong_pins == 0
