"""What is offered for a key is policy and profile together, and a form says what was chosen."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ca.csr.refusals import CsrMalformed
from core.settings import SettingsRefused
from enrollment.errors import ProfileNotOpen
from enrollment.key_creation.offers import KeyOffer, KeyOffers
from enrollment.key_creation.policy import KEY_TYPES, KeyHome, load_key_policy
from enrollment.key_creation.reading import (
    CONSENT,
    MOST_REQUEST_OCTETS,
    EscrowConsentLost,
    KeyHomeNotChosen,
    KeyMissing,
    KeyPinUnsuitable,
    read_key,
)
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import World, pem_csr


@dataclass
class Upload:
    octets: bytes

    @property
    def stream(self) -> Any:
        return io.BytesIO(self.octets)


@pytest.fixture(scope="module")
def request_text() -> str:
    return pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))


@pytest.fixture
def offer(world: World) -> KeyOffer:
    made = world.key_offers.offer("person-mail-encryption", owner="me", shared_computer=False)
    return replace(made, escrow_key=b"key")


def test_what_browsers_make_is_what_the_profile_accepts(world: World) -> None:
    for profile in load_key_policy():
        made = world.key_offers.offer(profile, owner="me", shared_computer=False)
        taken = world.hierarchy.profiles[profile].key_types("people")
        assert made.algorithms and {KEY_TYPES[one] for one in made.algorithms} <= set(taken)


def test_mail_encryption_begins_with_rsa_and_sign_in_with_p256(world: World) -> None:
    first = {
        profile: world.key_offers.offer(profile, owner="me", shared_computer=False).algorithms[0]
        for profile in ("person-mail-encryption", "person-authentication")
    }
    assert first == {"person-mail-encryption": "rsa-3072", "person-authentication": "ec-p256"}


def test_only_keys_for_signing_may_stay_in_the_browser(world: World) -> None:
    homes = {
        profile: world.key_offers.offer(profile, owner="me", shared_computer=False).homes
        for profile in load_key_policy()
    }
    assert [profile for profile in homes if KeyHome.BROWSER in homes[profile]] == ["person-signing"]


def test_on_a_shared_computer_no_key_stays_in_the_browser(world: World) -> None:
    made = world.key_offers.offer("person-signing", owner="me", shared_computer=True)
    assert made.homes == (KeyHome.OWN_REQUEST, KeyHome.FILE)


def test_what_no_policy_names_is_applied_for_with_one_s_own_request(world: World) -> None:
    made = world.key_offers.offer("tls-server", owner="me", shared_computer=False)
    assert (made.homes, made.algorithms) == ((KeyHome.OWN_REQUEST,), ())


def test_nothing_is_offered_for_a_closed_profile(world: World) -> None:
    with pytest.raises(ProfileNotOpen):
        world.key_offers.offer("ocsp-responder", owner="me", shared_computer=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[profiles.a]\nhomes = []\n",
        "[profiles.a]\nhomes = ['cloud']\n",
        "[profiles.a]\nhomes = ['file']\nalgorithms = ['dsa']\n",
        "[profiles.a]\nhome = ['file']\n",
        "[",
    ],
)
def test_a_policy_that_cannot_hold_is_refused_at_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"format = 'camtrust-key-creation-1'\n{text}")
    with pytest.raises(SettingsRefused, match=r"policy\.toml"):
        load_key_policy(path)


def test_a_pasted_and_an_uploaded_request_are_read(offer: KeyOffer, request_text: str) -> None:
    pasted = read_key({"key-home": "own-request", "key-request": request_text}, {}, offer)
    files = {"key-request-file": Upload(request_text.encode())}
    uploaded = read_key({"key-home": "own-request", "key-request": ""}, files, offer)
    assert pasted.csr.csr_der == uploaded.csr.csr_der
    assert pasted.home is KeyHome.OWN_REQUEST and pasted.escrow is None


def test_of_two_homes_the_chosen_one_counts(offer: KeyOffer, request_text: str) -> None:
    other = pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    form = {"key-request": request_text, "key-created-request": other}
    own = read_key({**form, "key-home": "own-request"}, {}, offer)
    made = read_key({**form, "key-home": "file"}, {}, offer)
    assert own.csr.csr_der != made.csr.csr_der
    assert made.home is KeyHome.FILE


@pytest.mark.parametrize("home", ["", "cloud", "browser", "FILE"])
def test_a_home_that_is_not_offered_is_refused(
    offer: KeyOffer, request_text: str, home: str
) -> None:
    with pytest.raises(KeyHomeNotChosen):
        read_key({"key-home": home, "key-created-request": request_text}, {}, offer)


@pytest.mark.parametrize("home", ["own-request", "file"])
def test_a_form_without_its_request_is_refused_with_what_to_do(offer: KeyOffer, home: str) -> None:
    with pytest.raises(KeyMissing):
        read_key({"key-home": home}, {"key-request-file": Upload(b"")}, offer)


def test_what_is_too_long_for_a_request_is_not_parsed(offer: KeyOffer) -> None:
    files = {"key-request-file": Upload(b"0" * (MOST_REQUEST_OCTETS + 1))}
    with pytest.raises(KeyMissing, match="too long"):
        read_key({"key-home": "own-request"}, files, offer)


def test_what_is_no_request_is_refused_as_a_request(offer: KeyOffer) -> None:
    with pytest.raises(CsrMalformed):
        read_key({"key-home": "own-request", "key-request": "hello"}, {}, offer)


def test_a_copy_for_escrow_comes_with_consent_alone(offer: KeyOffer, request_text: str) -> None:
    form = {
        "key-home": "file",
        "key-created-request": request_text,
        "key-escrow": b64encode(b"cms").decode(),
    }
    assert read_key(form, {}, offer).escrow is None
    assert read_key({**form, "key-escrow-consent": "old-text"}, {}, offer).escrow is None
    agreed = {**form, "key-escrow-consent": CONSENT}
    assert read_key(agreed, {}, offer).escrow == b"cms"
    assert read_key(agreed, {}, replace(offer, escrow_key=None)).escrow is None


@pytest.mark.parametrize("text", ["", "???", "A" * 40_000])
def test_a_consent_whose_copy_is_lost_is_asked_for_again(
    offer: KeyOffer, request_text: str, text: str
) -> None:
    form = {
        "key-home": "file",
        "key-created-request": request_text,
        "key-escrow": text,
        "key-escrow-consent": CONSENT,
    }
    with pytest.raises(EscrowConsentLost):
        read_key(form, {}, offer)


def test_several_groups_of_one_form_are_read_by_their_names(
    offer: KeyOffer, request_text: str
) -> None:
    form = {"a-home": "own-request", "a-request": request_text, "b-home": "file"}
    assert read_key(form, {}, offer, name="a").home is KeyHome.OWN_REQUEST
    with pytest.raises(KeyMissing):
        read_key(form, {}, offer, name="b")


class Hsm:
    """Keeps keys for people, as far as a form sees."""

    def __init__(self, request_der: bytes) -> None:
        self.request_der = request_der
        self.asked: list[tuple[str, str, str]] = []

    def make(self, *, owner: str, profile: str, title: str, pin: str) -> bytes:
        self.asked.append((owner, profile, pin))
        return self.request_der


def test_a_key_in_the_state_s_hsm_is_offered_where_somebody_keeps_it(world: World) -> None:
    made = world.key_offers.offer("person-signing", owner="me", shared_computer=True)
    assert not made.allows(KeyHome.STATE_HSM)
    kept = KeyOffers(
        open_profiles=world.open_profiles,
        profiles=world.hierarchy.profiles,
        policy=load_key_policy(),
        escrow_key_for=lambda _profile: None,
        remote_keys=Hsm(b""),
    )
    # On a shared computer it is the best of all: nothing stays there.
    assert kept.offer("person-signing", owner="me", shared_computer=True).homes == (
        KeyHome.OWN_REQUEST,
        KeyHome.STATE_HSM,
        KeyHome.FILE,
    )
    mail = kept.offer("person-mail-signing", owner="me", shared_computer=False)
    assert not mail.allows(KeyHome.STATE_HSM)


def test_a_key_in_the_state_s_hsm_is_made_under_a_pin_that_was_typed_twice(
    offer: KeyOffer, request_text: str
) -> None:
    hsm = Hsm(request_text.encode())
    remote = replace(offer, homes=(KeyHome.STATE_HSM,), remote_keys=hsm)
    form = {"key-home": "state-hsm", "key-pin": "39417205", "key-pin-again": "39417205"}
    chosen = read_key(form, {}, remote)
    assert chosen.home is KeyHome.STATE_HSM
    assert hsm.asked == [("me", "person-mail-encryption", "39417205")]
    with pytest.raises(KeyPinUnsuitable):
        read_key(form | {"key-pin-again": "39417206"}, {}, remote)
    assert len(hsm.asked) == 1
    with pytest.raises(KeyHomeNotChosen):
        read_key(form, {}, offer)
