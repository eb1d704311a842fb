"""The counter: who stands there is identified, served, and given a receipt; nothing is decided."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec

from core.access import Role
from enrollment.counter.receipt import receipt_of
from enrollment.people.person import IdentifierKind
from tests.ca.revocation.world import entries_of
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.test_jurisdiction import Asker, asker
from tests.enrollment.world import World, pem_csr

NUMBER = "012345678"
SEEN = {
    "kind": "national-id",
    "number": NUMBER,
    "country": "KH",
    "valid_until": "31/12/2030",
    "photo": "yes",
}
NEW = {
    "surname_km": "ចាន់",
    "given_name_km": "សុខា",
    "surname_latin": "Chan",
    "given_name_latin": "Sokha",
    "sex": "F",
    "date_of_birth": "០១/០២/១៩៩០",
    "nationality": "kh",
}
A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


@pytest.fixture
def office(either_world: World) -> World:
    """A commune's office, and a person on the list of a ministry."""
    either_world.found("moh")
    either_world.found("commune")
    either_world.enroll("desk", Role.COUNTER_OFFICER, institution="commune")
    either_world.employ("moh", number=NUMBER)
    return either_world


@pytest.fixture
def desk(office: World) -> Asker:
    return asker(office, "desk")


def begin(desk: Asker, act: str = A, **changed: str) -> Any:
    return desk.form("/counter/visits", **{**SEEN, "act": act, **changed})


def request_of_token() -> str:
    return pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))


def apply(desk: Asker, act: str, profile: str = "person-authentication", **changed: str) -> Any:
    fields = {"profile": profile, "csr": request_of_token(), "institution": "moh", "act": act}
    return desk.form(f"/counter/visits/{A}/applications", **{**fields, **changed})


def held_by_person(office: World, desk: Asker) -> int:
    """Let the person have a certificate that was applied for at the counter; return its number."""
    apply(desk, B)
    office.enroll("officer", institution="moh")
    [waiting] = office.applications.page(limit=10)
    officer = asker(office, "officer")
    assert officer.form(f"/office/applications/{waiting.id}/approval").status_code == 303
    [held] = office.counter.certificates_of(office.counter.visit(A, officer=desk_of(office)).person)
    return held.number


def desk_of(office: World) -> Any:
    return office.officers.find("desk").principal


def test_a_person_is_found_by_the_document_that_was_seen(office: World, desk: Asker) -> None:
    answer = begin(desk, number="០១២៣៤៥៦៧៨")
    assert answer.headers["Location"] == f"/counter/visits/{A}"
    page = desk.get(f"/counter/visits/{A}").text
    assert "សុខ ដារ៉ា" in page and "moh" in page
    assert NUMBER not in answer.headers["Location"]
    entry = entries_of(office.database)[-1]
    assert entry.kind == "person-identified" and NUMBER not in str(entry.facts)
    assert dict(office.desk.ledger.act(len(entries_of(office.database)) - 1).opened)["number"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"photo": ""},
        {"valid_until": "22/11/2026"},
        {"valid_until": "soon"},
        {"number": "12345"},
        {"kind": "library-card"},
    ],
    ids=["not compared", "expired", "no day", "no number", "no kind"],
)
def test_who_is_not_identified_is_not_served(
    office: World, desk: Asker, wrong: dict[str, str]
) -> None:
    before = entries_of(office.database)
    assert begin(desk, **wrong).status_code == 422
    assert entries_of(office.database) == before


def test_who_was_never_here_is_taken_up(office: World, desk: Asker) -> None:
    asked = begin(desk, number="999999999")
    assert asked.status_code == 200 and 'name="surname_km"' in asked.text
    seen = {**SEEN, "number": "999999999"}
    wrong = desk.form("/counter/people", **{**seen, **NEW, "date_of_birth": "31/02/1990"})
    assert wrong.status_code == 422 and 'value="Chan"' in wrong.text
    taken = desk.form("/counter/people", **{**seen, **NEW})
    assert taken.status_code == 303
    found = office.people.find_by_identifier(IdentifierKind.NATIONAL_ID, "999999999")
    assert found is not None and found.details.date_of_birth == "1990-02-01"
    # The form again: it is the same person, and the same visit.
    assert desk.form("/counter/people", **{**seen, **NEW}).headers["Location"].endswith("a" * 32)


