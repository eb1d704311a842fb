"""Every act of officers against their own institution's, another's, and the nation's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from core.access import Role
from core.idempotency import new_act_id
from enrollment.application import Verdict
from enrollment.decisions import DecisionToMake
from tests.enrollment.grants.world import proposal_for
from tests.enrollment.test_rounds import submission
from tests.enrollment.world import World, front_header, officers_client

V1 = "/enrollment/v1"
FORM_COOKIE = "__Host-form"
TOKEN = "t" * 43


@dataclass
class Asker:
    """An officer who sends requests of both kinds."""

    client: Any
    headers: dict[str, str]

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)

    def api(self, path: str, **body: Any) -> Any:
        return self.client.post(f"{V1}{path}", json=body, headers=self.headers)

    def form(self, path: str, **fields: Any) -> Any:
        self.client.set_cookie(FORM_COOKIE, TOKEN)
        fields = {"form_token": TOKEN, "act": "a" * 32, **fields}
        return self.client.post(path, data=fields, headers=self.headers)


@dataclass
class Objects:
    """What there is of one institution."""

    application: str
    grant: str
    bundle: str
    job: int
    issued: str


@pytest.fixture
def land(either_world: World) -> World:
    world = either_world
    for institution in ("moh", "mef"):
        world.found(institution)
        for name in ("clerk", "officer", "second"):
            world.enroll(f"{institution}-{name}", institution=institution)
    world.enroll("nation")
    world.enroll("nation-clerk")
    return world


def asker(world: World, officer: str) -> Asker:
    headers = {"X-SSL-Client-Cert": front_header(world.held[officer]), "Accept-Language": "en"}
    return Asker(officers_client(world), headers)


def make(world: World, whose: str, name: str) -> Objects:
    """Let a clerk of ``whose`` make one of everything, for a holder of that name."""
    clerk, holder = f"{whose}-clerk", f"person:{whose}-{name}"

    def submit(profile: str, **options: Any) -> str:
        applied = world.applications.submit(
            submission(profile, holder),
            applicant=clerk,
            application_id=new_act_id(world.clock.now()),
        )
        return applied.id

    issued = submit("person-authentication")
    decided = world.registration.decisions.decide(
        issued, DecisionToMake(f"{next(world.numbers):032x}", f"{whose}-second", Verdict.APPROVED)
    )
    assert world.delivery.issue_if_approved(decided).serial_number is not None
    bundle = new_act_id(world.clock.now())
    together = {new_act_id(world.clock.now()): submission("person-mail-encryption", holder)}
    world.applications.submit_together(together, applicant=clerk, bundle=bundle)
    grant = world.grants.propose(
        proposal_for(world), proposed_by=clerk, grant_id=new_act_id(world.clock.now())
    )
    job = asker(world, clerk).api(
        "/mass-revocations",
        where={"holder": holder},
        reason="superseded",
        justification="A test.",
    )
    assert job.status_code == 201, job.text
    return Objects(submit("person-signing"), grant.id, bundle, job.get_json()["id"], issued)


# Each act, on one institution's objects: its own officers may, and for others there is no such.
READS: list[str] = [
    V1 + "/applications/{o.application}",
    V1 + "/applications/{o.issued}/certificate",
    V1 + "/grants/{o.grant}",
    V1 + "/mass-revocations/{o.job}",
    "/office/applications/{o.application}",
    "/office/applications/{o.issued}/certificate.pem",
    "/office/bundles/{o.bundle}",
    "/office/grants/{o.grant}",
]
API_ACTS: list[tuple[str, dict[str, Any]]] = [
    ("/applications/{o.application}/approval", {}),
    ("/applications/{o.application}/refusal", {"reason": "No."}),
    ("/applications/{o.application}/question", {"question": "Who?"}),
    ("/applications/{o.issued}/revocation", {"reason": "superseded"}),
    ("/grants/{o.grant}/approval", {}),
    ("/grants/{o.grant}/refusal", {"reason": "No."}),
    ("/grants/{o.grant}/withdrawal", {}),
    ("/grants/{o.grant}/secret", {}),
    ("/mass-revocations/{o.job}/approval", {}),
    ("/mass-revocations/{o.job}/withdrawal", {}),
]
FORM_ACTS: list[tuple[str, dict[str, Any]]] = [
    ("/office/applications/{o.application}/approval", {}),
    ("/office/applications/{o.application}/refusal", {"reason": "No."}),
    ("/office/applications/{o.application}/question", {"question": "Who?"}),
    ("/office/applications/{o.issued}/revocation", {"revocation_reason": "superseded"}),
    ("/office/bundles/{o.bundle}/approval", {"application": "0" * 32}),
    ("/office/bundles/{o.bundle}/refusal", {"application": "0" * 32, "reason": "No."}),
    ("/office/bundles/{o.bundle}/question", {"application": "0" * 32, "question": "Who?"}),
    ("/office/grants/{o.grant}/approval", {}),
    ("/office/grants/{o.grant}/refusal", {"reason": "No."}),
    ("/office/grants/{o.grant}/withdrawal", {}),
]


def every_act(who: Asker, objects: Objects) -> Iterator[tuple[str, Any]]:
    for path in READS:
        yield f"GET {path}", who.get(path.format(o=objects))
    for path, body in API_ACTS:
        yield f"API {path}", who.api(path.format(o=objects), **body)
    for path, fields in FORM_ACTS:
        yield f"FORM {path}", who.form(path.format(o=objects), **fields)


def test_what_is_another_institutions_looks_as_if_it_did_not_exist(land: World) -> None:
    theirs = make(land, "mef", "theirs")
    nations = make_national(land)
    missing = Objects("f" * 32, "f" * 32, "f" * 32, 4711, "f" * 32)
    officer = asker(land, "moh-officer")
    for objects in (theirs, nations):
        for (act, answer), (_, nothing) in zip(
            every_act(officer, objects), every_act(officer, missing), strict=True
        ):
            assert (act, answer.status_code) == (act, 404)
            assert without_numbers(answer.text) == without_numbers(nothing.text), act
    unchanged = land.applications.find(theirs.application)
    assert (str(unchanged.state), unchanged.decisions) == ("submitted", ())
    assert str(land.grants.find(theirs.grant).state) == "proposed"
    assert land.mass_revocation.job(theirs.job).state == "proposed"


def make_national(world: World) -> Objects:
    # Its clerk has no institution; who decides it is of the nation as well.
    world.enroll("nation-second")
    return make(world, "nation", "ours")


def without_numbers(text: str) -> str:
    text = re.sub(r"[0-9a-f]{8}-?[0-9a-f-]{20,}|[0-9a-f]{32}", "", text)
    return re.sub(r'[A-Za-z0-9_-]{43}"|/\d+"|4711|mass-revocations/\d+', "", text)


@pytest.mark.parametrize("who", ["moh-officer", "nation"])
def test_what_is_covered_is_seen_and_changed(land: World, who: str) -> None:
    officer, objects = asker(land, who), make(land, "moh", "read")
    for path in READS:
        assert officer.get(path.format(o=objects)).status_code == 200, path
    for number, (path, body) in enumerate(API_ACTS):
        if path.endswith("/secret"):
            continue  # for its proposer alone; then for one in use
        answer = officer.api(path.format(o=make(land, "moh", f"api{number}")), **body)
        assert answer.status_code == 200, (path, answer.text)
    for number, (path, fields) in enumerate(FORM_ACTS):
        objects = make(land, "moh", f"form{number}")
        if "bundles" in path:
            [one] = land.applications.bundle(objects.bundle)
            fields = {**fields, "application": one.id}
        act = f"{number:032x}"
        answer = officer.form(path.format(o=objects), **{**fields, "act": act})
        assert answer.status_code == 303, (path, answer.text)


LISTS: dict[str, Callable[[Asker], str]] = {
    "applications": lambda who: who.get(f"{V1}/applications").text,
    "grants": lambda who: who.get(f"{V1}/grants").text,
    "mass revocations": lambda who: who.get(f"{V1}/mass-revocations").text,
    "queue": lambda who: who.get("/office/").text,
    "all applications": lambda who: who.get("/office/applications").text,
    "all grants": lambda who: who.get("/office/grants").text,
    "issued": lambda who: who.get("/office/issued").text,
    "issued to": lambda who: who.form("/office/issued", holder="person:mef-theirs").text,
    "search": lambda who: who.form("/office/search", wanted="person:mef-theirs").text,
    "export": lambda who: who.form("/office/issued/export").text,
}


def test_lists_hold_what_is_covered_and_nothing_else(land: World) -> None:
    own, theirs = make(land, "moh", "own"), make(land, "mef", "theirs")

    def marks(objects: Objects) -> list[str]:
        names = {v for v in vars(objects).values() if isinstance(v, str)}
        serial = land.applications.find(objects.issued).serial_number
        return [*names, f"{serial:x}"]

    for name, listed in LISTS.items():
        seen = listed(asker(land, "moh-officer"))
        if name not in {"mass revocations", "issued to", "search"}:
            assert any(mark in seen for mark in marks(own)), name
        assert not any(mark in seen for mark in marks(theirs)), name
        national = listed(asker(land, "nation"))
        if name not in {"mass revocations"}:
            assert any(mark in national for mark in marks(theirs)), name
    jobs = asker(land, "moh-officer").get(f"{V1}/mass-revocations").get_json()
    assert [job["id"] for job in jobs["mass_revocations"]] == [own.job]


def test_another_institution_cannot_be_asked_for_by_name(land: World) -> None:
    officer = asker(land, "moh-officer")
    assert officer.get("/office/issued?institution=mef").status_code == 404
    where = {"institution": "mef"}
    assert officer.api("/mass-revocations/count", where=where).status_code == 404
    counted = officer.api("/mass-revocations/count", where={"profile": "ra-officer"}).get_json()
    assert counted == {"certificates": 0}
    national = asker(land, "nation").api("/mass-revocations/count", where={"profile": "ra-officer"})
    assert national.get_json()["certificates"] > 0


def test_what_an_officer_applies_for_is_their_institutions(land: World) -> None:
    applied = submission()
    taken = land.applications.submit(
        applied, applicant="moh-clerk", application_id=new_act_id(land.clock.now())
    )
    assert taken.institution == "moh"
    grant = land.grants.propose(
        proposal_for(land), proposed_by="moh-clerk", grant_id=new_act_id(land.clock.now())
    )
    assert grant.institution == "moh"


def test_a_certificate_is_the_institutions_that_decided_it(land: World) -> None:
    made = make(land, "moh", "own")
    application = land.applications.find(made.issued)
    assert application.authority is not None and application.serial_number is not None
    [held] = land.register.find(application.serial_number, authority=application.authority)
    assert held.institution == "moh"


def test_officers_are_seen_by_the_head_of_their_institution(land: World) -> None:
    land.enroll("moh-head", Role.CA_ADMINISTRATOR, institution="moh")
    land.enroll("head", Role.CA_ADMINISTRATOR)
    seen = asker(land, "moh-head").get("/office/officers").text
    assert "moh-officer" in seen and "mef-officer" not in seen
    assert "mef-officer" in asker(land, "head").get("/office/officers").text
    assert asker(land, "moh-officer").get("/office/officers").status_code == 403
