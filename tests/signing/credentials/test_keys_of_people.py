"""A civil servant's key in the state's HSM: chosen in the form, certified, and signing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from core.errors import CamtrustError
from enrollment.key_creation.offers import KeyOffer
from enrollment.key_creation.policy import KeyHome
from enrollment.key_creation.reading import KeyPinUnsuitable, TooManyRemoteKeys, read_key
from signing.credentials.making import MOST_FOR_A_HOLDER
from tests.signing.world import FACTS, PERSON, PIN, SigningWorld


def offer(world: SigningWorld) -> KeyOffer:
    offers = world.services.registration.subscriber_keys.offers
    return offers.offer("person-signing", owner=PERSON.id, shared_computer=True)


def form(pin: str = "27183046") -> dict[str, str]:
    return {"key-home": "state-hsm", "key-pin": pin, "key-pin-again": pin}


def test_a_key_chosen_in_the_form_is_certified_and_signs(world: SigningWorld) -> None:
    assert offer(world).allows(KeyHome.STATE_HSM)
    chosen = read_key(form(), {}, offer(world))
    issued = world.services.issuance.issue(
        CertificateRequest(
            profile="person-signing",
            csr=verify_csr(chosen.csr.csr_der),
            holder=f"person:{PERSON.id}",
            facts=FACTS["person-signing"],
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    [made] = [
        one
        for one in world.signing.credentials.of_holder(PERSON)
        if one.key_id == chosen.csr.public_key_sha256
    ]
    assert made.label == "Natural person: signing"
    given = world.authorize("contract", key=made, pin="27183046")
    assert world.sign(given.sad, "contract", key=made)
    assert world.signing.signatures.certificate(made.id).certificate == certificate


def test_a_weak_pin_is_refused_in_the_words_of_the_form(world: SigningWorld) -> None:
    with pytest.raises(KeyPinUnsuitable) as refused:
        read_key(form("12345678"), {}, offer(world))
    assert refused.value.kept == "Your other answers are kept."


def test_nobody_fills_the_hsm(world: SigningWorld) -> None:
    with pytest.raises(TooManyRemoteKeys):
        for _ in range(MOST_FOR_A_HOLDER):
            read_key(form(), {}, offer(world))


def test_the_pin_opens_the_key_alone(world: SigningWorld) -> None:
    chosen = read_key(form(), {}, replace(offer(world), owner="person-thida"))
    [made] = world.signing.credentials.of_holder(replace(PERSON, id="person-thida"))
    assert made.key_id == chosen.csr.public_key_sha256
    with pytest.raises(CamtrustError):
        world.signing.gate.open(made.id, PIN)
    assert world.signing.gate.open(made.id, "27183046")
