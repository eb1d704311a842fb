"""PINs: counted before they are tried, locked across processes, and no oracle."""

from __future__ import annotations

import multiprocessing
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from camtrust.wiring import Services
from core.errors import CamtrustError
from hsm.key_encryption import WrappedKey, unwrap
from hsm.keys import KeyAlgorithm
from signing.credentials.credential import CredentialState
from signing.credentials.errors import (
    CredentialExists,
    CredentialLocked,
    CredentialStateRefused,
    NotAuthorized,
    PinBusy,
    PinRefused,
    PinUnsuitable,
    TooManyCredentials,
)
from signing.credentials.making import MOST_FOR_A_HOLDER
from signing.credentials.models import signing_credentials
from signing.credentials.pins import LONGEST_PIN, Stretching, check_new_pin, pin_octets
from signing.credentials.sealing import Sealing
from tests.signing.world import MINISTRY, PERSON, PIN, SEAL_PIN, SigningWorld, write_settings

WRONG = "00112233"
MOST_WRONG = 5


def try_pin(world: SigningWorld, pin: str) -> type[BaseException] | None:
    """What comes of a PIN: None, or the refusal's class."""
    try:
        world.signing.gate.open(world.person.id, pin)
    except CamtrustError as error:
        return type(error)
    return None


def state(world: SigningWorld) -> CredentialState:
    return world.signing.credentials.find(world.person.id).state


def test_a_wrong_pin_signs_nothing_and_says_how_many_are_left(either_world: SigningWorld) -> None:
    with pytest.raises(PinRefused) as refused:
        either_world.authorize("contract", pin=WRONG)
    assert refused.value.data["tries_left"] == MOST_WRONG - 1
    assert try_pin(either_world, PIN) is None
    with pytest.raises(PinRefused) as refused:
        either_world.authorize("contract", pin=WRONG)
    assert refused.value.data["tries_left"] == MOST_WRONG - 1


def test_wrong_pins_lock_and_the_right_one_then_says_the_same(either_world: SigningWorld) -> None:
    open_sad = either_world.authorize("contract").sad
    for _ in range(MOST_WRONG - 1):
        assert try_pin(either_world, WRONG) is PinRefused
    assert try_pin(either_world, WRONG) is CredentialLocked
    assert try_pin(either_world, PIN) is CredentialLocked
    assert state(either_world) is CredentialState.LOCKED
    assert either_world.kinds().count("signing-key-locked") == 1
    # What was authorized before ends too.
    with pytest.raises(CredentialLocked):
        either_world.sign(open_sad, "contract")


def test_only_unlocking_opens_a_locked_key(either_world: SigningWorld) -> None:
    credentials = either_world.signing.credentials
    for _ in range(MOST_WRONG):
        try_pin(either_world, WRONG)
    either_world.clock.advance(timedelta(days=30))
    assert try_pin(either_world, PIN) is CredentialLocked
    with pytest.raises(CredentialStateRefused):
        credentials.resume(either_world.person.id, by=PERSON.id)
    with pytest.raises(CredentialLocked):
        credentials.change_pin(either_world.person.id, old=PIN, new="84620917")
    credentials.unlock(either_world.person.id, by="officer-1")
    assert try_pin(either_world, PIN) is None
    assert "signing-key-unlocked" in either_world.kinds()


def guess(home: str, credential_id: str, pins: list[str]) -> list[str]:
    """In a process of its own: what came of each PIN."""
    services, answers = Services(home=Path(home)), []
    for pin in pins:
        try:
            services.remote_signing.gate.open(credential_id, pin)
            answers.append("opened")
        except CamtrustError as error:
            answers.append(type(error).__name__)
    services.close()
    return answers


def test_processes_count_together(world: SigningWorld) -> None:
    # Each would have tries of its own if they did not.
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        work = [(str(world.services.home), world.person.id, [WRONG] * 4)] * 2
        answers = [one for some in pool.starmap(guess, work) for one in some]
    assert answers.count("PinRefused") <= MOST_WRONG - 1
    assert "CredentialLocked" in answers
    assert state(world) is CredentialState.LOCKED


def test_threads_that_guess_at_once_get_no_more_tries(either_world: SigningWorld) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: try_pin(either_world, WRONG), range(24)))
    assert set(outcomes) <= {PinRefused, CredentialLocked, PinBusy}
    assert outcomes.count(PinRefused) == MOST_WRONG - 1
    assert outcomes.count(CredentialLocked) >= 1
    assert either_world.kinds().count("signing-key-locked") == 1


