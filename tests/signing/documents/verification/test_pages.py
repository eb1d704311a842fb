"""The page that a stamp leads to: what it shows, what it hides, and what it never does."""

from __future__ import annotations

import dataclasses
import re

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from hsm.keys import KeyState
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.registry import Registry
from signing.documents.verification.settings import VerificationSettings
from tests.enrollment.world import World
from tests.signing.documents.verification.conftest import DETAILS, ID, SECOND, SIGNATURE

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def client(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.PUBLIC).test_client()


def page(client: FlaskClient, path: str = f"/v/{ID}", status: int = 200) -> str:
    answer = client.get(path, headers=ENGLISH)
    assert answer.status_code == status
    return answer.text


def test_the_page_shows_who_signed_and_when(client: FlaskClient, registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    shown = page(client)
    for said in ("SOK Dara", "Director General", "the Minister", "01/12/2026 11:16", str(ID)):
        assert said in shown
    assert "Ministry of MOH" in shown
    assert SIGNATURE.sha256.hex() in shown


@pytest.mark.parametrize("is_public", [False, True])
def test_title_and_subject_are_shown_if_the_ministry_published_the_document(
    client: FlaskClient, registry: Registry, is_public: bool
) -> None:
    registry.register(ID, dataclasses.replace(DETAILS, is_public=is_public), SIGNATURE)
    shown = page(client)
    for text in (DETAILS.number, DETAILS.title, DETAILS.subject):
        assert (text in shown) is is_public
    registry.set_public(ID, institution="moh", is_public=not is_public)
    assert (DETAILS.title in page(client)) is not is_public


def test_capitals_as_a_qr_code_writes_them_lead_to_the_same_page(
    client: FlaskClient, registry: Registry
) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    plain = re.sub(r'name="(back|form_token)" value="[^"]*"|number [0-9a-f-]+', "", page(client))
    capitals = re.sub(
        r'name="(back|form_token)" value="[^"]*"|number [0-9a-f-]+', "", page(client, f"/V/{ID}")
    )
    assert capitals.replace(f"/V/{ID}", f"/v/{ID}") == plain
    assert "SOK Dara" in page(client, f"/v/{ID}".lower())


def test_no_machine_keeps_or_finds_the_page(client: FlaskClient, registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    for path in (f"/v/{ID}", f"/v/{DocumentId.new()}"):
        headers = client.get(path).headers
        assert headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        # The file cannot leave the device: the page's script may open no connection at all.
        assert "connect-src" not in policy
        assert "default-src 'none'" in policy


def test_the_page_runs_nothing_that_stands_in_it(client: FlaskClient, registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    shown = page(client)
    scripts = re.findall(r"<script[^>]*>([^<]*)</script>", shown)
    assert len(scripts) == 3
    assert not any(scripts)
    for path in re.findall(r'<script src="([^"]+)"', shown):
        assert client.get(path).status_code == 200


def test_what_a_signer_is_called_cannot_become_part_of_the_page(
    client: FlaskClient, registry: Registry
) -> None:
    hostile = '<script>alert(1)</script>" onload="x'
    signer = dataclasses.replace(SIGNATURE.signer, english=hostile)
    registry.register(
        ID,
        dataclasses.replace(DETAILS, title=hostile, is_public=True),
        dataclasses.replace(SIGNATURE, signer=signer),
    )
    assert "<script>alert" not in page(client)
    assert 'onload="x' not in page(client)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/v/{ID}", "No document is registered under this identifier"),
        ("/v/short", "26 letters and digits"),
        ("/v/" + "%F0%9F%98%80" * 5, "26 letters and digits"),
        ("/V/" + "A" * 500, "26 letters and digits"),
    ],
)
def test_an_unknown_identifier_is_a_page_that_says_what_to_do(
    client: FlaskClient, path: str, said: str
) -> None:
    shown = page(client, path, status=404)
    assert said in shown
    assert "This is wrong" in shown


def test_a_withdrawn_document_says_so_first(client: FlaskClient, registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    registry.withdraw(ID, institution="moh", reason="Replaced by number 124")
    shown = page(client)
    assert "Ministry of MOH withdrew this document" in shown
    assert "Replaced by number 124" in shown


def test_without_a_script_the_page_says_how_to_compare(
    client: FlaskClient, registry: Registry
) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    registry.register(ID, DETAILS, SECOND)
    shown = page(client)
    assert "sha256sum document.pdf" in shown
    assert shown.index(SECOND.sha256.hex()) < shown.index("Before later signatures it was")
    # What needs the script is hidden until the script shows it.
    assert re.search(r'<section id="file-check" hidden', shown)
    assert re.search(r'<section id="summary" hidden', shown)


def test_this_is_wrong_names_the_office_and_the_contact_of_the_settings(
    client: FlaskClient, registry: Registry, world: World
) -> None:
    world.verification_settings = VerificationSettings(
        contact_en="Call 1234 at the Authority.", contact_km="ទូរសព្ទ ១២៣៤"
    )
    del world.__dict__["verification"]
    other = create_app(world.parts(), Listener.PUBLIC).test_client()
    registry.register(ID, DETAILS, SIGNATURE)
    assert "answers for the document: Ministry of MOH" in page(other)
    assert "Call 1234 at the Authority." in page(other)
    assert "ទូរសព្ទ ១២៣៤" in other.get(f"/v/{ID}").text


def test_readers_are_counted(world: World, registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    client = create_app(world.parts(), Listener.PUBLIC).test_client()
    statuses = {client.get(f"/v/{ID}", headers=ENGLISH).status_code for _ in range(61)}
    assert statuses == {200, 429}
    assert "open the page again" in page(client, status=429)


def test_the_key_set_holds_keys_that_verify_and_no_compromised_one(
    client: FlaskClient, world: World
) -> None:
    keys = world.verification.keys
    first = keys.signing_key().key_id
    world.keys.change_state(first, KeyState.DEACTIVATED, reason="a test")
    assert keys.make()
    answer = client.get("/v/keys")
    assert answer.mimetype == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.json is not None
    shown = answer.json["keys"]
    assert [one["kid"] for one in shown] == [
        first[:8].hex(),
        keys.signing_key().key_id[:8].hex(),
    ]
    assert all(one.keys() == {"alg", "crv", "kid", "kty", "use", "x", "y"} for one in shown)
    world.keys.change_state(first, KeyState.COMPROMISED, reason="a test")
    assert keys.public_key(first[:8]) is None


def test_the_officers_listener_has_no_such_page(world: World) -> None:
    client = create_app(world.parts(), Listener.OFFICERS).test_client()
    assert client.get(f"/v/{ID}").status_code == 404
