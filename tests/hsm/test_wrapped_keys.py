"""Keys outside their token, and what nobody can do with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from pkcs11 import Attribute, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.types import DecryptMixin, EncryptMixin
from sqlalchemy import func, select, update

from core.clock import Clock
from core.database import Database
from hsm import models
from hsm.errors import (
    AlgorithmNotOffered,
    KeyNotActive,
    KeyNotFound,
    KeyNotWrappable,
    KeyStateRefused,
    WrappedKeyDamaged,
)
from hsm.key_encryption import WrappedKey, unwrapped
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, SigningKey
from hsm.sessions import Worker
from hsm.store import Pkcs11KeyStore, _erase_pair
from tests.hsm.conftest import active_key

MakeKey = Callable[..., SigningKey]
WRAPPABLE = [KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_3072]


def wrapped_key(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256
) -> tuple[KeyRecord, SigningKey]:
    record = keys.generate_wrapped(label="signatory 1", algorithm=algorithm)
    keys.change_state(record.key_id, KeyState.ACTIVE, reason="test")
    return record, keys.signing_key(record.key_id)


def objects_in(keys: Pkcs11KeyStore, token: str) -> int:
    return keys._tokens.use(
        token,
        lambda worker: len(
            list(worker.session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
        ),
    )


def verify(key: SigningKey, signature: bytes, message: bytes) -> None:
    assert isinstance(key.public_key, EllipticCurvePublicKey)
    key.public_key.verify(signature, message, ECDSA(SHA256()))


@pytest.mark.parametrize("algorithm", WRAPPABLE)
def test_a_wrapped_key_signs_and_leaves_nothing_in_the_token(
    keys: Pkcs11KeyStore, algorithm: KeyAlgorithm
) -> None:
    keys.check_canary()
    before = objects_in(keys, "operations")
    _, key = wrapped_key(keys, algorithm)
    for _ in range(3):
        assert key.sign(b"message")
    assert objects_in(keys, "operations") == before


def test_a_wrapped_key_s_signature_verifies(keys: Pkcs11KeyStore) -> None:
    _, key = wrapped_key(keys)
    verify(key, key.sign(b"message"), b"message")


def test_a_wrapped_key_obeys_its_state(keys: Pkcs11KeyStore) -> None:
    record, key = wrapped_key(keys)
    keys.change_state(record.key_id, KeyState.SUSPENDED, reason="lost card")
    with pytest.raises(KeyNotActive):
        key.sign(b"message")


def test_an_unwrapped_key_is_sensitive_and_not_extractable(keys: Pkcs11KeyStore) -> None:
    record, _ = wrapped_key(keys)
    attributes = keys.attributes(record.key_id)
    assert attributes["CKA_SENSITIVE"]
    assert not attributes["CKA_EXTRACTABLE"]
    # The token forgot how the key was made; the record did not.
    assert not attributes["CKA_LOCAL"]
    made = keys.provenance(record.key_id)["attributes"]
    assert isinstance(made, dict)
    assert made["CKA_LOCAL"]


def test_wrapped_keys_are_made_in_numbers_under_one_key_encryption_key(
    keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    for _ in range(5):
        wrapped_key(keys)
    with sqlite.read() as connection:
        count = connection.scalar(select(func.count()).select_from(models.key_encryption_keys))
    assert count == 1


def in_operations(keys: Pkcs11KeyStore, act: Callable[[Worker], None]) -> None:
    keys._tokens.use("operations", act)


def test_the_key_encryption_key_wraps_and_unwraps_and_nothing_else(keys: Pkcs11KeyStore) -> None:
    record, _ = wrapped_key(keys)
    kek_id = keys._wrapped_keys.get(record.key_id).kek_id

    def look(worker: Worker) -> None:
        kek = worker.secret_key(kek_id)
        able = {
            name: kek[getattr(Attribute, name)]
            for name in ("WRAP", "UNWRAP", "ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "DERIVE")
        }
        assert {name for name, value in able.items() if value} == {"WRAP", "UNWRAP"}
        assert kek[Attribute.SENSITIVE]
        assert not kek[Attribute.EXTRACTABLE]

    in_operations(keys, look)


@pytest.mark.parametrize(
    ("mechanism", "parameter"),
    [
        (Mechanism.AES_ECB, None),
        (Mechanism.AES_CBC, bytes(16)),
        (Mechanism.AES_CBC_PAD, bytes(16)),
        (Mechanism.AES_KEY_WRAP_PAD, None),
    ],
)
def test_the_token_refuses_to_decrypt_a_blob_with_the_key_encryption_key(
    keys: Pkcs11KeyStore, mechanism: Mechanism, parameter: bytes | None
) -> None:
    record, _ = wrapped_key(keys)
    wrapped = keys._wrapped_keys.get(record.key_id)

    def attack(worker: Worker) -> None:
        kek = worker.secret_key(wrapped.kek_id)
        assert not isinstance(kek, DecryptMixin | EncryptMixin)

        # python-pkcs11 offers no decrypt() on such a key: ask the token all the same.
        class Forced(type(kek), _decrypting()):  # type: ignore[misc]
            pass

        with pytest.raises(PKCS11Error):
            Forced(kek.wrapper).decrypt(
                wrapped.blob, mechanism=mechanism, mechanism_param=parameter
            )

    in_operations(keys, attack)


def _decrypting() -> type:
    from pkcs11 import _pkcs11

    return _pkcs11.DecryptMixin  # type: ignore[attr-defined,no-any-return]


def test_the_forced_decryption_would_have_worked_on_a_key_that_may(keys: Pkcs11KeyStore) -> None:
    """The attack above fails for the attribute's sake and not for a mistake in it."""
    from pkcs11 import KeyType

    def control(worker: Worker) -> None:
        able = worker.session.generate_key(
            KeyType.AES, 256, capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
        )

        class Forced(type(able), _decrypting()):  # type: ignore[misc]
            pass

        assert len(Forced(able.wrapper).decrypt(bytes(32), mechanism=Mechanism.AES_ECB)) == 32
        able.destroy()

    keys.check_canary()
    in_operations(keys, control)


