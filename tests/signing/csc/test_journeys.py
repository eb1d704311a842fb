"""A ministry's program has documents signed: by a person at a browser, and by its own seal."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from tests.signing.csc.world import (
    Program,
    Signer,
    answer_in,
    b64,
    client_of,
    program,
    signer,
    words,
)
from tests.signing.world import PERSON, PIN, SigningWorld, digest


@pytest.fixture
def ours(world: SigningWorld) -> Program:
    return program(world).sign_in()


@pytest.fixture
def dara(world: SigningWorld, ours: Program) -> Signer:
    return signer(world, client_of(world))


def check(certificate: str, signature: str, text: str) -> None:
    public = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(base64.b64decode(signature), digest(text), ec.ECDSA(utils.Prehashed(SHA256())))


def test_info_says_what_is_offered(ours: Program) -> None:
    body = ours.http.post("/csc/v2/info", json={}).get_json()
    assert body["oauth2"].endswith("/csc/v2")
    assert {"signatures/signHash", "oauth2/token", "credentials/authorize"} <= set(body["methods"])


def test_a_seal_is_listed_described_authorized_and_used(ours: Program) -> None:
    listed = ours.call("credentials/list", credentialInfo=True, onlyValid=True).get_json()
    assert listed["credentialIDs"] == [ours.world.seal.id]
    info = ours.call(
        "credentials/info",
        credentialID=ours.world.seal.id,
        certificates="chain",
        certInfo=True,
        authInfo=True,
    ).get_json()
    assert info["auth"]["mode"] == "explicit"
    assert info["cert"]["status"] == "valid"
    assert info["key"]["status"] == "enabled"
    assert info["SCAL"] == "2"
    assert len(info["cert"]["certificates"]) == 3
    given = ours.authorize_seal("letter", "annex").get_json()
    assert 0 < given["expiresIn"] <= 300
    signed = ours.sign_hash(given["SAD"], "annex", "letter").get_json()["signatures"]
    check(info["cert"]["certificates"][0], signed[0], "annex")
    check(info["cert"]["certificates"][0], signed[1], "letter")


def test_version_1_s_names_are_read_too(ours: Program) -> None:
    seal, hashes = ours.world.seal.id, [b64(digest("letter"))]
    given = ours.call(
        "credentials/authorize",
        credentialID=seal,
        numSignatures="1",
        hash=hashes,
        PIN="seal-of-2026",
        authData=[
            {
                "id": "client_assertion",
                "value": ours.assertion(credentialID=seal, hashes=hashes),
            }
        ],
    ).get_json()
    signed = ours.call(
        "signatures/signHash",
        credentialID=seal,
        SAD=given["SAD"],
        hash=hashes,
        hashAlgo="2.16.840.1.101.3.4.2.1",
        signAlgo="1.2.840.10045.4.3.2",
        clientData="12345",
    )
    assert len(signed.get_json()["signatures"]) == 1


def test_a_person_signs_at_our_page_and_the_program_gets_the_signature(
    ours: Program, dara: Signer
) -> None:
    back = answer_in(dara.sign(ours.authorization_url("contract")))
    assert back["state"] == "state-1"
    assert back["iss"] == ours.url
    token = ours.redeem(back["code"]).get_json()
    assert token["credentialID"] == ours.world.person.id
    assert token["token_type"] == "SAD"
    signed = ours.call(
        "signatures/signHash",
        token["access_token"],
        credentialID=token["credentialID"],
        hashes=[b64(digest("contract"))],
        signAlgo="1.2.840.10045.4.3.2",
    ).get_json()
    held = ours.world.signing.signatures.certificate(ours.world.person.id).certificate
    assert signed["signatures"]
    from cryptography.hazmat.primitives.serialization import Encoding

    check(b64(held.public_bytes(Encoding.DER)), signed["signatures"][0], "contract")


def test_a_person_s_keys_are_seen_by_a_program_that_they_let_see_them(
    ours: Program, dara: Signer
) -> None:
    path = dara.arrive(ours.authorization_url())
    assert "see your signing keys" in words(dara.open(path).text)
    back = answer_in(dara.send(path))
    token = ours.redeem(back["code"]).get_json()
    assert token["token_type"] == "Bearer"
    listed = ours.call("credentials/list", token["access_token"]).get_json()
    assert listed["credentialIDs"] == [ours.world.person.id]
    info = ours.call(
        "credentials/info", token["access_token"], credentialID=ours.world.person.id
    ).get_json()
    assert info["auth"] == {"mode": "oauth2code"}
    # Seeing is not signing.
    refused = ours.call(
        "credentials/authorize",
        token["access_token"],
        credentialID=ours.world.person.id,
        hashes=[b64(digest("contract"))],
        PIN=PIN,
    )
    assert refused.status_code == 400
    assert "oauth2/authorize" in refused.get_json()["error_description"]


def test_the_sad_goes_with_the_token_that_shows_the_keys(ours: Program, dara: Signer) -> None:
    path = dara.arrive(ours.authorization_url())
    dara.open(path)
    service = ours.redeem(answer_in(dara.send(path))["code"]).get_json()["access_token"]
    sad = ours.redeem(answer_in(dara.sign(ours.authorization_url("contract")))["code"]).get_json()
    answer = ours.sign_hash(sad["access_token"], "contract", credentialID=ours.world.person.id)
    assert answer.status_code == 400  # the program's own token does not show Dara's key
    signed = ours.call(
        "signatures/signHash",
        service,
        credentialID=ours.world.person.id,
        SAD=sad["access_token"],
        hashes=[b64(digest("contract"))],
        signAlgo="1.2.840.10045.4.3.2",
    )
    assert signed.status_code == 200, signed.text


def test_the_page_shows_program_hashes_and_labels(ours: Program, dara: Signer) -> None:
    named = {"hash": b64(digest("decision")), "label": "Decision 12/2026 <b>"}
    details = json.dumps(
        [
            {
                "type": "credential",
                "credentialID": ours.world.person.id,
                "documentDigests": [named],
            }
        ]
    )
    url = ours.authorization_url("decision", authorization_details=details, hashes=None)
    page = dara.open(dara.arrive(url))
    shown = words(page.text)
    assert "Documents of the ministry" in shown
    assert digest("decision").hex() in shown
    assert "Decision 12/2026 &lt;b&gt;" in page.text
    # The address that a proxy may write down carries nothing of it.
    assert digest("decision").hex() not in page.request.path


def test_who_is_not_signed_in_is_led_there_and_comes_back(ours: Program) -> None:
    http = client_of(ours.world)
    stranger = Signer(ours.world, http)
    path = stranger.arrive(ours.authorization_url("contract"))
    page = stranger.open(path)
    assert page.status_code == 401
    assert f"/sign-in?next={path}" in page.text


def test_a_wrong_pin_leaves_the_request_open(ours: Program, dara: Signer) -> None:
    path = dara.arrive(ours.authorization_url("contract"))
    dara.open(path)
    wrong = dara.send(path, pin="00112233", assertion=dara.confirm(path))
    assert wrong.status_code == 403
    assert "The PIN is wrong" in words(wrong.text)
    assert "locked: 4" in words(wrong.text)
    again = dara.send(path, pin=PIN, assertion=dara.confirm(path))
    assert ours.redeem(answer_in(again)["code"]).status_code == 200


def test_without_the_passkey_s_answer_nothing_is_signed(ours: Program, dara: Signer) -> None:
    path = dara.arrive(ours.authorization_url("contract"))
    dara.open(path)
    answer = dara.send(path, pin=PIN)
    assert answer.status_code == 403
    assert "passkey has to confirm" in words(answer.text)


def test_wrong_pins_end_at_a_page_that_says_what_to_do(ours: Program, dara: Signer) -> None:
    path = dara.arrive(ours.authorization_url("contract"))
    dara.open(path)
    for _ in range(5):
        last = dara.send(path, pin="00112233", assertion=dara.confirm(path))
    assert last.status_code == 403
    assert "An officer can open the key again" in words(last.text)
    assert "signing-key-locked" in ours.world.kinds()


def test_declining_tells_the_program_and_nothing_else(ours: Program, dara: Signer) -> None:
    path = dara.arrive(ours.authorization_url("contract"))
    dara.open(path)
    back = answer_in(dara.send(f"{path}/refusal"))
    assert back["error"] == "access_denied"
    assert dara.open(path).status_code == 404


def test_another_person_s_key_is_not_shown(ours: Program) -> None:
    ours.world.add_principal("person-thida")
    thida = signer(ours.world, client_of(ours.world), "person-thida")
    path = thida.arrive(ours.authorization_url("contract"))
    assert thida.open(path).status_code == 404


def test_a_code_is_good_once_for_its_program_with_its_verifier(ours: Program, dara: Signer) -> None:
    other = program(ours.world, http=ours.http)
    code = answer_in(dara.sign(ours.authorization_url("contract")))["code"]
    assert other.redeem(code).get_json()["error"] == "invalid_grant"
    good = ours.redeem(code)
    assert good.status_code == 200
    assert ours.redeem(code).get_json()["error"] == "invalid_grant"
    code = answer_in(dara.sign(ours.authorization_url("annex")))["code"]
    assert ours.redeem(code, code_verifier="x" * 43).get_json()["error"] == "invalid_grant"
    # Whoever guesses has spent it.
    assert ours.redeem(code).get_json()["error"] == "invalid_grant"
    code = answer_in(dara.sign(ours.authorization_url("letter")))["code"]
    ours.world.clock.advance(timedelta(minutes=2))
    assert ours.redeem(code).get_json()["error"] == "invalid_grant"


def test_a_code_s_row_authorizes_nothing_by_itself(ours: Program, dara: Signer) -> None:
    from sqlalchemy import select

    from signing.csc.models import csc_codes

    answer_in(dara.sign(ours.authorization_url("contract")))
    with ours.world.services.database.read() as connection:
        row = connection.execute(select(csc_codes)).one()
    assert len(row.sealed_sad) == 12 + 64 + 16
    assert row.person == PERSON.id


def test_documents_that_are_named_by_hash_get_whole_signatures(ours: Program) -> None:
    from asn1crypto import cms

    sad = ours.sad("report")
    answer = ours.call(
        "signatures/signDoc",
        credentialID=ours.world.seal.id,
        SAD=sad,
        documentDigests=[
            {
                "hashes": [b64(digest("report"))],
                "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
                "signature_format": "C",
                "conformance_level": "AdES-B-B",
                "signAlgo": "1.2.840.10045.4.3.2",
            }
        ],
    )
    [made] = answer.get_json()["SignatureObject"]
    signed = cms.ContentInfo.load(base64.b64decode(made))["content"]
    assert signed["encap_content_info"]["content"].native is None
    assert len(signed["certificates"]) == 2


def test_a_time_stamp_is_given_with_its_nonce(ours: Program) -> None:
    from asn1crypto import cms

    answer = ours.call(
        "signatures/timestamp",
        hash=b64(digest("letter")),
        hashAlgo="2.16.840.1.101.3.4.2.1",
        nonce="1f2e3d4c5b6a",
    )
    assert answer.status_code == 200, answer.text
    token = cms.ContentInfo.load(base64.b64decode(answer.get_json()["timestamp"]))
    info = token["content"]["encap_content_info"]["content"].parsed
    assert info["nonce"].native == 0x1F2E3D4C5B6A
    assert info["message_imprint"]["hashed_message"].native == digest("letter")
