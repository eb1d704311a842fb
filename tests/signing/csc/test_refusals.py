"""What the CSC API refuses, in its own words, and that it never falls over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camtrust.signing_programs import RegisteredPrograms
from core.errors import CamtrustError
from hsm.digests import DigestAlgorithm
from signing.csc.algorithms import chosen_algorithm
from signing.csc.errors import ReturnAddressUnsuitable
from signing.csc.fields import Fields, hashes_of_query
from tests.signing.csc.world import (
    BACK,
    SHA256_OID,
    Program,
    Signer,
    answer_in,
    b64,
    client_of,
    program,
    signer,
)
from tests.signing.world import MINISTRY, SEAL_PIN, SigningWorld, digest

METHODS = (
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/getChallenge",
    "credentials/extendTransaction",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/timestamp",
)


@pytest.fixture
def ours(world: SigningWorld) -> Program:
    return program(world).sign_in()


def refused(answer: Any, error: str = "invalid_request", status: int = 400) -> str:
    """The words of a refusal, which is one in the API's form."""
    body = answer.get_json()
    assert (answer.status_code, body["error"]) == (status, error), body
    assert set(body) == {"error", "error_description"}
    assert all(" " <= one <= "~" for one in body["error_description"])
    words: str = body["error_description"]
    return words


def test_a_sad_is_good_for_its_hashes_alone_once(ours: Program) -> None:
    sad = ours.sad("letter")
    assert "Hash is not authorized by the SAD" in refused(ours.sign_hash(sad, "another"))
    assert "Hash is not authorized by the SAD" in refused(ours.sign_hash(sad, "letter", "another"))
    assert ours.sign_hash(sad, "letter").status_code == 200
    assert "used up" in refused(ours.sign_hash(sad, "letter"))


def test_a_sad_that_is_over_signs_nothing(ours: Program) -> None:
    sad = ours.sad("letter")
    ours.world.clock.advance(timedelta(minutes=6))
    assert "over" in refused(ours.sign_hash(sad, "letter"))


def test_a_sad_of_another_key_or_program_signs_nothing(ours: Program) -> None:
    sad = ours.sad("letter")
    key = ours.world.make(MINISTRY, SEAL_PIN)
    ours.world.certify(key, "organization-seal", SEAL_PIN)
    assert "another key" in refused(ours.sign_hash(sad, "letter", credentialID=key.id))
    other = program(ours.world, http=ours.http).sign_in()
    assert "another program" in refused(other.sign_hash(sad, "letter"))
    assert ours.sign_hash(sad, "letter").status_code == 200


def test_a_sad_as_access_token_opens_its_key_alone(ours: Program) -> None:
    sad = ours.sad("letter")
    key = ours.world.make(MINISTRY, SEAL_PIN)
    body = {"credentialID": key.id}
    assert "credentialID" in refused(ours.call("credentials/info", sad, **body))
    assert ours.call("credentials/list", sad).get_json()["credentialIDs"] == []