def test_the_key_encryption_key_cannot_be_given_decrypt_later(keys: Pkcs11KeyStore) -> None:
    """A caller with the PIN may change attributes of a MODIFIABLE object: this one is none."""
    record, _ = wrapped_key(keys)
    kek_id = keys._wrapped_keys.get(record.key_id).kek_id

    def promote(worker: Worker) -> None:
        kek = worker.secret_key(kek_id)
        with pytest.raises(PKCS11Error):
            kek[Attribute.DECRYPT] = True
        assert not kek[Attribute.DECRYPT]

    keys._tokens.use("operations", promote, writing=True)


def test_a_damaged_blob_is_refused_and_the_token_not_blamed(
    keys: Pkcs11KeyStore, sqlite: Database
) -> None:
    record, _ = wrapped_key(keys)
    blob = keys._wrapped_keys.get(record.key_id).blob
    for damaged in (blob[:-1] + bytes([blob[-1] ^ 1]), blob[:-8], b""):
        with sqlite.begin() as connection:
            connection.execute(update(models.wrapped_keys).values(blob=damaged))
        generation = keys._tokens.sessions("operations")._module.generation
        with pytest.raises(WrappedKeyDamaged):
            keys.signing_key(record.key_id)
        assert keys._tokens.sessions("operations")._module.generation == generation


def test_a_key_type_that_the_token_cannot_wrap_is_refused(keys: Pkcs11KeyStore) -> None:
    with pytest.raises(AlgorithmNotOffered):
        keys.generate_wrapped(label="x", algorithm=KeyAlgorithm.ED25519)
    assert keys.records() == []


