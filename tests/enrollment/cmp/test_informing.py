"""General messages: CA certificates, a newer root, the template, and what is not supported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from ca.authorities import Authorities, Authority
from tests.enrollment.cmp.client import Answer, Client, general
from tests.enrollment.world import World

CA_CERTS = "1.3.6.1.5.5.7.4.17"
ROOT_CA_CERT = "1.3.6.1.5.5.7.4.20"
ROOT_CA_KEY_UPDATE = "1.3.6.1.5.5.7.4.18"
CERT_REQ_TEMPLATE = "1.3.6.1.5.5.7.4.19"
SUPPORTED_LANGUAGES = "1.3.6.1.5.5.7.4.16"
CURRENT_CRL = "1.3.6.1.5.5.7.4.6"
UNSUPPORTED_OIDS = "1.3.6.1.5.5.7.4.7"


def answers(answer: Answer) -> dict[str, bytes | None]:
    assert answer.kind == "genp"
    return {
        str(one["infoType"]): bytes(one["infoValue"]) if one["infoValue"].isValue else None
        for one in answer.content
    }


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_the_authorities_certificates_come_with_the_anchor_first(
    world: World, client: Client
) -> None:
    value = answers(client.ask(general((CA_CERTS, None))))[CA_CERTS]
    found, _ = decode(value, asn1Spec=rfc9810.CaCertsValue())
    octets = [encode(one) for one in found]
    assert octets[0] == der(world.hierarchy.issuers["root"].certificate)
    assert set(octets) == {der(one.certificate) for one in world.authorities.all()}


def test_a_root_that_is_the_newest_has_no_successor(world: World, client: Client) -> None:
    root = der(world.hierarchy.issuers["root"].certificate)
    asked = answers(client.ask(general((ROOT_CA_CERT, root))))
    assert asked == {ROOT_CA_KEY_UPDATE: None}


def certificate(subject: str, issuer: str, key: Any, by: Any, number: int) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .serial_number(number)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .public_key(key.public_key())
        .sign(by, SHA256())
    )


def test_a_newer_root_comes_with_what_leads_from_the_old_one_to_it(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = world.authorities.authority("root-1")
    key, old_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    old_name, new_name = old.certificate.subject.rfc4514_string(), "CN=Root 2,C=KH"
    new = certificate(new_name, new_name, key, key, 1)
    new_with_old = certificate(new_name, old_name, key, old_key, 2)
    old_with_new = certificate(old_name, new_name, old_key, key, 3)
    newer = replace(old, name="root-2", certificate=new, crossed=(new_with_old,))
    older = replace(old, crossed=(old_with_new,))
    others = world.authorities.all()[1:]

    def known(_self: Authorities) -> list[Authority]:
        return [older, *others, newer]

    monkeypatch.setattr(Authorities, "all", known)
    value = answers(client.ask(general((ROOT_CA_CERT, der(old.certificate)))))[ROOT_CA_KEY_UPDATE]
    found, rest = decode(value, asn1Spec=rfc9810.RootCaKeyUpdateContent())
    assert rest == b""
    assert encode(found["newWithNew"]) == der(new)
    for name, expected in (("newWithOld", new_with_old), ("oldWithNew", old_with_new)):
        assert encode(found[name]).endswith(der(expected))
    # Who has the new one has the newest; who says nothing gets it.
    assert answers(client.ask(general((ROOT_CA_CERT, der(new))))) == {ROOT_CA_KEY_UPDATE: None}
    unnamed = answers(client.ask(general((ROOT_CA_CERT, None))))[ROOT_CA_KEY_UPDATE]
    found, _ = decode(unnamed, asn1Spec=rfc9810.RootCaKeyUpdateContent())
    assert not found["newWithOld"].isValue


def test_the_template_says_which_keys_are_taken(client: Client) -> None:
    value = answers(client.ask(general((CERT_REQ_TEMPLATE, None))))[CERT_REQ_TEMPLATE]
    found, rest = decode(value, asn1Spec=rfc9810.CertReqTemplateContent())
    assert rest == b""
    kinds = [str(one["type"]).rpartition(".")[2] for one in found["keySpec"]]
    # P-256, P-384 and Ed25519 by algorithm, RSA by its length.
    assert sorted(kinds) == ["11", "11", "11", "12"]
    lengths = [bytes(one["value"]) for one in found["keySpec"] if str(one["type"]).endswith("12")]
    assert lengths == [bytes.fromhex("02020c00")]


def test_what_is_not_supported_is_named_beside_what_is(client: Client) -> None:
    languages = bytes.fromhex("30040c02656e")
    answer = client.ask(
        general((SUPPORTED_LANGUAGES, languages), (CA_CERTS, None), (CURRENT_CRL, None))
    )
    found = answers(answer)
    assert set(found) == {CA_CERTS, UNSUPPORTED_OIDS}
    named, _ = decode(found[UNSUPPORTED_OIDS], asn1Spec=rfc9810.UnsupportedOIDsValue())
    assert [str(one) for one in named] == [SUPPORTED_LANGUAGES, CURRENT_CRL]


def test_a_question_about_nothing_is_answered_with_nothing(client: Client) -> None:
    assert answers(client.ask(general())) == {}