def test_a_sad_with_somebody_s_certificate_is_no_program_that_proves_itself(
    ours: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sad = ours.sad("letter")
    # A certificate of ours came along, which no token is bound to.
    monkeypatch.setattr(RegisteredPrograms, "certificate_sha256", lambda *_: b"\1" * 32)
    body = {
        "credentialID": ours.world.seal.id,
        "numSignatures": 1,
        "hashes": [b64(digest("another"))],
        "hashAlgorithmOID": SHA256_OID,
        "PIN": SEAL_PIN,
    }
    answer = ours.call("credentials/authorize", sad, **body)
    assert answer.status_code == 400
    assert "bound to your certificate" in answer.get_json()["error_description"]


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_what_no_database_stores_is_refused(ours: Program, text: str) -> None:
    assert "credentialID" in refused(ours.call("credentials/info", credentialID=text))


def test_another_ministry_s_program_does_not_find_the_key(ours: Program) -> None:
    ours.world.services.registration.subscribers.institutions.register(other_ministry())
    theirs = program(ours.world, institution="moh", http=ours.http).sign_in()
    assert theirs.call("credentials/list").get_json()["credentialIDs"] == []
    named = {"credentialID": ours.world.seal.id}
    assert "credentialID" in refused(theirs.call("credentials/info", **named))
    assert "credentialID" in refused(theirs.authorize_seal("letter"))


def other_ministry() -> Any:
    from enrollment.institutions.institution import InstitutionDetails, InstitutionKind

    return InstitutionDetails(
        "moh", InstitutionKind.MINISTRY, "ក្រសួងផ្សេង", "Ministry of H", mail_domains=("h.example",)
    )


def test_more_hashes_than_are_given_at_once_are_refused(ours: Program) -> None:
    most = ours.world.signing.activations.most_signatures
    hashes = [b64(digest(str(number))) for number in range(most + 1)]
    answer = ours.authorize_seal("letter", hashes=hashes, numSignatures=len(hashes))
    assert "at most 1000" in refused(answer)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hashAlgorithmOID": "1.3.14.3.2.26"}, "hashAlgorithmOID"),
        ({"numSignatures": 2}, "numSignatures"),
        ({"hashes": []}, "hashes"),
        ({"hashes": ["!!!"]}, "Base64"),
        ({"hashes": [17]}, "Base64"),
        ({"hashes": [b64(b"short")]}, "octets"),
        ({"hashes": [b64(digest("letter"))] * 2, "numSignatures": 2}, "twice"),
        ({"credentialID": "unknown"}, "credentialID"),
        ({"credentialID": 5}, "credentialID"),
        ({"authData": "PIN"}, "authData"),
        ({"authData": [{"id": "PIN"}]}, "value"),
        ({"authData": []}, "PIN"),
    ],
)
def test_what_cannot_be_meant_is_not_authorized(
    ours: Program, changes: dict[str, Any], said: str
) -> None:
    assert said in refused(ours.authorize_seal("letter", **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signAlgo": "1.2.3"}, "signAlgo"),
        ({"signAlgo": None}, "signAlgo"),
        ({"signAlgo": "1.2.840.10045.4.3.4"}, "different hashes"),
        ({"signAlgo": "1.2.840.113549.1.1.11"}, "does not sign"),
        ({"signAlgo": "1.2.840.113549.1.1.10", "signAlgoParams": "AAAA"}, "signAlgoParams"),
        ({"hashAlgorithmOID": "2.16.840.1.101.3.4.2.8"}, "hashAlgorithmOID"),
        ({"operationMode": "A"}, "operationMode"),
        ({"SAD": None}, "SAD"),
        ({"SAD": "x" * 64}, "unknown"),
        ({"SAD": ["x"]}, "SAD"),
        ({"hashes": None}, "hashes"),
    ],
)
def test_what_cannot_be_signed_is_refused_and_nothing_is_used_up(
    ours: Program, changes: dict[str, Any], said: str
) -> None:
    sad = ours.sad("letter")
    assert said in refused(ours.sign_hash(sad, "letter", **changes))
    assert ours.sign_hash(sad, "letter").status_code == 200


def test_a_wrong_pin_and_a_locked_key_have_their_own_codes(ours: Program) -> None:
    seal, hashes = ours.world.seal.id, [b64(digest("letter"))]
    answers = []
    for _ in range(5):
        proof = ours.assertion(credentialID=seal, hashes=hashes)
        wrong = [{"id": "PIN", "value": "00112233"}, {"id": "client_assertion", "value": proof}]
        answers.append(ours.authorize_seal("letter", authData=wrong))
    assert "After 4 more" in refused(answers[0], "invalid_pin")
    assert "An officer can open" in refused(answers[-1], "credential_locked")
    assert "officer" in refused(ours.authorize_seal("letter"), "credential_locked")
    info = ours.call("credentials/info", credentialID=seal).get_json()
    assert info["key"]["status"] == "disabled"


@pytest.mark.parametrize(
    "claims",
    [
        {"hashes": [b64(digest("another"))]},
        {"hashes": None},
        {"credentialID": "0" * 32},
        {"aud": "https://elsewhere.example"},
        {"exp": 0},
    ],
)
def test_the_program_s_proof_is_about_exactly_these_hashes(
    ours: Program, claims: dict[str, Any]
) -> None:
    good = {"credentialID": ours.world.seal.id, "hashes": [b64(digest("letter"))]}
    proof = ours.assertion(**(good | claims))
    data = [{"id": "PIN", "value": SEAL_PIN}, {"id": "client_assertion", "value": proof}]
    refused(ours.authorize_seal("letter", authData=data), "access_denied")