def test_a_key_that_may_be_wrapped_is_backed_up_lost_and_restored(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    key = make_key(may_be_wrapped=True)
    assert keys.attributes(key.key_id)["CKA_EXTRACTABLE"]
    keys.back_up(key.key_id)
    keys._tokens.use("issuing", lambda worker: _erase_pair(worker, key.key_id), writing=True)
    with pytest.raises(KeyNotFound):
        key.sign(b"message")
    keys.restore(key.key_id)
    verify(key, key.sign(b"message"), b"message")
    assert not keys.attributes(key.key_id)["CKA_EXTRACTABLE"]


def test_backing_up_twice_gives_the_same_blob(keys: Pkcs11KeyStore, make_key: MakeKey) -> None:
    key = make_key(may_be_wrapped=True)
    assert keys.back_up(key.key_id) == keys.back_up(key.key_id)


def test_restoring_a_key_that_is_there_changes_nothing(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    key = make_key(may_be_wrapped=True)
    keys.back_up(key.key_id)
    before = objects_in(keys, "issuing")
    keys.restore(key.key_id)
    assert objects_in(keys, "issuing") == before


def test_a_key_whose_policy_forbids_it_is_never_wrapped(
    keys: Pkcs11KeyStore, make_key: MakeKey
) -> None:
    key = make_key()
    with pytest.raises(KeyNotWrappable):
        keys.back_up(key.key_id)


def test_the_token_itself_refuses_to_wrap_such_a_key(keys: Pkcs11KeyStore) -> None:
    key = active_key(keys)
    other = active_key(keys, may_be_wrapped=True)
    kek_id = keys.back_up(other.key_id).kek_id

    def wrap(worker: Worker) -> None:
        with pytest.raises(PKCS11Error):
            worker.secret_key(kek_id).wrap_key(
                worker.private_key(key.key_id), mechanism=Mechanism.AES_KEY_WRAP_PAD
            )

    keys._tokens.use("issuing", wrap)


def test_destroying_a_key_drops_its_blob_and_it_never_comes_back(
    keys: Pkcs11KeyStore, make_key: MakeKey, sqlite: Database
) -> None:
    backed_up = make_key(may_be_wrapped=True)
    keys.back_up(backed_up.key_id)
    record, _ = wrapped_key(keys)
    for key_id in (backed_up.key_id, record.key_id):
        keys.destroy(key_id, reason="end of life")
        with pytest.raises(KeyStateRefused):
            keys.restore(key_id)
    with sqlite.read() as connection:
        assert connection.scalar(select(func.count()).select_from(models.wrapped_keys)) == 0


def test_a_blob_does_not_hold_the_key_in_the_clear(keys: Pkcs11KeyStore) -> None:
    """The token's own arithmetic on the unwrapped key is all that is ever seen of it."""
    record, _ = wrapped_key(keys)
    wrapped: WrappedKey = keys._wrapped_keys.get(record.key_id)

    def read(worker: Worker) -> None:
        with unwrapped(worker, wrapped) as private, pytest.raises(PKCS11Error):
            _ = private[Attribute.VALUE]

    in_operations(keys, read)
    # AES-KWP hides the structure: PKCS #8 would begin with a SEQUENCE and name the curve.
    assert bytes.fromhex("06082a8648ce3d030107") not in wrapped.blob


def test_wrapped_keys_work_on_each_database(
    softhsm: object, database: Database, clock: Clock
) -> None:
    store = Pkcs11KeyStore(settings=softhsm, database=database, clock=clock)  # type: ignore[arg-type]
    _, key = wrapped_key(store)
    verify(key, key.sign(b"message"), b"message")
    kept = active_key(store, may_be_wrapped=True)
    store.back_up(kept.key_id)
    assert [record.state for record in store.records()] == [KeyState.ACTIVE] * 2
    store.destroy(kept.key_id, reason="end of life")
    store.close()
