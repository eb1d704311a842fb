"""The port's promises, kept over every maker's module: SoftHSM, NSS, and SoftHSM behind p11-kit."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.clock import Clock
from core.database import Database
from core.settings import SettingsRefused
from hsm.errors import AlgorithmNotOffered, KeyNotActive, KeyNotFound, KeyStateRefused
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, PublicKey, SigningKey
from hsm.settings import HsmSettings
from hsm.store import Pkcs11KeyStore

HASHES: dict[KeyAlgorithm, type[HashAlgorithm]] = {
    KeyAlgorithm.EC_P256: SHA256,
    KeyAlgorithm.EC_P384: SHA384,
    KeyAlgorithm.RSA_3072: SHA256,
    KeyAlgorithm.RSA_4096: SHA512,
}
EVERY_STATE_BUT_ACTIVE = {
    KeyState.SUSPENDED: [KeyState.ACTIVE, KeyState.SUSPENDED],
    KeyState.DEACTIVATED: [KeyState.ACTIVE, KeyState.DEACTIVATED],
    KeyState.COMPROMISED: [KeyState.COMPROMISED],
}


@pytest.fixture(params=["softhsm", "nss", "p11_kit"])
def keys(
    request: pytest.FixtureRequest, sqlite: Database, clock: Clock
) -> Iterator[Pkcs11KeyStore]:
    settings = request.getfixturevalue(request.param)
    store = Pkcs11KeyStore(settings=settings, database=sqlite, clock=clock)
    yield store
    store.close()


def made(keys: Pkcs11KeyStore, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256) -> KeyRecord:
    return keys.generate(token="issuing", label="Issuing key", algorithm=algorithm)


def active(keys: Pkcs11KeyStore, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256) -> SigningKey:
    record = made(keys, algorithm)
    keys.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    return keys.signing_key(record.key_id)


def verify(key: PublicKey, algorithm: KeyAlgorithm, signature: bytes, message: bytes) -> None:
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, message)
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), HASHES[algorithm]())
    else:
        key.verify(signature, message, ec.ECDSA(HASHES[algorithm]()))


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_an_active_key_signs_what_its_public_half_verifies(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm
) -> None:
    try:
        key = active(keys, algorithm)
    except AlgorithmNotOffered:
        # A maker need not offer Edwards keys; then nothing may be left behind.
        assert (algorithm, keys.records()) == (KeyAlgorithm.ED25519, [])
        return
    signature = key.sign(b"message")
    assert key.algorithm is algorithm
    verify(key.public_key, algorithm, signature, b"message")
    with pytest.raises(InvalidSignature):
        verify(key.public_key, algorithm, signature, b"another message")


def test_a_long_message_and_an_empty_one_are_signed(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    for message in (b"", b"x" * 1_000_000):
        verify(key.public_key, KeyAlgorithm.EC_P256, key.sign(message), message)


class Counted:
    """A message of many parts that may be gone through again; ``times`` says how often it was."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.times = parts, 0

    def __iter__(self) -> Iterator[bytes]:
        self.times += 1
        return iter(self.parts)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_message_in_parts_is_signed_as_the_whole_is(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm
) -> None:
    try:
        key = active(keys, algorithm)
    except AlgorithmNotOffered:
        assert algorithm is KeyAlgorithm.ED25519
        return
    for parts in ([], [b""], [b"one", b"", b"two"], [bytes(64 * 1024)] * 40):
        message = Counted(*parts)
        verify(key.public_key, algorithm, key.sign_parts(message), b"".join(parts))
        assert message.times == 1
    # The session is as good as before.
    verify(key.public_key, algorithm, key.sign(b"message"), b"message")


