"""``/signing/v1/registered-documents``: an institution keeps its own, and no other's."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.transparency.entry import LogEntry
from core.transparency.tree_store import read_entries
from signing.documents.verification.identifiers import DocumentId
from tests.enrollment.program_world import Program, program
from tests.enrollment.world import World, slug
from tests.signing.documents.verification.conftest import DETAILS, ID, SECOND, SIGNATURE

V1 = "/signing/v1/registered-documents"
SCOPE = "document:keep-registered"


class Keeper:
    """A program, and what it asks of these routes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.world = program.world

    def ask(self, method: str, path: str = "", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.program.token}", **options.pop("headers", {})}
        return self.program.http.open(f"{V1}{path}", method=method, headers=headers, **options)


def http_of(world: World) -> FlaskClient:
    parts = replace(world.parts(), signing_mounts=world.verification.mounts)
    return create_app(parts, Listener.PUBLIC).test_client()


def keeper(world: World, institution: str | None, *scopes: str) -> Keeper:
    return Keeper(
        program(world, *(scopes or (SCOPE,)), institution=institution, http=http_of(world))
    )


@pytest.fixture
def registered(on_both: World) -> World:
    """A world in which the ministry of health registered a document with two signatures."""
    for institution in ("moh", "moi"):
        on_both.found(institution)
    registry = on_both.verification.registry
    registry.register(ID, DETAILS, SIGNATURE)
    registry.register(ID, DETAILS, SECOND)
    return on_both


def entries(world: World) -> list[LogEntry]:
    with world.database.read() as connection:
        octets = read_entries(connection, 0, world.log.sizes()["stored"])
        return [LogEntry.decode(one) for one in octets]


def test_its_institution_sees_all_of_a_document(registered: World) -> None:
    shown = keeper(registered, "moh").ask("GET", f"/{ID}").get_json()
    assert shown["id"] == str(ID)
    assert shown["address"] == f"{registered.public_url}/v/{ID}"
    assert (shown["title"], shown["is_public"], shown["state"]) == (DETAILS.title, False, "valid")
    assert [one["position"] for one in shown["signatures"]] == [1, 2]
    assert shown["signatures"][0]["signer"] == {"khmer": "សុខ ដារ៉ា", "english": "SOK Dara"}
    assert shown["signatures"][1]["sha256"] == SECOND.sha256.hex()


def test_a_document_is_published_hidden_and_withdrawn_and_each_is_logged(registered: World) -> None:
    ours, registry = keeper(registered, "moh"), registered.verification.registry
    for is_public in (True, True, False):
        answer = ours.ask("PATCH", f"/{ID}", json={"is_public": is_public})
        assert answer.get_json()["is_public"] is is_public
        assert registry.find(ID).details.is_public is is_public
    reason = "Replaced by another decision."
    for said in (reason, "Another reason."):
        answer = ours.ask("POST", f"/{ID}/withdrawal", json={"reason": said})
        assert answer.get_json()["state"] == "withdrawn"
        assert answer.get_json()["withdrawal_reason"] == reason
    made = [one for one in entries(registered) if one.kind.startswith("document-")]
    assert [one.kind for one in made] == [
        "document-registered",
        "document-registered",
        "document-published",
        "document-hidden",
        "document-withdrawn",
    ]
    assert str(ID) not in json.dumps([dict(one.facts) for one in made])


def test_another_institutions_document_looks_as_if_it_did_not_exist(registered: World) -> None:
    other = keeper(registered, "moi")
    asked = [
        other.ask("GET", f"/{ID}"),
        other.ask("PATCH", f"/{ID}", json={"is_public": True}),
        other.ask("POST", f"/{ID}/withdrawal", json={"reason": "Ours."}),
    ]
    nothing = other.ask("GET", f"/{DocumentId.new()}").get_json()
    for answer in asked:
        assert (answer.status_code, slug(answer)) == (404, "document-unknown")
        assert answer.get_json()["detail"] == nothing["detail"]
    assert other.ask("GET").get_json() == {"documents": [], "next_cursor": None}
    kept = registered.verification.registry.find(ID)
    assert (kept.details.is_public, kept.state) == (False, "valid")


def test_a_program_without_an_institution_or_without_the_scope_gets_nothing(
    registered: World,
) -> None:
    national = keeper(registered, None)
    for method, path in (("GET", ""), ("GET", f"/{ID}")):
        assert slug(national.ask(method, path)) == "no-institution"
    sealing = keeper(registered, "moh", "document:seal")
    assert slug(sealing.ask("GET", f"/{ID}")) == "scope-lacking"


def test_documents_are_listed_page_by_page_newest_first(registered: World) -> None:
    registry = registered.verification.registry
    # Two at the same moment: the order is whole all the same.
    for number in (1, 1, 2, 3):
        registered.clock.advance(timedelta(seconds=number - 1))
        details = dataclasses.replace(DETAILS, title=f"Decision {number}")
        registry.register(DocumentId.new(), details, SIGNATURE)
    other = dataclasses.replace(DETAILS, institution="moi")
    registry.register(DocumentId.new(), other, SIGNATURE)
    ours, query, found = keeper(registered, "moh"), "?limit=2", []
    while query:
        page = ours.ask("GET", query).get_json()
        assert len(page["documents"]) <= 2
        found += page["documents"]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len({one["id"] for one in found}) == len(found) == 5
    assert [one["title"] for one in found[:2]] == ["Decision 3", "Decision 2"]
    moments = [one["registered_at"] for one in found]
    assert moments == sorted(moments, reverse=True)
    assert len(found[-1]["signatures"]) + len(found[-2]["signatures"]) >= 2


MISTAKES: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/nothing", {}, 404, "document-unknown"),
    ("GET", "?cursor=x", {}, 400, "cursor-malformed"),
    ("GET", "?limit=0", {}, 422, "invalid-fields"),
    ("PATCH", f"/{ID}", {"json": {}}, 422, "invalid-fields"),
    ("PATCH", f"/{ID}", {"json": {"state": "valid"}}, 422, "invalid-fields"),
    ("PATCH", f"/{ID}", {"data": "{"}, 415, "unsupported-media-type"),
    ("POST", f"/{ID}/withdrawal", {"json": {"reason": ""}}, 422, "invalid-fields"),
    ("POST", f"/{ID}/withdrawal", {"json": {"reason": " "}}, 422, "document-details-too-long"),
    ("POST", f"/{ID}/withdrawal", {"json": {"reason": "a" * 501}}, 422, "invalid-fields"),
]


def test_a_clerks_mistake_is_refused_and_changes_nothing(world: World) -> None:
    world.verification.registry.register(ID, DETAILS, SIGNATURE)
    ours = keeper(world, "moh")
    for method, path, options, status, problem in MISTAKES:
        answer = ours.ask(method, path, **options)
        assert (answer.status_code, slug(answer)) == (status, problem), path
    kept = world.verification.registry.find(ID)
    assert (kept.details.is_public, kept.state) == (False, "valid")
