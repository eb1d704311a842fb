"""Stored stamp templates: kept by name and version, ordered by name, each institution's own."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import count
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Principal, Role
from core.clock import SystemClock
from core.database import Database
from core.errors import CamtrustError
from core.idempotency import new_act_id
from signing.documents.batches.stamps import read_stamps
from signing.documents.stamps.order import StampLook
from signing.documents.stamps.stored import templates as stored
from signing.documents.stamps.stored.templates import StampTemplates
from tests.signing.documents.pdfs import one_page
from tests.signing.documents.test_routes import V1, Whoever
from tests.signing.documents.world import World, run

TEMPLATES = f"{V1}/stamp-templates"
PLACE = {"x": 15, "y": 15, "width": 140, "height": 55}
SMALL = {"x": 10, "y": 10, "width": 60, "height": 30, "layout": "text"}
MINISTRY = Principal("client:mfaic-templates", Role.SERVICE, institution="mfaic")
OTHER = Principal("client:moh-templates", Role.SERVICE, institution="moh")
SEAL = "stamping by name"
OTHER_SEAL = "stamping elsewhere"
NAMES = (f"letters-{number}" for number in count())


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = base64.b64encode(picture()).decode()


@pytest.fixture(scope="module")
def caller(world: World) -> Whoever:
    world.services.verification.keys.make()
    world.signer(SEAL, institution="mfaic")
    world.signer(OTHER_SEAL, institution="moh")
    found = Whoever()
    found.principal_now = MINISTRY
    return found


@pytest.fixture(scope="module")
def http(world: World, caller: Whoever) -> Iterator[FlaskClient]:
    parts = replace(app_parts(world.services), session_sign_in=caller)
    yield create_app(parts, Listener.PUBLIC).test_client()


def slug(answer: Any) -> str:
    problem: str = answer.get_json(force=True)["type"]
    return problem.rpartition("/")[2]


def store(http: FlaskClient, name: str, **look: Any) -> Any:
    body = {"name": name, "place": PLACE} | look
    return http.post(TEMPLATES, json=body, headers={"Idempotency-Key": f"{name}-{len(look)}"})


def seal(http: FlaskClient, *, key: str = SEAL, **stamp: Any) -> Any:
    wishes = {"seal": key, "level": "B-T", "stamp": stamp}
    form = {"document": (io.BytesIO(one_page()), "letter.pdf"), "wishes": json.dumps(wishes)}
    return http.post(f"{V1}/documents", data=form, content_type="multipart/form-data")


def text_of(pdf: bytes, world: World) -> str:
    path = world.folder / "stamped.pdf"
    path.write_bytes(pdf)
    return run("pdftotext", path, "-")


def test_a_template_is_stored_replaced_and_ended_version_by_version(http: FlaskClient) -> None:
    name = next(NAMES)
    made = store(http, name, seal_image=PICTURE)
    assert made.status_code == 201
    assert (made.get_json()["version"], made.get_json()["has_seal_image"]) == (1, True)
    one = made.headers["Location"]
    # As it would be sent again after its answer was lost.
    assert store(http, name, seal_image=PICTURE).get_json() == made.get_json()
    assert base64.b64decode(http.get(one).get_json()["seal_image"]) == picture()
    for _ in range(2):
        assert http.put(one, json={"place": SMALL}).get_json()["version"] == 2
    shown = http.get(one).get_json()
    assert (shown["place"]["layout"], shown["seal_image"]) == ("text", None)
    listed = {one["name"]: one["version"] for one in http.get(TEMPLATES).get_json()["templates"]}
    assert listed[name] == 2
    assert http.post(f"{one}/end", json={}).status_code == 200
    gone = (http.get(one), http.put(one, json={"place": PLACE}), http.post(f"{one}/end", json={}))
    assert {(answer.status_code, slug(answer)) for answer in gone} == {
        (404, "stamp-template-unknown")
    }
    assert name not in {one["name"] for one in http.get(TEMPLATES).get_json()["templates"]}
    assert store(http, name).get_json()["version"] == 3


def test_a_stamp_is_ordered_by_the_name_of_a_template(http: FlaskClient, world: World) -> None:
    name = next(NAMES)
    store(http, name)
    done = seal(http, template=name, number="12", position={"english": "Director"})
    assert done.status_code == 200, done.data
    said = text_of(done.data, world)
    assert "Director" in said
    link = done.headers["Link"]
    # The layout of the template has the address; a layout of texts alone has none.
    assert link[link.index("/v/") + 3 :].split(">")[0] in said.replace("\n", "")
    http.put(f"{TEMPLATES}/{name}", json={"place": SMALL})
    assert "/v/" not in text_of(seal(http, template=name).data, world)


def test_a_batch_goes_on_with_the_version_that_it_began_with(
    http: FlaskClient, world: World
) -> None:
    name = next(NAMES)
    store(http, name, seal_image=PICTURE)
    order = {"seal": SEAL, "documents": 1, "stamp": {"template": name, "title": "A letter"}}
    batch = http.post(f"{V1}/batches", json=order).get_json()["id"]
    http.put(f"{TEMPLATES}/{name}", json={"place": SMALL})
    http.post(f"{TEMPLATES}/{name}/end", json={})
    with world.services.database.read() as connection:
        stamps = read_stamps(connection, batch)
    assert stamps is not None
    stamp = stamps.of(1)
    assert (stamp.place.width, stamp.title, stamp.seal_image) == (140, "A letter", picture())
    path = f"{V1}/batches/{batch}"
    http.put(f"{path}/documents/1", data=one_page(), content_type="application/pdf")
    http.post(f"{path}/closing", json={})
    while world.services.documents.batch_worker.go_on():
        pass
    assert http.get(f"{path}/documents").get_json()["documents"][0]["state"] == "signed"


def test_a_template_is_anothers_to_nobody(
    http: FlaskClient, caller: Whoever, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(NAMES)
    store(http, name)
    monkeypatch.setattr(caller, "principal_now", OTHER)
    assert http.get(TEMPLATES).get_json() == {"templates": []}
    path = f"{TEMPLATES}/{name}"
    for answer in (
        http.get(path),
        http.put(path, json={"place": SMALL}),
        seal(http, key=OTHER_SEAL, template=name),
    ):
        assert slug(answer) == "stamp-template-unknown"
    # The name is theirs to use all the same.
    assert http.post(TEMPLATES, json={"name": name, "place": SMALL}).get_json()["version"] == 1
    monkeypatch.setattr(caller, "principal_now", Principal("client:n", Role.SERVICE))
    assert slug(http.get(TEMPLATES)) == "stamp-needs-institution"
    assert slug(seal(http, template=name)) == "stamp-needs-institution"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": "Letters!", "place": PLACE}, "invalid-fields"),
        ({"name": "letters"}, "invalid-fields"),
        ({"name": "letters", "place": PLACE | {"layout": "none"}}, "invalid-fields"),
        ({"name": "letters", "place": PLACE, "seal_image": "AAAA"}, "seal-refused"),
        ({"name": "letters", "place": PLACE, "seal_image": "%"}, "seal-refused"),
        ({"name": "letters", "place": PLACE, "number": "1"}, "invalid-fields"),
    ],
)
def test_a_template_that_no_stamp_could_have_is_refused(
    http: FlaskClient, body: dict[str, Any], problem: str
) -> None:
    assert slug(http.post(TEMPLATES, json=body)) == problem
    assert slug(http.get(f"{TEMPLATES}/letters")) == "stamp-template-unknown"


def test_an_order_says_either_a_place_or_a_template(http: FlaskClient) -> None:
    for stamp in ({}, {"place": PLACE, "template": "letters"}, {"template": "../x"}):
        assert slug(seal(http, **stamp)) == "invalid-fields"
    assert slug(seal(http, template="nothing")) == "stamp-template-unknown"


def test_a_stamp_has_at_most_twenty_key_fields(http: FlaskClient) -> None:
    name = next(NAMES)
    store(http, name, place=SMALL)
    fields = {f"Field {number}": "12" for number in range(21)}
    assert slug(seal(http, template=name, fields=fields)) == "invalid-fields"
    del fields["Field 20"]
    assert seal(http, template=name, fields=fields).status_code == 200


def test_versions_follow_each_other_on_both_databases_and_are_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    monkeypatch.setattr(stored, "MOST_TEMPLATES", 2)
    templates = StampTemplates(database=database, log=Log(), clock=clock)  # type: ignore[arg-type]
    looks = [StampLook.model_validate({"place": PLACE | {"x": number}}) for number in range(3)]
    acts = [new_act_id(clock.now()) for _ in range(9)]

    def created(name: str, act_id: str) -> int:
        made = templates.create("moh", name, looks[0], by=OTHER, act_id=act_id)
        return made.version

    assert [created("a", acts[0]), created("a", acts[0]), created("b", acts[1])] == [1, 1, 1]
    for name, act_id, problem in (
        ("a", acts[2], "stamp-template-taken"),
        ("c", acts[3], "too-many-stamp-templates"),
    ):
        with pytest.raises(CamtrustError) as refusal:
            created(name, act_id)
        assert refusal.value.problem == problem
    assert templates.replace("moh", "a", looks[1], by=OTHER, act_id=acts[4]).version == 2
    assert [(one.name, one.version) for one in templates.all_of("moh")] == [("a", 2), ("b", 1)]
    templates.end("moh", "b")
    assert created("c", acts[5]) == 1


@pytest.mark.parametrize(
    ("first", "second", "came_of_it", "left"),
    [
        ("replace", "replace", [2, 3], [3]),
        ("replace", "end", [2, 2], []),
        ("end", "replace", [1, "stamp-template-unknown"], []),
        ("end", "end", [1, "stamp-template-unknown"], []),
    ],
)
def test_two_changes_of_a_template_at_once_come_one_after_the_other(
    database: Database, first: str, second: str, came_of_it: list[object], left: list[int]
) -> None:
    began, go_on = Event(), Event()

    class Slow(Log):
        """Holds the first change up in the midst of its transaction."""

        def append(self, connection: object, entries: list[object]) -> list[int]:
            began.set()
            assert go_on.wait(20)
            return super().append(connection, entries)

    quick, slow = (
        StampTemplates(database=database, log=log, clock=SystemClock())  # type: ignore[arg-type]
        for log in (Log(), Slow())
    )
    acts = [new_act_id(SystemClock().now()) for _ in range(3)]
    looks = [StampLook.model_validate({"place": PLACE | {"x": number}}) for number in range(3)]
    quick.create("moh", "letters", looks[0], by=OTHER, act_id=acts[0])

    def change(templates: StampTemplates, kind: str, turn: int) -> object:
        try:
            if kind == "end":
                return templates.end("moh", "letters").version
            done = templates.replace("moh", "letters", looks[turn], by=OTHER, act_id=acts[turn])
        except CamtrustError as refusal:
            return refusal.problem
        return done.version

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(change, slow, first, 1)
        assert began.wait(20)
        other = pool.submit(change, quick, second, 2)
        # Unless it waits for the first, it is over by then.
        wait([other], timeout=1)
        go_on.set()
        assert [one.result(30), other.result(30)] == came_of_it
    assert [found.version for found in quick.all_of("moh")] == left


class Log:
    """Takes entries."""

    def append(self, _connection: object, entries: list[object]) -> list[int]:
        return [1 for _ in entries]
