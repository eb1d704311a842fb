"""What the ACME server refuses, and that each refusal is one that clients understand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from enrollment.grants.grant import Grant, GrantProtocol
from tests.enrollment.acme.client import AcmeClient, b64, binding, jwk_of, sign
from tests.enrollment.acme.membership import csr_der, issue, kind, new_client, secret
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World


@pytest.fixture
def grant(world: World) -> Grant:
    return active_grant(world, preauthorized=(SERVER,))


@pytest.fixture
def acme(world: World) -> AcmeClient:
    return new_client(world)


@pytest.fixture
def member(world: World, grant: Grant, acme: AcmeClient) -> AcmeClient:
    answer = acme.register(grant.id, secret(world, grant))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return acme


def test_an_account_needs_a_binding(acme: AcmeClient) -> None:
    answer = acme.post("/new-account", {"termsOfServiceAgreed": True})
    assert kind(answer) == "externalAccountRequired"


def test_a_binding_with_another_secret_or_grant_or_protocol_is_refused(
    world: World, grant: Grant, acme: AcmeClient
) -> None:
    est = active_grant(world, protocol=GrantProtocol.EST)
    other = active_grant(world)
    wrong = [
        (grant.id, b"x" * 32),
        (grant.id, secret(world, other)),
        (est.id, secret(world, est)),
        ("f" * 32, b"x" * 32),
        ("", b"x" * 32),
    ]
    for grant_id, key in wrong:
        assert kind(acme.register(grant_id, key)) == "unauthorized"


def test_a_binding_for_another_key_is_refused(world: World, grant: Grant, acme: AcmeClient) -> None:
    stolen = ec.generate_private_key(ec.SECP256R1())
    bound = binding(grant.id, secret(world, grant), stolen, acme.url("/new-account"))
    answer = acme.post("/new-account", {"externalAccountBinding": bound})
    assert kind(answer) == "unauthorized"


def test_a_withdrawn_grant_opens_no_account_and_no_order(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    assert kind(new_client(world).register(grant.id, secret(world, grant))) == "unauthorized"
    assert kind(member.order(SERVER)) == "unauthorized"


def test_the_same_key_finds_its_account(world: World, grant: Grant, member: AcmeClient) -> None:
    again = member.post(
        "/new-account", {"onlyReturnExisting": True}, jwk=jwk_of(member.key), kid=None
    )
    assert (again.status_code, again.headers["Location"]) == (200, member.account)
    stranger = new_client(world).post("/new-account", {"onlyReturnExisting": True})
    assert kind(stranger) == "accountDoesNotExist"


def test_a_nonce_works_once(member: AcmeClient) -> None:
    document = sign(member.key, member.header("/new-order"), {"identifiers": []})
    assert kind(member.send("/new-order", document)) != "badNonce"
    assert kind(member.send("/new-order", document)) == "badNonce"


@pytest.mark.parametrize("nonce", ["", "abc", "A" * 43, "é", "A" * 9000])
def test_a_nonce_of_somebody_else_is_refused(member: AcmeClient, nonce: str) -> None:
    assert kind(member.post("/new-order", {}, nonce=nonce)) in {"badNonce", "malformed"}


def test_an_old_nonce_is_refused(world: World, member: AcmeClient) -> None:
    nonce = member.nonce()
    world.clock.advance(timedelta(hours=2))
    assert kind(member.post("/new-order", {}, nonce=nonce)) == "badNonce"


def test_a_signature_of_another_key_is_refused(member: AcmeClient) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    answer = member.post("/new-order", {}, key=other)
    assert kind(answer) in {"unauthorized", "malformed"}


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://pki.example/acme/new-account"},
        {"url": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"crit": ["b64"], "b64": False},
        {"kid": "https://pki.example/acme/account/" + "0" * 32},
        {"kid": None},
        {"kid": 7},
        {"nonce": None},
    ],
)
def test_a_header_that_is_not_as_it_should_be_is_refused(
    member: AcmeClient, changes: dict[str, Any]
) -> None:
    known = {
        "malformed",
        "unauthorized",
        "badSignatureAlgorithm",
        "accountDoesNotExist",
        "badNonce",
    }
    assert kind(member.post("/new-order", {}, **changes)) in known


def test_a_header_with_key_and_account_is_refused(member: AcmeClient) -> None:
    assert kind(member.post("/new-order", {}, jwk=jwk_of(member.key))) == "malformed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"protected": 1}',
        b'{"protected":"e30","payload":"","signature":""}',
        b'{"protected":"!","payload":"!","signature":"!"}',
        b"[" * 50_000,
    ],
)
def test_what_is_no_jws_is_refused(member: AcmeClient, body: bytes) -> None:
    for path in ("/new-account", "/new-order", "/key-change", "/revoke-certificate"):
        assert kind(member.send(path, body)) == "malformed"


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({}, "malformed"),
        ({"identifiers": []}, "malformed"),
        ({"identifiers": [{"type": "dns", "value": "other.gov.kh"}]}, "rejectedIdentifier"),
        ({"identifiers": [{"type": "dns", "value": f"*.{SERVER}"}]}, "rejectedIdentifier"),
        ({"identifiers": [{"type": "ip", "value": "127.0.0.1"}]}, "unsupportedIdentifier"),
        ({"identifiers": "x"}, "malformed"),
        ({"identifiers": [{"type": "dns", "value": SERVER}], "profile": "x"}, "invalidProfile"),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    member: AcmeClient, payload: dict[str, Any], wanted: str
) -> None:
    assert kind(member.post("/new-order", payload)) == wanted


@pytest.mark.usefixtures("no_caa")
def test_an_order_is_finalized_once_and_the_same_request_shows_it_again(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    order = member.order(SERVER).get_json()
    csr = csr_der(SERVER)
    first = member.post(order["finalize"], {"csr": csr}).get_json()
    again = member.post(order["finalize"], {"csr": csr}).get_json()
    assert first["status"] == again["status"] == "valid"
    assert first["certificate"] == again["certificate"]
    assert kind(member.post(order["finalize"], {"csr": csr_der(SERVER)})) == "orderNotReady"
    assert world.grants.find(grant.id).certificates_used == 1


@pytest.mark.usefixtures("no_caa")
def test_a_request_for_other_names_or_with_the_accounts_key_is_refused(
    member: AcmeClient,
) -> None:
    finalize = member.order(SERVER).get_json()["finalize"]
    wrong = [
        csr_der("other.gov.kh"),
        csr_der(SERVER, "other.gov.kh"),
        csr_der(SERVER, key=member.key),
        b64(b"no request"),
        "!",
        "",
    ]
    for csr in wrong:
        assert kind(member.post(finalize, {"csr": csr})) in {"badCSR", "malformed", "badPublicKey"}
    assert member.post(finalize, {"csr": csr_der(SERVER)}).get_json()["status"] == "valid"


@pytest.mark.usefixtures("no_caa")
def test_strangers_see_and_revoke_nothing(world: World, member: AcmeClient) -> None:
    order, certificate = issue(member, SERVER)
    other = active_grant(world, dns_names=("b.gov.kh",), holder="organization:NTRKH-9")
    stranger = new_client(world)
    assert stranger.register(other.id, secret(world, other)).status_code == 201
    for url in (order.headers["Location"], order.get_json()["finalize"]):
        assert kind(stranger.post(url, None)) in {"malformed", "unauthorized"}
    der = b64(certificate.public_bytes(Encoding.DER))
    assert kind(stranger.post("/revoke-certificate", {"certificate": der})) == "unauthorized"
    [held] = world.register.find(certificate.serial_number)
    assert held.standing == "good"
    assert member.post("/revoke-certificate", {"certificate": der}).status_code == 200
    assert kind(member.post("/revoke-certificate", {"certificate": der})) == "alreadyRevoked"


@pytest.mark.usefixtures("no_caa")
def test_a_revocation_with_a_reason_that_is_none_is_refused(member: AcmeClient) -> None:
    _order, certificate = issue(member, SERVER)
    der = b64(certificate.public_bytes(Encoding.DER))
    for reason in (7, 99, -1, "x"):
        answer = member.post("/revoke-certificate", {"certificate": der, "reason": reason})
        assert kind(answer) in {"badRevocationReason", "malformed"}


def test_a_deactivated_account_does_nothing_more(member: AcmeClient) -> None:
    assert member.account is not None
    assert member.post(member.account, {"status": "deactivated"}).status_code == 200
    assert kind(member.order(SERVER)) == "unauthorized"


def test_a_key_change_moves_the_account(member: AcmeClient) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    url = member.url("/key-change")
    inner = sign(
        new,
        {"alg": "ES256", "jwk": jwk_of(new), "url": url},
        {"account": member.account, "oldKey": jwk_of(member.key)},
    )
    assert member.post("/key-change", inner).status_code == 200
    assert kind(member.order(SERVER)) in {"unauthorized", "malformed"}
    member.key = new
    assert member.order(SERVER).status_code == 201


def test_a_key_change_without_the_new_keys_signature_is_refused(member: AcmeClient) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    url = member.url("/key-change")
    inner = sign(
        member.key,
        {"alg": "ES256", "jwk": jwk_of(new), "url": url},
        {"account": member.account, "oldKey": jwk_of(member.key)},
    )
    assert kind(member.post("/key-change", inner)) in {"malformed", "unauthorized"}
    assert member.order(SERVER).status_code == 201
