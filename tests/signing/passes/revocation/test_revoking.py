"""Passes are revoked by who issued them: once, for a reason of the list, with a log entry."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from camtrust.wiring import Services
from core.canonical_json import canonical_json
from core.errors import CamtrustError
from core.transparency.entry import LogEntry, commitment
from core.transparency.tree_store import read_entries
from signing.passes.commands import pass_commands
from signing.passes.formats.hc1 import open_hc1
from signing.passes.formats.revocation_hashes import hashes_of
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.models import (
    pass_revocation_hashes,
    pass_revocations,
    pass_status_lists,
)
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.revocation.reasons import reasons
from signing.passes.settings import PassSettings
from tests.signing.passes.issuing.conftest import INTERIOR, MINISTRY
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.revocation.world import asked_by, revoke


def version_of(services: Services, one: IssuedPass) -> int:
    table = pass_status_lists
    with services.database.read() as connection:
        found = connection.scalar(select(table.c.version).where(table.c.number == one.status_list))
    assert found is not None
    return found


def entries(services: Services) -> list[LogEntry]:
    with services.database.read() as connection:
        octets = read_entries(connection, 0, services.log.sizes()["stored"])
        found = [LogEntry.decode(one) for one in octets]
    return [one for one in found if one.kind == "pass-revoked"]


def test_revoking_marks_the_pass_raises_its_list_and_commits_in_the_log(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    before, logged = version_of(issuer, one), len(entries(issuer))
    revoked = revoke(issuer, one)
    assert revoked.revoked_at is not None and revoked.reason == "record-corrected"
    assert version_of(issuer, one) == before + 1
    assert len(entries(issuer)) == logged + 1
    entry = entries(issuer)[-1]
    with issuer.database.read() as connection:
        row = connection.execute(
            select(pass_revocations).where(pass_revocations.c.pass_id == one.id)
        ).one()
    assert entry.at == revoked.revoked_at
    said = {
        "at": entry.at.isoformat(),
        "by": MINISTRY.id,
        "pass": one.id,
        "reason": "record-corrected",
    }
    assert entry.facts == {
        "institution": "moh",
        "pass": commitment(row.salt, canonical_json(said)),
        "type": "vaccination",
    }


def test_revoking_again_changes_nothing_and_the_first_reason_stays(issuer: Services) -> None:
    one = issue(issuer, "test")
    first = revoke(issuer, one, "issued-in-error")
    version, logged = version_of(issuer, one), len(entries(issuer))
    assert revoke(issuer, one, "obtained-by-fraud") == first
    assert (version_of(issuer, one), len(entries(issuer))) == (version, logged)


def test_of_many_at_once_one_revokes(issuer: Services) -> None:
    one = issue(issuer, "recovery")
    version, logged = version_of(issuer, one), len(entries(issuer))
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(revoke(issuer, one))) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(seen) == 6 and len(set(map(str, seen))) == 1
    assert (version_of(issuer, one), len(entries(issuer))) == (version + 1, logged + 1)


def test_hashes_are_kept_of_health_certificates_alone(issuer: Services) -> None:
    with_certificate, without = issue(issuer, "vaccination"), issue(issuer, "digital-id")
    for one in (with_certificate, without):
        revoke(issuer, one)
    table = pass_revocation_hashes
    with issuer.database.read() as connection:
        assert not connection.scalar(
            select(func.count()).select_from(table).where(table.c.pass_id == without.id)
        )
        kept = connection.execute(select(table).where(table.c.pass_id == with_certificate.id))
        found = {(row.hash_type, row.hash, row.signer_key_id) for row in kept}
    opened = open_hc1(with_certificate.codes[CodeKind.DCC], PassSettings())
    assert found == {(one.hash_type, one.octets, one.signer_key_id) for one in hashes_of(opened)}
    assert len(found) == 3


def test_nobody_revokes_for_another_institution_or_for_any_reason(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    with pytest.raises(CamtrustError) as other:
        issuer.passes.revocation.revoke(
            one.id, "holder-asked", by=INTERIOR.id, institution=INTERIOR.institution
        )
    assert other.value.problem == "pass-unknown"
    with pytest.raises(CamtrustError) as reason:
        revoke(issuer, one, "he has measles")
    assert reason.value.problem == "pass-reason-unknown"
    assert all(known in reason.value.detail for known in reasons())
    assert issuer.passes.issuing.issued(one.id, institution="moh").revoked_at is None


def test_over_http_a_program_revokes_and_is_answered_the_same_again(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    path, body = f"/passes/v1/passes/{one.id}/revocation", {"reason": "holder-asked"}
    with asked_by(issuer) as http:
        refused = http.post(path, json={"reason": "nothing"})
        assert (refused.status_code, refused.json["type"][-19:]) == (422, "pass-reason-unknown")
        done = http.post(path, json=body, headers={"Idempotency-Key": "revoke-1"})
        again = http.post(path, json=body, headers={"Idempotency-Key": "revoke-1"})
        shown = http.get(f"/passes/v1/passes/{one.id}")
    assert done.status_code == again.status_code == 200
    assert done.json["reason"] == "holder-asked" and done.json["revoked_at"] is not None
    assert again.headers["Idempotency-Replayed"] == "true" and again.json == done.json
    assert shown.json == done.json
    with asked_by(issuer, INTERIOR) as http:
        assert http.post(path, json=body).status_code == 404


def test_the_console_revokes(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    done = CliRunner().invoke(
        pass_commands, ["revoke", one.id, "--reason", "copied-or-lost"], obj=issuer
    )
    assert done.exit_code == 0, done.output
    assert one.id in done.output and "copied, lost or stolen" in done.output
    assert issuer.passes.issuing.issued(one.id, institution="moh").reason == "copied-or-lost"