def test_an_application_is_the_persons_and_others_decide_it(office: World, desk: Asker) -> None:
    begin(desk)
    answer = apply(desk, B)
    assert answer.headers["Location"] == f"/counter/receipts/{B}"
    [taken] = office.applications.page(limit=10)
    [person] = {one.id for one in [office.people.find(taken.applicant)]}
    assert (taken.applicant_person, taken.institution) == (person, "moh")
    assert taken.holder == f"person:IDCKH-{NUMBER}"
    assert taken.facts["identifier"] == f"IDCKH-{NUMBER}"
    assert apply(desk, B).status_code == 303  # sent twice, it is one application
    assert len(office.applications.page(limit=10)) == 1
    assert [one.kind for one in entries_of(office.database)][-1] == "counter-applied"
    for path in (f"/office/applications/{taken.id}/approval", "/office/issued/export"):
        assert desk.form(path).status_code == 403
    assert desk.api(f"/applications/{taken.id}/approval").status_code == 403
    assert desk.get(f"/office/applications/{taken.id}").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"csr": "no request"}, 422),
        ({"csr": ""}, 422),
        ({"profile": "organization-seal"}, 422),
        ({"institution": "commune"}, 404),
    ],
)
def test_what_cannot_be_applied_for_leaves_nothing(
    office: World, desk: Asker, wrong: dict[str, str], status: int
) -> None:
    begin(desk)
    assert apply(desk, B, **wrong).status_code == status
    assert office.applications.page(limit=10) == []
    assert office.acts.find(B) is None


def test_a_lost_keys_certificate_is_suspended_and_released_once_identified_again(
    office: World, desk: Asker
) -> None:
    begin(desk)
    number = held_by_person(office, desk)
    suspended = desk.form(f"/counter/visits/{A}/suspensions", certificate=number, act=C)
    assert suspended.headers["Location"] == f"/counter/receipts/{C}"
    assert (
        desk.form(f"/counter/visits/{A}/suspensions", certificate=number, act=C).status_code == 303
    )
    assert standing(office) == "on-hold"
    office.clock.advance(timedelta(minutes=31))
    late = desk.form(f"/counter/visits/{A}/releases", certificate=number, act=D)
    assert late.status_code == 409 and standing(office) == "on-hold"
    begin(desk, act="e" * 32)
    released = desk.form(f"/counter/visits/{'e' * 32}/releases", certificate=number, act=D)
    assert released.status_code == 303 and standing(office) == "good"
    kinds = [one.kind for one in entries_of(office.database)]
    assert [one for one in kinds if one.startswith("counter")] == [
        "counter-applied",
        "counter-suspended",
        "counter-released",
    ]


def standing(office: World) -> str:
    [application] = office.applications.page(limit=1)
    assert application.serial_number is not None
    [held] = office.register.find(application.serial_number)
    return held.standing


def test_nothing_but_the_persons_own_is_touched(office: World, desk: Asker) -> None:
    begin(desk)
    office.issue("person-authentication", "person:IDCKH-999999999")
    [other] = [
        one for one in office.register.page(limit=50) if one.holder == "person:IDCKH-999999999"
    ]
    for wrong in (str(other.number), "0", "x", ""):
        answer = desk.form(f"/counter/visits/{A}/suspensions", certificate=wrong, act=C)
        assert answer.status_code == 404
    [held] = office.register.find(other.serial_number)
    assert held.standing == "good"


def test_a_visit_belongs_to_the_officer_who_saw_the_document(office: World, desk: Asker) -> None:
    begin(desk)
    office.enroll("other-desk", Role.COUNTER_OFFICER, institution="commune")
    other = asker(office, "other-desk")
    assert other.get(f"/counter/visits/{A}").status_code == 404
    assert other.get(f"/counter/receipts/{A}").status_code == 404
    assert other.form(f"/counter/visits/{A}/suspensions", certificate="1", act=C).status_code == 404
    for role in (Role.RA_OFFICER, Role.AUDITOR):
        office.enroll(f"a-{role}", role)
        assert asker(office, f"a-{role}").get("/counter/").status_code == 403


def test_officers_do_not_serve_themselves(office: World) -> None:
    person = office.employ("moh", number="111111111")
    office.enroll("own-desk", Role.COUNTER_OFFICER, person=person)
    assert begin(asker(office, "own-desk"), number="111111111").status_code == 409


def test_a_receipt_is_in_both_languages_and_its_code_tells_its_number_alone(
    office: World, desk: Asker
) -> None:
    begin(desk)
    page = desk.get(f"/counter/receipts/{A}").text
    act = office.acts.find(A)
    assert act is not None
    receipt = receipt_of(act)
    assert receipt.number == f"CT-{act.log_index:09d}" and receipt.number in page
    assert "បង្កាន់ដៃ" in page and "The person was identified." in page
    for personal in (NUMBER, "Dara", "ដារ៉ា"):
        assert personal not in page
    assert read_back(page, receipt.modules) == receipt.number


def read_back(page: str, modules: int) -> str:
    """What a scanner reads off the drawn code."""
    drawn = re.search(r'<path d="([^"]+)" fill="#000"', page)
    assert drawn is not None
    scale, width = 8, modules * 8
    picture = bytearray(b"\xff" * width * width)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn.group(1)):
        for line in range(int(y) * scale, (int(y) + 1) * scale):
            begin = line * width + int(x) * scale
            picture[begin : begin + int(length) * scale] = bytes(int(length) * scale)
    [found] = zxingcpp.read_barcodes(memoryview(picture).cast("B", shape=[width, width]))
    return str(found.text)
