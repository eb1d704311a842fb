"""Passes of every type are issued and verify; what must not be issued is refused."""

from __future__ import annotations

import secrets
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from camtrust.wiring import Services
from core.errors import CamtrustError
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.issuing import WantedPass
from signing.passes.issuing.models import passes
from signing.passes.issuing.pass_types import CodeKind, pass_types
from signing.passes.issuing.pictures import in_qr
from signing.passes.issuing.records import PassRecord
from signing.passes.statuses import Status
from signing.passes.verification import PassVerifier
from tests.signing.passes.issuing.conftest import INTERIOR, MINISTRY
from tests.signing.passes.issuing.records import RECORDS


def record_for(type_name: str, **changes: Any) -> dict[str, Any]:
    record = deepcopy(RECORDS[pass_types()[type_name].record.value])
    for path, value in changes.items():
        part, _, member = path.partition("__")
        record[part][member] = value
    return record


def issue(services: Services, type_name: str, record: Any = None, **wanted: Any) -> IssuedPass:
    by = wanted.pop("by", None) or (INTERIOR if type_name == "digital-id" else MINISTRY)
    read = PassRecord.model_validate(record or record_for(type_name))
    one = WantedPass(**({"id": secrets.token_hex(16), "type": type_name, "record": read} | wanted))
    return services.passes.issuing.issue(one, by=by)


@pytest.mark.parametrize("type_name", sorted(pass_types()))
def test_each_code_of_each_type_verifies(
    type_name: str, issuer: Services, verifier: PassVerifier
) -> None:
    issued = issue(issuer, type_name)
    assert list(issued.codes) and set(issued.codes) == set(pass_types()[type_name].codes)
    for kind, text in issued.codes.items():
        verdict = verifier.verify(in_qr(kind, text))
        assert verdict.status is Status.VERIFIED, (kind, verdict.reasons)
        assert not verdict.notes, verdict.notes
        assert verdict.subject is not None
        said = verdict.subject.name or verdict.subject.standardised_name
        assert said and ("Dara" in said or "SOK" in said or "ដារ៉ា" in said)
        later = issued.expires_at + timedelta(days=1)
        if kind is not CodeKind.VDS_NC:
            assert verifier.verify(in_qr(kind, text), at=later).status is Status.EXPIRED


def test_no_pass_outlives_its_signer(issuer: Services) -> None:
    issued = issue(issuer, "vaccination")
    ends = issuer.passes.signers.signer("health").not_after
    assert issued.expires_at <= ends
    assert issued.expires_at - issued.issued_at == timedelta(days=540)


def test_the_same_act_is_answered_with_the_same_pass(issuer: Services) -> None:
    act = secrets.token_hex(16)
    first, again = (issue(issuer, "vaccination", id=act) for _ in range(2))
    assert first == again


def test_one_record_has_one_pass_of_a_type(issuer: Services) -> None:
    issue(issuer, "vaccination", reference="immunization/1")
    with pytest.raises(CamtrustError) as refused:
        issue(issuer, "vaccination", reference="immunization/1")
    assert refused.value.problem == "pass-reference-taken"
    assert "immunization/1" in refused.value.detail
    # Another type of the same record is another pass.
    issue(issuer, "yellow-card", reference="immunization/1")


def test_the_log_has_the_passes_and_no_word_of_the_person(issuer: Services) -> None:
    issued = issue(issuer, "health-id")
    issuer.log.publish()
    folder = issuer.log_settings.folder
    written = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    assert b"passes-issued" in written
    for word in (b"Dara", b"DARA", issued.number.encode(), issued.certificate_id.encode()):
        assert word not in written


@pytest.mark.parametrize(
    ("type_name", "changes", "problem", "said"),
    [
        ("vaccination", {"vaccination__disease": None}, "pass-record-incomplete", "disease"),
        ("vaccination", {"vaccination__cvx": None}, "pass-record-incomplete", "cvx"),
        ("vaccination", {"vaccination__disease": "1"}, "pass-record-incomplete", "value set"),
        ("vaccination", {"vaccination__country": "QQQ"}, "pass-record-incomplete", "country"),
        ("vaccination", {"vaccination__date": "2099-01-01"}, "pass-record-incomplete", "future"),
        ("vaccination", {"vaccination__date": "1980-01-01"}, "pass-record-incomplete", "born"),
        ("yellow-card", {"vaccination__lot": None}, "pass-record-incomplete", "lot"),
        ("travel-test", {"test__contact": None}, "pass-record-incomplete", "contact"),
        ("test", {"test__test_name": None}, "pass-record-incomplete", "name"),
        ("travel-vaccination", {"person__identifier": None}, "pass-record-incomplete", "machine"),
        (
            "travel-vaccination",
            {"person__name": {"surname": "Sok", "given_names": "Dary"}},
            "pass-name-mismatch",
            "otherwise",
        ),
    ],
)
def test_what_makes_no_pass_is_refused_with_what_is_missing(
    issuer: Services, type_name: str, changes: dict[str, Any], problem: str, said: str
) -> None:
    with issuer.database.read() as connection:
        before = connection.scalar(select(func.count()).select_from(passes))
    with pytest.raises(CamtrustError) as refused:
        issue(issuer, type_name, record_for(type_name, **changes))
    assert refused.value.problem == problem
    assert said in refused.value.detail
    with issuer.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(passes)) == before


def test_only_authorized_institutions_issue(issuer: Services) -> None:
    with pytest.raises(CamtrustError) as refused:
        issue(issuer, "vaccination", by=INTERIOR)
    assert refused.value.problem == "pass-type-forbidden"
    assert "moh" in refused.value.detail
    with pytest.raises(CamtrustError) as unknown:
        issue(issuer, "vaccination", type="vacination")
    assert unknown.value.problem == "pass-type-unknown"


def test_two_codes_of_one_person_share_no_number(issuer: Services) -> None:
    health, digital = issue(issuer, "health-id"), issue(issuer, "digital-id")
    assert health.number != digital.number
    assert (health.status_list, health.status_index) != (digital.status_list, digital.status_index)