def test_the_program_s_proof_is_taken_once_and_missing_is_refused(ours: Program) -> None:
    pin = {"id": "PIN", "value": SEAL_PIN}
    hashes = [b64(digest("letter"))]
    proof = ours.assertion(credentialID=ours.world.seal.id, hashes=hashes)
    data = [pin, {"id": "client_assertion", "value": proof}]
    assert ours.authorize_seal("letter", authData=data).status_code == 200
    refused(ours.authorize_seal("letter", authData=data), "access_denied")
    assert "RFC 8705" in refused(ours.authorize_seal("letter", authData=[pin]), "access_denied")


def test_a_revoked_seal_signs_nothing_and_says_so(ours: Program) -> None:
    sad = ours.sad("letter")
    held = ours.world.signing.signatures.certificate(ours.world.seal.id).registered
    ours.world.services.revocation.hold(authority=held.authority, serial_number=held.serial_number)
    assert "suspended" in refused(ours.sign_hash(sad, "letter"))
    info = ours.call("credentials/info", credentialID=ours.world.seal.id).get_json()
    assert info["cert"]["status"] == "suspended"
    valid = ours.call("credentials/list", onlyValid=True).get_json()
    assert valid == {"credentialIDs": [], "onlyValid": True}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "token", ["", "x", "camtrust_csc_unknown", "camtrust_at_unknown", "a" * 64]
)
def test_nobody_is_let_in_without_a_token_of_ours(ours: Program, method: str, token: str) -> None:
    answer = ours.http.post(
        f"/csc/v2/{method}", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    refused(answer, "invalid_token", 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_program_that_was_not_granted_signatures_gets_no_token(ours: Program) -> None:
    other = program(ours.world, scope="application:submit", http=ours.http)
    assert other.ask_token().status_code in {400, 401}
    # Nor does its token for other things open anything here.
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": other.assertion(),
    }
    token = ours.http.post("/enrollment/v1/token", data=form).get_json()["access_token"]
    refused(ours.call("credentials/list", token), "invalid_token", 401)


def test_a_program_that_was_closed_is_let_in_by_none_of_its_tokens(ours: Program) -> None:
    from sqlalchemy import update

    from enrollment.models import principals

    sad = ours.sad("letter")
    with ours.world.services.database.begin() as connection:
        connection.execute(
            update(principals).where(principals.c.id == ours.id).values(state="suspended")
        )
    refused(ours.call("credentials/list"), "invalid_token", 401)
    refused(ours.sign_hash(None, "letter", SAD=sad), "invalid_token", 401)
    answer = ours.call("credentials/info", sad, credentialID=ours.world.seal.id)
    refused(answer, "invalid_token", 401)


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": None}, "unsupported_grant_type", 400),
        ({"scope": "credential"}, "invalid_scope", 400),
        ({"client_assertion": "x"}, "invalid_client", 401),
        ({"client_assertion": None}, "invalid_client", 401),
        ({"client_assertion_type": "x"}, "invalid_request", 400),
        ({"client_id": "another", "grant_type": "authorization_code"}, "invalid_client", 401),
        ({"grant_type": "authorization_code"}, "invalid_request", 400),
    ],
)
def test_the_token_endpoint_refuses_as_oauth_has_it(
    ours: Program, form: dict[str, Any], error: str, status: int
) -> None:
    refused(ours.ask_token(**form), error, status)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"numSignatures": "2"}, "invalid_request"),
        ({"hashes": None}, "invalid_request"),
        ({"hashes": "short"}, "invalid_request"),
        ({"hashAlgorithmOID": "1.3.14.3.2.26"}, "invalid_request"),
        ({"credentialID": None}, "invalid_request"),
        ({"credentialID": "x" * 33}, "invalid_request"),
        (
            {
                "authorization_details": json.dumps(
                    [
                        {
                            "type": "credential",
                            "credentialID": "\0",
                            "documentDigests": [{"hash": b64(digest("contract"))}],
                        }
                    ]
                )
            },
            "invalid_request",
        ),
        ({"authorization_details": "["}, "invalid_request"),
        ({"authorization_details": "[{}]"}, "invalid_request"),
        ({"state": "x" * 3000}, "invalid_request"),
    ],
)
def test_a_program_hears_what_is_wrong_with_its_request(
    ours: Program, changes: dict[str, Any], error: str
) -> None:
    stranger = Signer(ours.world, client_of(ours.world))
    answer = answer_in(stranger.open(ours.authorization_url("contract", **changes)))
    assert answer["error"] == error
    assert answer["error_description"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": f"{BACK}/more"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_program_s(
    ours: Program, changes: dict[str, Any]
) -> None:
    stranger = Signer(ours.world, client_of(ours.world))
    answer = stranger.open(ours.authorization_url("contract", **changes))
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_request_waits_ten_minutes(ours: Program) -> None:
    dara = signer(ours.world, client_of(ours.world))
    path = dara.arrive(ours.authorization_url("contract"))
    assert dara.open(path).status_code == 200
    ours.world.clock.advance(timedelta(minutes=11))
    assert dara.open(path).status_code in {401, 404}
    ours.world.services.csc.forget_old()


