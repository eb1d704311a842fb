"""``/signing/v1``: a program keeps its organization's seal keys; officers open and end keys."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Principal, Role
from signing.credentials.credential import credential_row
from signing.credentials.messages import NewKeyMessage, PinChangeMessage, PinMessage
from signing.csc.registering.routes import AddressMessage
from signing.documents.verification.keeping.messages import PublicityMessage, WithdrawalMessage
from signing.examples import EXAMPLES
from tests.signing.csc.world import BACK, Program, program
from tests.signing.world import SEAL_PIN, SigningWorld

KEYS = "/signing/v1/credentials"


@pytest.fixture
def ours(world: SigningWorld) -> Program:
    return program(world).sign_in()


def call(ours: Program, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {ours.token}", **options.pop("headers", {})}
    return ours.http.open(path, method=method, headers=headers, **options)


class Officer:
    """The authenticator of a test: the registrar is signed in, of the whole nation or not."""

    def __init__(self, institution: str | None = None) -> None:
        self.institution = institution

    def principal(self, _environ: object) -> Principal:
        return Principal("registrar", Role.RA_OFFICER, self.institution)


def office(world: SigningWorld, institution: str | None = None) -> FlaskClient:
    from dataclasses import replace

    parts = replace(app_parts(world.services), sign_in=Officer(institution))
    client = create_app(parts, Listener.OFFICERS).test_client()
    # deploy/nginx/officers.conf says how long ago the certificate's key was proven.
    client.environ_base["HTTP_X_SSL_CONNECTION_SECONDS"] = "1"
    return client


def test_a_seal_key_is_made_once_and_asks_for_its_certificate(ours: Program) -> None:
    body = {"label": "Second seal", "pin": "another-seal-1"}
    key = {"Idempotency-Key": "make-it-once"}
    made = call(ours, "POST", KEYS, json=body, headers=key)
    assert made.status_code == 201, made.text
    request = x509.load_pem_x509_csr(made.get_json()["csr"].encode())
    assert request.is_signature_valid
    again = call(ours, "POST", KEYS, json=body, headers=key)
    assert again.get_json()["id"] == made.get_json()["id"]
    one = f"{KEYS}/{made.get_json()['id']}"
    body = {"pin": "another-seal-1", "client_assertion": proof(ours, made.get_json()["id"])}
    asked = call(ours, "POST", f"{one}/request", json=body)
    assert x509.load_pem_x509_csr(asked.get_json()["csr"].encode()).is_signature_valid
    assert call(ours, "GET", one).get_json()["certificate_serial_number"] is None
    listed = call(ours, "GET", KEYS).get_json()["credentials"]
    assert {row["label"] for row in listed} == {"signing", "Second seal"}
    weak = call(ours, "POST", KEYS, json={"label": "x", "pin": "12345678"})
    assert weak.get_json()["type"].endswith("/pin-unsuitable")


def proof(ours: Program, key: str, act: str = "certification-request") -> str:
    """What the program signs, with its key, for an act on a key."""
    return ours.assertion(credentialID=key, act=act)


def test_a_program_changes_the_pin_and_ends_its_key(ours: Program) -> None:
    seal = ours.world.seal.id
    one = f"{KEYS}/{seal}"

    def proven(act: str, **body: str) -> Any:
        return {**body, "client_assertion": proof(ours, seal, act)}

    wrong = proven("change-pin", pin="00112233", new_pin="seal-of-2027")
    refused = call(ours, "POST", f"{one}/pin", json=wrong)
    assert refused.get_json()["type"].endswith("/pin-refused")
    good = proven("change-pin", pin=SEAL_PIN, new_pin="seal-of-2027")
    assert call(ours, "POST", f"{one}/pin", json=good).status_code == 200
    assert ours.world.signing.gate.open(seal, "seal-of-2027")
    assert call(ours, "POST", f"{one}/unlocking").status_code == 403
    rests = call(ours, "POST", f"{one}/suspension", json=proven("suspend"))
    assert rests.get_json()["state"] == "suspended"
    gone = call(ours, "POST", f"{one}/destruction", json=proven("destroy"))
    assert gone.get_json()["state"] == "destroyed"
    assert call(ours, "GET", f"{KEYS}/{ours.world.person.id}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("request", {"pin": "00112233"}),
        ("pin", {"pin": "00112233", "new_pin": "seal-of-thief"}),
        ("suspension", {}),
        ("destruction", None),
    ],
)
@pytest.mark.parametrize("forged", [None, "x", "for-another-act", "for-another-key"])
def test_a_found_access_token_guesses_no_pin_and_ends_no_key(
    ours: Program, path: str, body: dict[str, str] | None, forged: str | None
) -> None:
    seal = ours.world.seal.id
    assertions = {
        "for-another-act": proof(ours, seal, "unlock"),
        "for-another-key": proof(ours, "0" * 32, "change-pin"),
    }
    if forged is not None:
        body = {**(body or {}), "client_assertion": assertions.get(forged, forged)}
    for _ in range(6):
        answer = call(ours, "POST", f"{KEYS}/{seal}/{path}", json=body)
        assert answer.get_json()["type"].endswith("/second-factor-refused"), answer.text
    # Not one try is used up.
    assert pin_row(ours.world).wrong_pins == 0
    assert ours.world.signing.gate.open(seal, SEAL_PIN)


def test_a_proof_is_taken_once(ours: Program) -> None:
    seal = ours.world.seal.id
    body = {"pin": "00112233", "client_assertion": proof(ours, seal)}
    first = call(ours, "POST", f"{KEYS}/{seal}/request", json=body)
    assert first.get_json()["type"].endswith("/pin-refused")
    again = call(ours, "POST", f"{KEYS}/{seal}/request", json=body)
    assert again.get_json()["type"].endswith("/second-factor-refused")
    assert pin_row(ours.world).wrong_pins == 1


def test_a_body_that_is_no_proof_is_refused(ours: Program) -> None:
    path = f"{KEYS}/{ours.world.seal.id}/destruction"
    for body in ("[]", "{", '{"pin": "1"}', '{"client_assertion": 5}'):
        answer = call(ours, "POST", path, data=body, content_type="application/json")
        assert answer.status_code == 400, answer.text


def pin_row(world: SigningWorld) -> Any:
    with world.services.database.read() as connection:
        return credential_row(connection, world.seal.id)


def test_a_program_of_no_organization_keeps_no_seal(world: SigningWorld) -> None:
    nations = program(world, institution=None).sign_in()
    answer = call(nations, "POST", KEYS, json={"label": "x", "pin": SEAL_PIN})
    assert answer.get_json()["type"].endswith("/no-organization")
    assert nations.call("credentials/list").get_json() == {"credentialIDs": []}


def test_an_officer_opens_a_locked_key_and_never_one_of_another_institution(
    ours: Program,
) -> None:
    world = ours.world
    for _ in range(5):
        with pytest.raises(Exception, match=r"PIN|locked"):
            world.signing.gate.open(world.seal.id, "00112233")
    one = f"{KEYS}/{world.seal.id}"
    assert office(world, "another").post(f"{one}/unlocking").status_code == 404
    opened = office(world).post(f"{one}/unlocking")
    assert opened.get_json()["state"] == "active", opened.text
    assert office(world).post(f"{KEYS}/{world.person.id}/suspension").status_code == 200
    assert office(world).post(f"{KEYS}/{world.person.id}/resumption").status_code == 200
    assert {"signing-key-unlocked", "signing-key-resumed"} <= set(world.kinds())


def test_an_officer_registers_where_a_program_comes_back_to(ours: Program) -> None:
    http, path = office(ours.world), f"/signing/v1/programs/{ours.id}/return-addresses"
    added = http.post(path, json={"address": "https://documents.examples.example/back"})
    assert added.get_json()["addresses"] == ["https://documents.examples.example/back", BACK]
    bad = http.post(path, json={"address": "http://documents.examples.example/"})
    assert bad.get_json()["type"].endswith("/return-address-unsuitable")
    gone = http.post(f"{path}/removal", json={"address": BACK})
    assert gone.get_json()["addresses"] == ["https://documents.examples.example/back"]
    assert office(ours.world, "another").get(path).status_code == 404


def test_each_example_is_read_as_its_message() -> None:
    models = (
        NewKeyMessage,
        PinMessage,
        PinChangeMessage,
        AddressMessage,
        PublicityMessage,
        WithdrawalMessage,
    )
    assert {one.__name__ for one in models} == set(EXAMPLES)
    for one in models:
        assert one.model_validate(EXAMPLES[one.__name__])