def test_right_pins_at_once_lock_nothing(either_world: SigningWorld) -> None:
    # A seal that a busy program uses in many threads.
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: try_pin(either_world, PIN), range(24)))
    assert set(outcomes) <= {None, PinBusy}
    either_world.clock.advance(timedelta(minutes=2))
    assert try_pin(either_world, PIN) is None


def test_a_process_that_died_while_a_pin_was_tried_has_used_its_try(world: SigningWorld) -> None:
    with world.services.database.begin() as connection:
        connection.execute(
            update(signing_credentials)
            .where(signing_credentials.c.id == world.person.id)
            .values(pins_on_trial=MOST_WRONG, pin_tried_at=world.clock.now())
        )
    # For a moment it may still be judged; then its last try was in vain.
    assert try_pin(world, PIN) is PinBusy
    world.clock.advance(timedelta(minutes=2))
    assert try_pin(world, PIN) is CredentialLocked
    assert state(world) is CredentialState.LOCKED


def test_a_locked_key_costs_as_much_work_as_an_open_one(
    world: SigningWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    genuine = Sealing.open_with_pin

    def counted(self: Sealing, seal: object, pin: str, *, bound_to: bytes) -> bytes | None:
        work.append(pin)
        return genuine(self, seal, pin, bound_to=bound_to)  # type: ignore[arg-type]

    monkeypatch.setattr(Sealing, "open_with_pin", counted)
    for _ in range(MOST_WRONG + 3):
        try_pin(world, WRONG)
    assert len(work) == MOST_WRONG + 3


def test_the_second_factor_stands_before_the_pin(world: SigningWorld) -> None:
    # Else whoever knows a key's id could lock it.
    act = world.act("contract")
    for _ in range(MOST_WRONG + 1):
        with pytest.raises(CamtrustError):
            world.signing.activations.authorize(act, pin=WRONG, proof="{}")
    assert state(world) is CredentialState.ACTIVE


def test_a_changed_pin_opens_and_the_old_one_does_not(either_world: SigningWorld) -> None:
    given_before = either_world.authorize("contract")
    credentials = either_world.signing.credentials
    with pytest.raises(PinRefused):
        credentials.change_pin(either_world.person.id, old=WRONG, new="84620917")
    credentials.change_pin(either_world.person.id, old=PIN, new="84620917", holder=PERSON)
    assert try_pin(either_world, PIN) is PinRefused
    with pytest.raises(NotAuthorized):
        either_world.sign(given_before.sad, "contract")
    again = either_world.authorize("contract", pin="84620917")
    assert either_world.sign(again.sad, "contract")
    assert "signing-key-pin-changed" in either_world.kinds()


def test_khmer_digits_are_the_same_pin(world: SigningWorld) -> None:
    assert try_pin(world, "៣៩៤១៧២០៥") is None


@pytest.mark.parametrize(
    "pin",
    ["", "1234567", "12345678", "87654321", "11112222", "3941 7205", "39417205\x00", "5" * 65],
)
def test_a_pin_that_is_easily_guessed_is_not_taken(world: SigningWorld, pin: str) -> None:
    with pytest.raises(PinUnsuitable):
        world.make(PERSON, pin)
    with pytest.raises(PinUnsuitable):
        world.signing.credentials.change_pin(world.person.id, old=PIN, new=pin)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_pin_or_is_refused(text: str) -> None:
    assert len(pin_octets(text)) <= 2 * LONGEST_PIN * 4 * 18  # NFKC makes 18 of one at most
    try:
        check_new_pin(text, shortest=8)
    except PinUnsuitable:
        return
    assert 8 <= len(pin_octets(text).decode()) <= LONGEST_PIN


def row_of(world: SigningWorld, credential_id: str) -> object:
    with world.services.database.read() as connection:
        return connection.execute(
            select(signing_credentials).where(signing_credentials.c.id == credential_id)
        ).one()


def test_the_database_and_the_hsm_together_do_not_open_a_key(world: SigningWorld) -> None:
    row = row_of(world, world.person.id)
    wrapped = WrappedKey(
        key_id=row.key_id,  # type: ignore[attr-defined]
        algorithm=KeyAlgorithm.EC_P256,
        kek_id=row.kek_id,  # type: ignore[attr-defined]
        mechanism=row.mechanism,  # type: ignore[attr-defined]
        blob=row.sealed_key,  # type: ignore[attr-defined]
    )
    tokens = world.services.keys._tokens
    with pytest.raises(CamtrustError):
        tokens.use("operations", lambda worker: unwrap(worker, wrapped))
    # Nor with what the token's MAC makes of nothing, or of the salt.
    mac = world.services.keys.mac_key("signing-credentials")
    for guessed in (b"", row.pin_salt):  # type: ignore[attr-defined]
        opened = Sealing(mac_key=lambda: mac).open_with_secret(
            row.sealed_key,  # type: ignore[attr-defined]
            guessed,
            bound_to=b"",
        )
        assert opened is None


def test_a_row_cannot_be_put_in_another_s_place(world: SigningWorld) -> None:
    # With the attacker's own PIN around the victim's key id, nothing opens.
    seal = row_of(world, world.seal.id)
    with world.services.database.begin() as connection:
        connection.execute(
            update(signing_credentials)
            .where(signing_credentials.c.id == world.person.id)
            .values(
                sealed_key=seal.sealed_key,  # type: ignore[attr-defined]
                pin_salt=seal.pin_salt,  # type: ignore[attr-defined]
            )
        )
    assert try_pin(world, SEAL_PIN) is PinRefused


def test_keys_leave_no_object_in_the_token_and_no_record_that_is_listed(
    world: SigningWorld,
) -> None:
    assert world.person.key_id not in {one.key_id for one in world.services.keys.records()}
    with pytest.raises(CamtrustError):
        world.services.keys._tokens.use(
            "operations", lambda worker: worker.private_key(world.person.key_id)
        )


def test_how_a_key_was_made_is_recorded(world: SigningWorld) -> None:
    made = world.person.provenance["attributes"]
    assert isinstance(made, dict)
    assert made["CKA_LOCAL"]
    assert made["CKA_ALWAYS_SENSITIVE"]


def test_the_same_id_makes_no_second_key(world: SigningWorld) -> None:
    with pytest.raises(CredentialExists):
        world.signing.making.make(
            PERSON,
            credential_id=world.person.id,
            label="again",
            algorithm=KeyAlgorithm.EC_P256,
            pin=PIN,
        )


def test_an_ed25519_key_signs_no_digests_and_is_not_made(world: SigningWorld) -> None:
    with pytest.raises(CamtrustError, match="do not sign documents"):
        world.make(PERSON, PIN, KeyAlgorithm.ED25519)


def test_nobody_has_keys_without_end(world: SigningWorld) -> None:
    with pytest.raises(TooManyCredentials):
        for _ in range(MOST_FOR_A_HOLDER + 1):
            world.make(MINISTRY, SEAL_PIN)
    assert len(world.signing.credentials.of_holder(MINISTRY)) == MOST_FOR_A_HOLDER


def test_stretching_is_kept_with_the_key(world: SigningWorld) -> None:
    # Settings that change later leave older keys as they were.
    url = world.services.settings.database_url
    home, credential = world.services.home, world.person.id
    world.services.close()
    write_settings(home, url)
    text = (home / "camtrust.toml").read_text().replace("passes = 1", "passes = 2")
    (home / "camtrust.toml").write_text(text)
    services = Services(home=home)
    assert services.remote_signing.gate.open(credential, PIN)
    services.remote_signing.credentials.change_pin(credential, old=PIN, new="84620917")
    with services.database.read() as connection:
        passes = connection.scalar(
            select(signing_credentials.c.pin_passes).where(signing_credentials.c.id == credential)
        )
    assert passes == 2
    services.close()


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=64), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_opens_with_the_same_words_alone(
    key: bytes, secret: bytes, bound_to: bytes
) -> None:
    class Mac:
        """An HMAC as a token has it, in software: the seal's own steps are what is tried."""

        def mac(self, message: bytes) -> bytes:
            import hashlib
            import hmac

            return hmac.new(b"k" * 32, message, hashlib.sha256).digest()

    sealing = Sealing(mac_key=Mac)
    sealed = sealing.under_secret(key, secret, bound_to=bound_to)
    assert sealing.open_with_secret(sealed, secret, bound_to=bound_to) == key
    assert sealing.open_with_secret(sealed, secret + b"x", bound_to=bound_to) is None
    assert sealing.open_with_secret(sealed, secret, bound_to=bound_to + b"x") is None
    assert sealing.open_with_secret(sealed[:-1], secret, bound_to=bound_to) is None
    assert sealing.open_with_secret(sealed[:5], secret, bound_to=bound_to) is None
    other = bytearray(sealed)
    other[secrets.randbelow(len(other))] ^= 1
    assert sealing.open_with_secret(bytes(other), secret, bound_to=bound_to) is None
    pin = sealing.under_pin(key, "៣៩៤", bound_to=bound_to, stretching=Stretching(16, 1, 1))
    assert sealing.open_with_pin(pin, "394", bound_to=bound_to) == key
    assert sealing.open_with_pin(pin, "395", bound_to=bound_to) is None