def test_a_form_of_another_site_signs_nothing(ours: Program) -> None:
    dara = signer(ours.world, client_of(ours.world))
    path = dara.arrive(ours.authorization_url("contract"))
    for action in ("", "/question", "/refusal"):
        assert dara.http.post(f"{path}{action}", data={"pin": "1"}).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "http://documents.example/",
        "https://documents.example/#x",
        "https://user@documents.example/",
        "javascript:alert(1)",
        "https:///path",
        "https://[bad/",
        "https://documents.example;script-src/",
        "https://documents.example/ x",
        "https://ឯកសារ.example/",
        "https://documents.example/" + "x" * 400,
    ],
)
def test_an_address_that_cannot_be_trusted_is_not_registered(
    world: SigningWorld, address: str
) -> None:
    with pytest.raises(ReturnAddressUnsuitable):
        world.services.csc.addresses.add("program", address, by="registrar")


def test_an_address_is_registered_once_and_taken_away(world: SigningWorld) -> None:
    addresses = world.services.csc.addresses
    for _ in range(2):
        addresses.add("program", "http://127.0.0.1:8400/back", by="registrar")
    assert addresses.of("program") == ["http://127.0.0.1:8400/back"]
    assert world.kinds().count("csc-return-address-registered") == 1
    for _ in range(2):
        addresses.remove("program", "http://127.0.0.1:8400/back", by="registrar")
    assert addresses.of("program") == []
    assert world.kinds().count("csc-return-address-removed") == 1


# For all inputs.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("credentialID", "SAD", "hashes", "hash", "signAlgo", "hashAlgo", "authData", "id")
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from(METHODS))
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_body_makes_it_fall_over(ours: Program, body: Any, method: str) -> None:
    answer = ours.http.post(
        f"/csc/v2/{method}",
        data=json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {ours.token}"},
    )
    assert answer.status_code in {200, 204, 400}, answer.text
    if answer.status_code == 400:
        refused(answer, answer.get_json()["error"])


@given(
    st.dictionaries(
        st.sampled_from(
            ("scope", "hashes", "numSignatures", "authorization_details", "state", "credentialID")
        ),
        # What no URL may hold is refused before (core/web/addresses.py).
        st.text(st.characters(exclude_categories=("C",)), max_size=40),
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_query_makes_the_page_fall_over(ours: Program, changes: dict[str, str]) -> None:
    answer = ours.http.get(ours.authorization_url("contract", **changes))
    assert answer.status_code == 303
    assert answer.location.startswith((BACK, "/csc/v2/oauth2/authorize/"))


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_readers_raise_refusals_alone(text: str) -> None:
    readers: list[Callable[[], object]] = [
        lambda: hashes_of_query(text),
        lambda: Fields({"hashes": [text]}).hashes(),
        lambda: Fields({"numSignatures": text}).number("numSignatures"),
        lambda: chosen_algorithm("1.2.840.113549.1.1.10", text, None, 32),
        lambda: chosen_algorithm(text, None, SHA256_OID, 32),
    ]
    for read in readers:
        try:
            read()
        except CamtrustError:
            continue


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_hashes_are_read_as_they_were_written(hashes: list[bytes]) -> None:
    from tests.signing.csc.world import b64url

    assert hashes_of_query(",".join(map(b64url, hashes))) == hashes
    assert hashes_of_query(",".join(map(b64, hashes))) == hashes
    assert Fields({"hash": [b64(one) for one in hashes]}).hashes() == hashes


def test_algorithms_are_told_by_oid_length_or_parameters() -> None:
    assert chosen_algorithm("1.2.840.10045.2.1", None, None, 48).digest is DigestAlgorithm.SHA384
