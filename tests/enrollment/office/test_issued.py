"""The search over what was issued, and its export."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from sqlalchemy import update

from ca.inquiry import Inquiry
from ca.models import certificates
from core.access import Principal, Role
from core.transparency.entry import commitment
from enrollment.audit.acts import act_octets
from enrollment.office.issued.exports import ExportTooLarge, plain
from tests.ca.revocation.world import entries_of
from tests.enrollment.test_jurisdiction import Asker, asker
from tests.enrollment.world import World


@pytest.fixture
def officer(world: World) -> Asker:
    world.enroll("officer")
    return asker(world, "officer")


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_filters_of_the_page_are_those_of_the_search(world: World, officer: Asker) -> None:
    world.issue("device", "device:1")
    shown = officer.get("/office/issued?profile=device").text
    assert "device:1" in shown and "person:officer" not in shown
    assert "device:1" not in officer.get("/office/issued?profile=device&standing=revoked").text
    day = world.clock.now().strftime("%d/%m/%Y")
    khmer = day.translate({48 + n: chr(0x17E0 + n) for n in range(10)})
    assert "device:1" in officer.get(f"/office/issued?issued_from={khmer}&issued_until={day}").text
    assert "device:1" not in officer.get("/office/issued?issued_until=01/01/2020").text
    assert "device:1" not in officer.get("/office/issued?expires_until=01/01/2020").text


def test_a_day_that_is_none_is_asked_for_again(officer: Asker) -> None:
    for wrong in ("31/02/2026", "2026-12-31", "1/1/9999", "yesterday"):
        answer = officer.get(f"/office/issued?issued_from={wrong}")
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text


def test_a_holder_is_asked_for_by_post_alone(world: World, officer: Asker) -> None:
    world.issue("device", "device:1")
    world.issue("device", "device:2")
    shown = officer.form("/office/issued", holder="device:១").text
    assert "device:1" in shown and "device:2" not in shown
    assert officer.form("/office/issued", holder="everybody").status_code == 422
    assert "device:2" in officer.get("/office/issued?holder=device:1").text


def test_the_pages_go_on_where_they_ended(world: World, officer: Asker) -> None:
    for number in range(27):
        world.issue("device", f"device:{number}")
    first = officer.get("/office/issued?profile=device").text
    assert first.count("<tr") == 26
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = officer.get(following.group(1).replace("&amp;", "&")).text
    assert "device:0" in second and "device:26" not in second
    ordered = officer.get("/office/issued?expires_from=01/01/2026")
    following = re.search(r'href="([^"]+)" rel="next"', ordered.text)
    assert following is not None
    assert officer.get(following.group(1).replace("&amp;", "&")).status_code == 200
    for wrong in ("%00", "x", "MTo" + "f" * 40):
        assert officer.get(f"/office/issued?after={wrong}").status_code == 400


def test_an_export_is_whole_and_on_record(world: World, officer: Asker) -> None:
    world.issue("device", "device:1")
    answer = officer.form("/office/issued/export", profile="device")
    header, row = rows_of(answer)
    assert dict(zip(header, row, strict=True))["holder"] == "device:1"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    entry = entries_of(world.database)[-1]
    assert entry.kind == "certificates-exported"
    act = world.desk.ledger.act(len(entries_of(world.database)) - 1)
    assert (act.officer, act.holds) == ("officer", True)
    opened = dict(act.opened)
    assert (opened["certificates"], opened["filters"]) == ("1", "profile: device")
    assert "device" not in str(entry.facts)


def test_what_a_spreadsheet_would_take_for_a_formula_is_text(world: World, officer: Asker) -> None:
    world.issue("device", "device:1")
    with world.database.begin() as connection:
        evil = '=HYPERLINK("http://x","y")'
        connection.execute(
            update(certificates).where(certificates.c.holder == "device:1").values(holder=evil)
        )
    [_header, row] = rows_of(officer.form("/office/issued/export", profile="device"))
    assert row[3] == f"'{evil}"
    for text in ("=1", "+1", "-1", "@x", "\t=1", " =1", "|x", "%x"):
        assert plain(text) == f"'{text}"
    assert plain("person:1") == "person:1" and plain(None) == ""


def test_an_export_has_a_bound_and_what_is_too_much_leaves_no_act(world: World) -> None:
    world.enroll("officer")
    world.desk.exports._most = 1
    for number in range(2):
        world.issue("device", f"device:{number}")
    before = len(entries_of(world.database))
    with pytest.raises(ExportTooLarge):
        world.desk.exports.make(
            Inquiry(profile="device"), officer=Principal("officer", Role.RA_OFFICER)
        )
    assert len(entries_of(world.database)) == before


def test_what_an_act_commits_to_is_opened_with_its_salt(world: World, officer: Asker) -> None:
    officer.form("/office/issued/export")
    entry = entries_of(world.database)[-1]
    with world.database.read() as connection:
        from enrollment.audit.models import office_acts

        row = connection.execute(office_acts.select()).one()
    committed = act_octets(officer="officer", institution=None, document=row.document)
    assert entry.facts == {"act": commitment(row.salt, committed)}


def test_who_may_only_look_takes_nothing_along(world: World) -> None:
    world.enroll("auditor", Role.AUDITOR)
    auditor = asker(world, "auditor")
    assert "/export" not in auditor.get("/office/issued").text
    assert auditor.form("/office/issued/export").status_code == 403
