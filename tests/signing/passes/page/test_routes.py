"""``/verify`` as a browser meets it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.database import Database
from signing.passes.page import files
from tests.conftest import lacks
from tests.enrollment.world import World
from tests.signing.passes.issuers import issuer, jwk

FILES = re.compile(r"^const FILES = (\[.*\]);$", re.MULTILINE)
VERSION = re.compile(r'^const VERSION = "([0-9a-f]{16})";$', re.MULTILINE)


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any) -> World:
    return World(sqlite, tmp_path, clock)


@pytest.fixture
def client(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.PUBLIC).test_client()


def installed() -> None:
    if not (files.INSTALLED / "verifier.js").exists():
        lacks("the verifier's scripts are not installed: run make setup")


def test_the_page_allows_its_own_scripts_and_the_camera_alone(client: FlaskClient) -> None:
    answer = client.get("/verify", headers={"Accept-Language": "en"})
    directives = answer.headers["Content-Security-Policy"].split("; ")
    policy = dict(one.split(" ", 1) for one in directives)
    assert policy["default-src"] == "'none'"
    for directive in ("script-src", "worker-src", "connect-src", "manifest-src"):
        assert policy[directive] == "'self'"
    assert answer.headers["Permissions-Policy"] == "camera=(self), geolocation=(), microphone=()"
    assert "Set-Cookie" not in answer.headers
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


def test_the_page_is_the_same_for_everybody_who_reads_its_language(client: FlaskClient) -> None:
    english = {"Accept-Language": "en"}
    assert client.get("/verify", headers=english).data == client.get("/verify/en").data
    assert client.get("/verify").data == client.get("/verify/km").data
    assert 'lang="km"' in client.get("/verify/km", headers=english).text
    assert client.get("/verify/fr").status_code == 404


def test_webassembly_is_compiled_in_the_decoder_alone(client: FlaskClient) -> None:
    installed()
    decoder = client.get("/verify/files/decoder.js")
    assert "'wasm-unsafe-eval'" in decoder.headers["Content-Security-Policy"]
    for path in ("/verify", "/verify/files/verifier.js"):
        assert "unsafe" not in client.get(path).headers["Content-Security-Policy"]
    wasm = client.get("/verify/files/zxing_reader.wasm")
    assert wasm.content_type == "application/wasm"
    assert client.get("/verify/files/other.js").status_code == 404


def test_a_device_keeps_every_part_and_a_version_of_all(client: FlaskClient) -> None:
    installed()
    answer = client.get("/verify/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/verify"
    [names] = FILES.findall(answer.text)
    kept = json.loads(names)
    parts = {one: client.get(one) for one in kept}
    assert {one.status_code for one in parts.values()} == {200}
    # What a phone fetches at its first visit.
    assert sum(len(one.data) for one in parts.values()) < 2_000_000
    page = client.get("/verify/en").text
    assert set(re.findall(r'(?:src|href)="(/[^"]+)"', page)) <= set(kept)
    digest = hashlib.sha256()
    for one in sorted(parts):
        digest.update(one.encode() + hashlib.sha256(parts[one].data).digest())
    assert VERSION.findall(answer.text) == [digest.hexdigest()[:16]]


def test_the_lists_are_cached_and_asked_for_again_by_their_content(
    client: FlaskClient, world: World
) -> None:
    folder = world.folder / "pass-trust"
    assert client.get("/verify/lists.json").get_json()["signers"] == []
    folder.mkdir()
    folder.joinpath("keys.jwks").write_text(json.dumps({"keys": [jwk(issuer())]}))
    answer = client.get("/verify/lists.json")
    assert len(answer.get_json()["signers"]) == 1
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    same = client.get("/verify/lists.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_lists_that_cannot_be_read_are_a_problem_and_no_half_of_them(
    client: FlaskClient, world: World
) -> None:
    folder = world.folder / "pass-trust"
    folder.mkdir()
    folder.joinpath("broken.json").write_text("{")
    answer = client.get("/verify/lists.json")
    assert answer.status_code == 503
    assert answer.get_json()["type"].endswith("/pass-lists-away")


def test_a_manifest_names_the_application_in_its_language(client: FlaskClient) -> None:
    found = json.loads(client.get("/verify/manifest/en").text)
    assert found["name"] == "Pass verifier"
    assert found["scope"] == "/verify"
    assert json.loads(client.get("/verify/manifest/km").text)["lang"] == "km"


def test_a_machine_without_the_scripts_says_so(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"verifier.js": (files.HERE / "away.js", "text/javascript")}
    monkeypatch.setattr(files, "_PARTS", missing)
    answer = client.get("/verify/files/verifier.js")
    assert answer.status_code == 503
    assert "camtrust pass verify" in answer.get_json()["detail"]