def test_a_suspended_key_signs_no_parts(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    keys.change_state(key.key_id, KeyState.SUSPENDED, reason="test")
    with pytest.raises(KeyNotActive):
        key.sign_parts([b"message"])


def test_parts_that_fail_half_way_leave_the_key_usable(keys: Pkcs11KeyStore) -> None:
    class Failing:
        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            raise OSError("the file went away")

    key = active(keys, KeyAlgorithm.RSA_3072)
    with pytest.raises(OSError, match="went away"):
        key.sign_parts(Failing())
    verify(key.public_key, KeyAlgorithm.RSA_3072, key.sign(b"message"), b"message")


def test_a_key_is_named_by_its_public_key(keys: Pkcs11KeyStore) -> None:
    record = made(keys)
    assert record.key_id == sha256(record.public_key_der).digest()
    assert isinstance(load_der_public_key(record.public_key_der), ec.EllipticCurvePublicKey)


def test_a_new_key_is_pre_active_and_does_not_sign(keys: Pkcs11KeyStore) -> None:
    record = made(keys)
    assert record.state is KeyState.PRE_ACTIVE
    with pytest.raises(KeyNotActive):
        keys.signing_key(record.key_id)


def test_a_key_is_sensitive_and_not_extractable_and_only_signs(keys: Pkcs11KeyStore) -> None:
    attributes = keys.attributes(made(keys).key_id)
    assert attributes["CKA_SENSITIVE"]
    assert attributes["CKA_PRIVATE"]
    assert attributes["CKA_SIGN"]
    assert not attributes["CKA_EXTRACTABLE"]


def test_how_a_key_was_made_is_recorded(keys: Pkcs11KeyStore) -> None:
    record = made(keys)
    provenance = keys.provenance(record.key_id)
    assert provenance["made_by"] == "C_GenerateKeyPair"
    assert provenance["mechanism"] == "EC_KEY_PAIR_GEN"
    assert provenance["attributes"] == keys.attributes(record.key_id)


@pytest.mark.parametrize("state", EVERY_STATE_BUT_ACTIVE)
def test_a_key_in_hand_stops_signing_when_its_state_changes(
    keys: Pkcs11KeyStore, state: KeyState
) -> None:
    key = active(keys)
    keys.change_state(key.key_id, state, reason="test")
    with pytest.raises(KeyNotActive) as refusal:
        key.sign(b"message")
    assert refusal.value.data["state"] == state.value


def test_a_suspended_key_signs_again_once_it_is_active(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    keys.change_state(key.key_id, KeyState.SUSPENDED, reason="officer away")
    keys.change_state(key.key_id, KeyState.ACTIVE, reason="officer back")
    verify(key.public_key, KeyAlgorithm.EC_P256, key.sign(b"message"), b"message")


def test_a_compromised_key_never_becomes_active_again(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    keys.change_state(key.key_id, KeyState.COMPROMISED, reason="reported")
    with pytest.raises(KeyStateRefused):
        keys.change_state(key.key_id, KeyState.ACTIVE, reason="wishful")
    assert keys.record(key.key_id).state is KeyState.COMPROMISED


def test_a_destroyed_key_is_gone_from_its_token_and_stays_on_record(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    record = keys.destroy(key.key_id, reason="end of life")
    assert record.state is KeyState.DESTROYED
    assert [one.key_id for one in keys.records()] == [key.key_id]
    with pytest.raises(KeyNotActive):
        key.sign(b"message")
    with pytest.raises(KeyNotFound):
        keys.attributes(key.key_id)


def test_a_key_is_destroyed_once(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    keys.destroy(key.key_id, reason="end of life")
    with pytest.raises(KeyStateRefused):
        keys.destroy(key.key_id, reason="again")


def test_destroying_is_not_a_mere_change_of_state(keys: Pkcs11KeyStore) -> None:
    key = active(keys)
    with pytest.raises(KeyStateRefused):
        keys.change_state(key.key_id, KeyState.DESTROYED, reason="a word alone erases nothing")
    key.sign(b"message")


def test_a_key_that_was_never_made_is_not_found(keys: Pkcs11KeyStore) -> None:
    for ask in (keys.record, keys.signing_key, keys.attributes, keys.provenance):
        with pytest.raises(KeyNotFound):
            ask(bytes(32))


def test_a_token_that_the_settings_do_not_name_is_refused(keys: Pkcs11KeyStore) -> None:
    with pytest.raises(SettingsRefused):
        keys.generate(token="attic", label="x", algorithm=KeyAlgorithm.EC_P256)


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.RSA_3072])
def test_a_wrapped_key_signs_or_the_maker_s_inability_is_said(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm
) -> None:
    """NSS 3.87 misstates the length of a blob, so its keys cannot be wrapped: no loss by it."""
    try:
        record = keys.generate_wrapped(label="signatory", algorithm=algorithm)
    except AlgorithmNotOffered:
        assert keys.records() == []
        keys.check_canary()
        return
    keys.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    key = keys.signing_key(record.key_id)
    verify(key.public_key, algorithm, key.sign(b"message"), b"message")


def test_records_come_oldest_first(keys: Pkcs11KeyStore) -> None:
    made_in_order = [made(keys).key_id for _ in range(3)]
    assert [record.key_id for record in keys.records()] == made_in_order


def test_the_canaries_sign(keys: Pkcs11KeyStore) -> None:
    keys.check_canary()
    assert [(one.token, one.trouble) for one in keys.health()] == [
        ("issuing", None),
        ("operations", None),
    ]


def test_a_key_is_online_unless_its_token_is_for_ceremonies(
    softhsm: HsmSettings, sqlite: Database, clock: Clock
) -> None:
    issuing = softhsm.tokens["issuing"].model_copy(update={"offline": True})
    tokens = {**softhsm.tokens, "issuing": issuing}
    store = Pkcs11KeyStore(
        settings=softhsm.model_copy(update={"tokens": tokens}), database=sqlite, clock=clock
    )
    kept = store.generate(token="operations", label="at hand", algorithm=KeyAlgorithm.EC_P256)

    assert not store.is_online(made(store).key_id)
    assert store.is_online(kept.key_id)
    with pytest.raises(KeyNotFound):
        store.is_online(b"n" * 32)
    store.close()


def test_a_second_store_over_the_same_module_shares_it(
    keys: Pkcs11KeyStore, sqlite: Database, clock: Clock
) -> None:
    key = active(keys)
    second = Pkcs11KeyStore(settings=keys.settings, database=sqlite, clock=clock)
    second.signing_key(key.key_id).sign(b"message")
    second.close()
    key.sign(b"closing the second logged nobody out")
