"""Messages encrypted to an agreement key: opened in the token, read strictly, judged by openssl."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error

from core.database import Database
from hsm.agreement_keys import AGREEMENT_KEY_LABEL
from hsm.enveloped_data import EnvelopeDamaged, EnvelopeMalformed, open_envelope, read_envelope
from hsm.errors import AlgorithmNotOffered, KeyNotFound
from hsm.settings import HsmSettings
from hsm.store import Pkcs11KeyStore
from tests.hsm.conftest import Require
from tests.hsm.envelopes import SoftwareAgreementKey, envelope_for

SECRET = b"a private key in PKCS #8" * 40
NAME = "escrow"


@pytest.fixture(params=["softhsm", "nss"])
def store(request: pytest.FixtureRequest, sqlite: Database, clock: Any) -> Any:
    settings: HsmSettings = request.getfixturevalue(request.param)
    made = Pkcs11KeyStore(settings=settings, database=sqlite, clock=clock)
    yield made
    made.close()


def test_the_token_helps_to_open_what_was_encrypted_to_its_key(store: Pkcs11KeyStore) -> None:
    made = store.agreement_keys.make(NAME, token="operations")
    der = envelope_for(made.public_key, SECRET)
    key = store.agreement_keys.find(read_envelope(der).recipient_id, NAME)
    assert open_envelope(read_envelope(der), key) == SECRET


def test_the_key_agrees_and_does_nothing_else(store: Pkcs11KeyStore) -> None:
    made = store.agreement_keys.make(NAME, token="operations")

    def look(worker: Any) -> dict[str, bool]:
        key = worker.find(ObjectClass.PRIVATE_KEY, made.key_id)
        assert key[Attribute.LABEL] == AGREEMENT_KEY_LABEL
        return {
            one.name: bool(key[one])
            for one in (
                *(Attribute.SIGN, Attribute.DECRYPT, Attribute.UNWRAP, Attribute.EXTRACTABLE),
                *(Attribute.DERIVE, Attribute.SENSITIVE),
            )
        }

    may = store._tokens.use("operations", look)
    assert {name for name, held in may.items() if held} == {"DERIVE", "SENSITIVE"}
    with pytest.raises(PKCS11Error):
        store._tokens.use(
            "operations",
            lambda worker: worker.find(ObjectClass.PRIVATE_KEY, made.key_id)[Attribute.VALUE],
        )


def test_a_derived_secret_does_not_stay_in_the_token(store: Pkcs11KeyStore) -> None:
    made = store.agreement_keys.make(NAME, token="operations")
    count = lambda worker: len(  # noqa: E731
        list(worker.session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))
    )
    before = store._tokens.use("operations", count)
    made.agree(ec.generate_private_key(ec.SECP384R1()).public_key())
    assert store._tokens.use("operations", count) == before


def test_the_newest_key_is_used_and_the_older_still_opens(
    store: Pkcs11KeyStore, clock: Any
) -> None:
    old = store.agreement_keys.make(NAME, token="operations")
    kept = envelope_for(old.public_key, SECRET)
    clock.advance(timedelta(days=1))
    new = store.agreement_keys.make(NAME, token="operations")
    assert store.agreement_keys.newest(NAME).key_id == new.key_id
    found = store.agreement_keys.find(read_envelope(kept).recipient_id, NAME)
    assert open_envelope(read_envelope(kept), found) == SECRET


def test_a_key_of_another_name_or_none_is_not_found(store: Pkcs11KeyStore) -> None:
    made = store.agreement_keys.make("other", token="operations")
    with pytest.raises(KeyNotFound):
        store.agreement_keys.newest(NAME)
    with pytest.raises(KeyNotFound):
        store.agreement_keys.find(made.key_id, NAME)


def test_another_curve_is_refused(store: Pkcs11KeyStore) -> None:
    made = store.agreement_keys.make(NAME, token="operations")
    with pytest.raises(AlgorithmNotOffered):
        made.agree(ec.generate_private_key(ec.SECP256R1()).public_key())


def test_openssl_opens_it_too(tmp_path: Path, require: Require) -> None:
    require("openssl")
    key = SoftwareAgreementKey()
    (tmp_path / "message.der").write_bytes(envelope_for(key.public_key, SECRET))
    (tmp_path / "key.pem").write_bytes(
        key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    given = ["-in", "message.der", "-inkey", "key.pem"]
    opened = subprocess.run(
        ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", *given],
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    assert opened.stdout == SECRET


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 1},
        {"recipients": 2},
        {"recipients": 0},
        {"agreement": "1.3.132.1.11.1"},
        {"cipher": "2.16.840.1.101.3.4.1.6"},
        {"content_type": "1.2.840.113549.1.7.3"},
        {"icv": 12},
        {"mac": b"x" * 12},
        {"wrapped": b"x" * 24},
        {"point": b"\x04" + b"\x01" * 96},
        {"point": b""},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_form_is_refused_before_a_key_is_asked(changed: dict[str, Any]) -> None:
    key = SoftwareAgreementKey()
    with pytest.raises(EnvelopeMalformed):
        read_envelope(envelope_for(key.public_key, SECRET, **changed))


@pytest.mark.parametrize(
    "changed", [{"ciphertext": b"x" * 960}, {"mac": b"x" * 16}, {"wrapped": b"x" * 40}]
)
def test_what_was_altered_does_not_open(changed: dict[str, Any]) -> None:
    key = SoftwareAgreementKey()
    envelope = read_envelope(envelope_for(key.public_key, SECRET, **changed))
    with pytest.raises(EnvelopeDamaged):
        open_envelope(envelope, key)


def test_what_is_for_another_key_does_not_open() -> None:
    mine, theirs = SoftwareAgreementKey(), SoftwareAgreementKey()
    with pytest.raises(EnvelopeDamaged):
        open_envelope(read_envelope(envelope_for(theirs.public_key, SECRET)), mine)
    claimed = envelope_for(theirs.public_key, SECRET, key_id=mine.key_id)
    with pytest.raises(EnvelopeDamaged):
        open_envelope(read_envelope(claimed), mine)
    assert mine.uses == 1


def test_bytes_after_the_end_are_refused() -> None:
    der = envelope_for(SoftwareAgreementKey().public_key, SECRET)
    with pytest.raises(EnvelopeMalformed):
        read_envelope(der + b"\x00")


_WHOLE = envelope_for(SoftwareAgreementKey().public_key, b"k" * 32)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    _read_or_refused(octets)


@given(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255))
def test_any_altered_message_is_read_or_refused(place: int, octet: int) -> None:
    _read_or_refused(_WHOLE[:place] + bytes([octet]) + _WHOLE[place + 1 :])


def _read_or_refused(octets: bytes) -> None:
    try:
        read_envelope(octets)
    except EnvelopeMalformed:
        return
