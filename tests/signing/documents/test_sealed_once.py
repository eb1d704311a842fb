"""``POST /signing/v1/documents`` under an Idempotency-Key: sealed once, and answered again."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Request
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import func, select

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core import idempotency
from core.access import Principal, Role
from core.idempotency import IdempotentRequests
from hsm.keys import KeyState
from signing.documents import kept_answers
from signing.documents.models import sealed_documents
from signing.documents.settings import DocumentSettings
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_routes import V1, Whoever
from tests.signing.documents.world import World

KEYS = (f"letter-{number}" for number in count())
PLACE = {"x": 15, "y": 15, "width": 140, "height": 55}


@pytest.fixture(scope="module")
def caller() -> Whoever:
    return Whoever()


@pytest.fixture(scope="module")
def http(world: World, caller: Whoever) -> Iterator[FlaskClient]:
    parts = replace(app_parts(world.services), session_sign_in=caller)
    yield create_app(parts, Listener.PUBLIC).test_client()


def seal(
    http: FlaskClient, key: str | None, pdf: bytes, *, password: str = "", **wishes: Any
) -> Any:
    form: dict[str, Any] = {
        "document": (io.BytesIO(pdf), "letter.pdf"),
        "wishes": json.dumps({"seal": "seal", "level": "B-T", **wishes}),
        "password": password,
    }
    headers = {} if key is None else {"Idempotency-Key": key}
    path = f"{V1}/documents"
    return http.post(path, data=form, content_type="multipart/form-data", headers=headers)


def slug(answer: Any) -> str:
    problem: str = answer.get_json(force=True)["type"]
    return problem.rpartition("/")[2]


def sealed(world: World) -> int:
    """How many documents were recorded as sealed."""
    with world.services.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(sealed_documents)) or 0


def test_the_same_request_with_the_same_key_is_answered_with_the_same_document(
    http: FlaskClient, world: World
) -> None:
    before, key = sealed(world), next(KEYS)
    first = seal(http, key, one_page())
    again = seal(http, key, one_page())
    assert first.status_code == again.status_code == 200
    assert first.data == again.data
    assert first.data.startswith(one_page())
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sealed(world) == before + 1


def test_what_was_sealed_is_answered_also_when_its_seal_has_ended_since(
    http: FlaskClient, world: World
) -> None:
    ending, key = world.signer("ending"), next(KEYS)
    first = seal(http, key, one_page(), seal="ending")
    world.services.keys.change_state(ending.key.key_id, KeyState.DEACTIVATED, reason="a test")
    again = seal(http, key, one_page(), seal="ending")
    assert first.status_code == again.status_code == 200, again.data
    assert first.data == again.data
    # Anew it would be refused.
    assert slug(seal(http, next(KEYS), one_page(), seal="ending")) == "signer-unknown"


def test_another_document_or_other_wishes_need_another_key(http: FlaskClient, world: World) -> None:
    key = next(KEYS)
    seal(http, key, one_page())
    before = sealed(world)
    for answer in (seal(http, key, one_page(2)), seal(http, key, one_page(), reason="Approved")):
        assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")
    assert sealed(world) == before
    # Who has the document and our tables does not learn the password by trying: it is in neither.
    assert seal(http, key, one_page(), password="another").status_code == 200


def test_while_a_request_runs_the_same_is_told_so(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, kept, key = [], world.services.documents.kept_answers, next(KEYS)
    real = kept._sign

    def sign(*arguments: Any) -> Any:
        answers.append(seal(http, key, one_page()))
        return real(*arguments)

    monkeypatch.setattr(kept, "_sign", sign)
    assert seal(http, key, one_page()).status_code == 200
    assert [(one.status_code, slug(one)) for one in answers] == [(409, "request-in-progress")]
    assert "Retry-After" in answers[0].headers


def test_a_refused_request_leaves_its_key_free(http: FlaskClient, world: World) -> None:
    before, key = sealed(world), next(KEYS)
    assert slug(seal(http, key, b"no PDF")) == "pdf-broken"
    assert seal(http, key, one_page()).status_code == 200
    assert sealed(world) == before + 1


def test_a_request_that_died_before_it_was_recorded_goes_on_with_its_result(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, key = sealed(world), next(KEYS)
    with monkeypatch.context() as patched:
        patched.setattr(kept_answers, "record_sealed", lambda *_, **__: 1 / 0)
        assert seal(http, key, one_page()).status_code == 500
    assert sealed(world) == before

    def never(*_: Any) -> None:
        raise AssertionError("It is signed twice.")

    monkeypatch.setattr(world.services.documents.kept_answers, "_sign", never)
    assert seal(http, key, one_page()).status_code == 200
    assert sealed(world) == before + 1


def test_a_copy_is_erased_after_a_while_and_nothing_is_sealed_again(
    http: FlaskClient, world: World
) -> None:
    key, kept = next(KEYS), world.services.documents.kept_answers
    seal(http, key, one_page())
    fresh = next(KEYS)
    seal(http, fresh, one_page())
    before, folder = sealed(world), kept._files._folder
    [old] = [one for one in folder.iterdir() if one.name == _act_of(world, -2)]
    past = world.services.clock.now().timestamp() - 3601
    os.utime(old, (past, past))
    assert kept.erase_old() == 1
    assert kept.erase_old() == 0
    answer = seal(http, key, one_page())
    assert (answer.status_code, slug(answer)) == (409, "sealed-document-erased")
    assert seal(http, fresh, one_page()).status_code == 200
    assert sealed(world) == before


def test_a_document_that_is_erased_before_its_key_was_finished_is_not_sealed_again(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, kept = next(KEYS), world.services.documents.kept_answers
    with monkeypatch.context() as patched:
        # The process dies once the document is sealed: nobody finishes the key.
        patched.setattr(IdempotentRequests, "finish", lambda *_: 1 / 0)
        patched.setattr(idempotency, "LEASE", timedelta(0))
        assert seal(http, key, one_page()).status_code == 500
    before = sealed(world)
    kept._files.forget(_act_of(world, -1))
    for _ in range(2):
        answer = seal(http, key, one_page())
        assert (answer.status_code, slug(answer)) == (409, "sealed-document-erased")
    assert sealed(world) == before


def _act_of(world: World, position: int) -> str:
    with world.services.database.read() as connection:
        query = select(sealed_documents.c.id).order_by(sealed_documents.c.id)
        return list(connection.scalars(query))[position]


def test_while_the_folder_of_copies_is_away_none_is_said_to_be_erased(
    http: FlaskClient, world: World
) -> None:
    key = next(KEYS)
    first = seal(http, key, one_page())
    folder = world.services.documents.kept_answers._files._folder
    away = folder.rename(folder.with_name("away"))
    answer = seal(http, key, one_page())
    away.rename(folder)
    assert (answer.status_code, slug(answer)) == (503, "storage-unavailable")
    assert seal(http, key, one_page()).data == first.data


def test_a_copy_that_cannot_be_read_now_is_not_said_to_be_erased(
    http: FlaskClient, world: World
) -> None:
    key = next(KEYS)
    first = seal(http, key, one_page())
    copy = world.services.documents.kept_answers._files.result(_act_of(world, -1), 1)
    aside = copy.rename(copy.with_name("aside"))
    copy.mkdir()  # Opened, it is an error that is not of absence.
    answer = seal(http, key, one_page())
    copy.rmdir()
    aside.rename(copy)
    assert (answer.status_code, slug(answer)) == (503, "storage-unavailable")
    assert seal(http, key, one_page()).data == first.data


def test_a_folder_that_cannot_be_written_is_away_and_its_path_is_not_told(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, kept = next(KEYS), world.services.documents.kept_answers
    with monkeypatch.context() as patched:
        patched.setattr(kept._files, "make_room", lambda _: None)
        answer = seal(http, key, one_page())
    assert (answer.status_code, slug(answer)) == (503, "storage-unavailable")
    assert str(kept._files._folder) not in answer.text
    assert seal(http, key, one_page()).status_code == 200


def test_without_room_for_what_is_sealed_the_disk_is_said_to_be_full(
    http: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(world.services.documents.signing, "sign", full)
    for key in (None, next(KEYS)):
        answer = seal(http, key, one_page())
        assert (answer.status_code, slug(answer)) == (503, "storage-unavailable")


def test_without_room_for_an_upload_the_disk_is_said_to_be_full(
    http: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Request, "_get_file_stream", full)
    for key in (None, next(KEYS)):
        answer = seal(http, key, one_page())
        assert (answer.status_code, slug(answer)) == (503, "storage-unavailable")


def test_copies_are_kept_for_longer_than_sealing_takes() -> None:
    with pytest.raises(ValidationError):
        DocumentSettings(answers_kept_minutes=9)
    assert DocumentSettings(answers_kept_minutes=10).answers_kept == timedelta(minutes=10)


def test_without_a_key_nothing_is_kept(http: FlaskClient, world: World) -> None:
    folder = world.services.documents.kept_answers._files._folder
    before = set(folder.iterdir()) if folder.exists() else set()
    first, second = seal(http, None, one_page()), seal(http, None, one_page())
    assert first.data != second.data
    assert (set(folder.iterdir()) if folder.exists() else set()) == before


def test_a_stamped_document_has_one_page_however_often_it_is_asked_for(
    http: FlaskClient, world: World, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.verification.keys.make()
    world.signer("stamping once", institution="mfaic")
    ministry = Principal("client:mfaic-once", Role.SERVICE, institution="mfaic")
    monkeypatch.setattr(caller, "principal_now", ministry)
    key, wishes = next(KEYS), {"seal": "stamping once", "stamp": {"place": PLACE}}
    with monkeypatch.context() as patched:
        patched.setattr(kept_answers, "record_sealed", lambda *_, **__: 1 / 0)
        assert seal(http, key, one_page(), **wishes).status_code == 500
    answers = [seal(http, key, one_page(), **wishes) for _ in range(2)]
    assert len({one.data for one in answers}) == 1
    [link] = {one.headers["Link"] for one in answers}
    [page] = world.services.verification.registry.page("mfaic", limit=10)
    assert str(page.id) in link
    assert len(page.signatures) == 1
