"""Our verifier honours the lists that we publish, by whoever has them in a folder of trust."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from camtrust.wiring import Services
from signing.passes.codecs import strict_json
from signing.passes.commands import pass_commands
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.pictures import in_qr
from signing.passes.publishing.status_lists import StatusListForm
from signing.passes.statuses import Status
from signing.passes.trust.files import trust_from
from signing.passes.verdict import Verdict
from signing.passes.verification import PassVerifier
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.revocation.world import asked_by, revoke


def fetch(services: Services, folder: Path, files: dict[str, str], accept: str = "*/*") -> None:
    with asked_by(services) as http:
        for name, path in files.items():
            got = http.get(f"/passes/{path}", headers={"Accept": accept})
            assert got.status_code == 200
            (folder / name).write_bytes(got.data)


@pytest.fixture
def folder(issuer: Services, tmp_path: Path) -> Path:
    fetch(issuer, tmp_path, {"signers.jwks": "trust/jwks.json"})
    return tmp_path


def judge(services: Services, folder: Path, text: str, *, days: int = 0) -> Verdict:
    verifier = PassVerifier(trust=trust_from(folder), clock=services.clock)
    return verifier.verify(text, at=services.clock.now() + timedelta(days=days))


def statuses(one: IssuedPass) -> dict[str, str]:
    return {"statuses.jwt": f"status/{one.status_list}"}


@pytest.mark.parametrize("form", list(StatusListForm))
@pytest.mark.parametrize(
    ("type_name", "kind"),
    [("vaccination", CodeKind.DCC), ("digital-id", CodeKind.CLAIM_169_MINIMAL)],
)
def test_a_pass_is_revoked_once_its_status_list_says_so(
    issuer: Services, folder: Path, form: StatusListForm, type_name: str, kind: CodeKind
) -> None:
    kept, gone = issue(issuer, type_name), issue(issuer, type_name)
    revoke(issuer, gone)
    text = in_qr(kind, gone.codes[kind])
    assert judge(issuer, folder, text).status is Status.VERIFIED
    name = "statuses.jwt" if form is StatusListForm.JWT else "statuses.cwt"
    fetch(issuer, folder, {name: f"status/{gone.status_list}"}, accept=form.value)
    verdict = judge(issuer, folder, text)
    assert verdict.status is Status.REVOKED and "took it back" in verdict.reasons[0]
    other = judge(issuer, folder, in_qr(kind, kept.codes[kind]))
    assert (other.status, other.notes) == (Status.VERIFIED, ())


def test_a_certificate_is_revoked_by_its_hashes_alone(issuer: Services, folder: Path) -> None:
    kept, gone = issue(issuer, "vaccination"), issue(issuer, "vaccination")
    revoke(issuer, gone)
    fetch(issuer, folder, {"hashes.jwt": "revocation-lists"})
    assert judge(issuer, folder, gone.codes[CodeKind.DCC]).status is Status.REVOKED
    other = judge(issuer, folder, kept.codes[CodeKind.DCC])
    assert (other.status, other.notes) == (Status.VERIFIED, ())


def test_lists_that_are_too_old_are_a_note_and_still_revoke(issuer: Services, folder: Path) -> None:
    kept, gone = issue(issuer, "vaccination"), issue(issuer, "vaccination")
    revoke(issuer, gone)
    fetch(issuer, folder, {**statuses(gone), "hashes.jwt": "revocation-lists"})
    verdict = judge(issuer, folder, kept.codes[CodeKind.DCC], days=4)
    assert verdict.status is Status.VERIFIED
    assert len(verdict.notes) == 2
    assert all("too old" in note for note in verdict.notes)
    assert judge(issuer, folder, gone.codes[CodeKind.DCC], days=4).status is Status.REVOKED


def test_a_list_with_another_signature_is_left_aside_and_named(
    issuer: Services, folder: Path
) -> None:
    one = issue(issuer, "vaccination")
    revoke(issuer, one)
    fetch(issuer, folder, statuses(one))
    file = folder / "statuses.jwt"
    head, payload, signature = file.read_text().split(".")
    file.write_text(f"{head}.{payload}.{signature[:-8]}AAAAAAAA")
    assert judge(issuer, folder, one.codes[CodeKind.DCC]).status is Status.VERIFIED
    assert trust_from(folder).left_aside == (
        "statuses.jwt: no signer is known here that signed this list.",
    )


def test_the_command_answers_revoked_by_what_lies_in_the_folder(
    issuer: Services, folder: Path
) -> None:
    one = issue(issuer, "health-id")
    revoke(issuer, one)
    (folder / "signers.jwks").unlink()
    fetch(issuer, folder, {"signers.jws": "trust/jwks.jws", **statuses(one)})
    code = folder / "code.txt"
    code.write_text(in_qr(CodeKind.CLAIM_169, one.codes[CodeKind.CLAIM_169]))
    done = CliRunner().invoke(
        pass_commands, ["verify", "--trust", str(folder), "--json", str(code)], obj=issuer
    )
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["status"] == "REVOKED"
    assert said["reasons"][0].startswith("Its issuer took it back: status list of 20")
    assert strict_json.loads(done.stdout)["notes"] == []
