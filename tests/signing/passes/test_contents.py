"""What each kind of pass contains: who is named, which dose counts, and what is noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signing.passes.statuses import Status
from signing.passes.trust.signers import TrustStore
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    NOW,
    Authority,
    Issuer,
    card,
    claims,
    dcc,
    ddcc,
    draft_icvp,
    icvp,
    identity,
    issuer,
    proof_of_testing,
    recovery,
    seal_data,
    verify,
)

HEALTH = issuer()
CSCA = Authority()
SEALER = issuer(authority=CSCA, usages=(BARCODE_SIGNER,))
AUTHORITY = TrustStore(authorities=(Issuer(CSCA.key, CSCA.certificate()).parsed,))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "content",
    [
        icvp(),
        icvp(vx=[icvp()["vx"]]),
        draft_icvp(),
        draft_icvp() | {"v": [draft_icvp()["v"]]},
    ],
    ids=["ICVPMin", "in a list", "draft", "draft in a list"],
)
def test_icvp_is_verified_in_every_published_form(content: Any) -> None:
    verdict = verify(HEALTH.hc1(claims(content, sub_claim=-6)), trust=HEALTH)
    assert verdict.status is Status.VERIFIED, verdict.reasons
    assert verdict.kind == "WHO ICVP vaccination"
    assert verdict.subject is not None
    assert verdict.subject.document_number == "A1234567"


def test_a_yellow_fever_dose_counts_from_ten_days_on() -> None:
    code = HEALTH.hc1(claims(draft_icvp(vls="2026-12-01"), sub_claim=-6))
    assert verify(code, trust=HEALTH).status is Status.NOT_YET_VALID
    assert verify(code, trust=HEALTH, at=NOW + 9 * DAY).status is Status.VERIFIED


def test_of_two_doses_the_one_counts_that_the_schema_judges() -> None:
    over, ahead = {"vle": "2026-06-01"}, {"vls": "2027-06-01"}
    for in_v, in_vx, status in (
        (over, {}, Status.EXPIRED),
        ({}, over, Status.VERIFIED),
        (ahead, {}, Status.NOT_YET_VALID),
        ({}, ahead, Status.VERIFIED),
    ):
        dose = draft_icvp()["v"]
        for given in (dose | in_v, [dose | in_v]):
            content = draft_icvp() | {"v": given, "vx": icvp()["vx"] | in_vx}
            verdict = verify(HEALTH.hc1(claims(content, sub_claim=-6)), trust=HEALTH)
            assert verdict.status is status, verdict.reasons
    # A version is no dose.
    beside = icvp(vx=icvp()["vx"] | over)
    assert verify(HEALTH.hc1(claims(beside, sub_claim=-6)), trust=HEALTH).status is Status.EXPIRED
    alone = {name: value for name, value in beside.items() if name != "v"}
    assert verify(HEALTH.hc1(claims(alone, sub_claim=-6)), trust=HEALTH).status is Status.EXPIRED


def test_an_icvp_without_issuer_and_clinician_or_with_two_doses_is_none() -> None:
    dose = icvp()["vx"]
    unsigned = {key: value for key, value in dose.items() if key != "is"}
    two_dates = dose | {"dt": "2026-05-02"}
    for wrong in (unsigned, [dose, dose], two_dates, {}, "2026-05-02"):
        code = HEALTH.hc1(claims(icvp(vx=wrong), sub_claim=-6))
        assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA
    nothing = {key: value for key, value in icvp().items() if key != "vx"}
    code = HEALTH.hc1(claims(nothing, sub_claim=-6))
    assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA


@pytest.mark.parametrize(
    "content",
    [
        dcc(t=[{}]),
        dcc(v=[]),
        dcc(v=dcc()["v"] * 2),
        dcc(v={"tg": "840539006"}),
        dcc(nam={"fn": "Sok"}),
        dcc(dob="12-04-1990"),
        dcc(v=[dcc()["v"][0] | {"dn": 0}]),
        dcc(v=[dcc()["v"][0] | {"dt": "2026-02-30"}]),
        [],
        None,
        7,
    ],
)
def test_a_signed_content_that_is_no_certificate_is_said_to_be_none(content: Any) -> None:
    code = HEALTH.hc1(claims() | {-260: {1: content}})
    assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA


@pytest.mark.parametrize("born", ["1990", "1990-04", "1990-04-12", ""])
def test_a_date_of_birth_may_be_known_in_part(born: str) -> None:
    verdict = verify(HEALTH.hc1(claims(dcc(dob=born))), trust=HEALTH)
    assert verdict.status is Status.VERIFIED
    assert verdict.subject is not None
    assert (verdict.subject.date_of_birth or "") == born


def test_codes_and_results_that_a_reader_should_know_are_notes() -> None:
    test = {"tg": "840539006", "tt": "LP6464-4", "sc": "2026-11-22T08:00:00Z", "tr": "260373001"}
    test |= {"co": "UT", "is": "Ministry", "ci": "URN:UVCI:01:UT:187#A", "tc": "Clinic"}
    content = {key: value for key, value in dcc(t=[test]).items() if key != "v"}
    verdict = verify(HEALTH.hc1(claims(content)), trust=HEALTH)
    assert verdict.status is Status.VERIFIED
    assert "The result of the test is: detected." in verdict.notes
    assert any("checksum" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("dates", "notes"),
    [
        ({"du": "2026-11-23"}, ()),
        ({"du": "2026-11-22"}, ("The recovery counted until 2026-11-22.",)),
        ({"df": "2026-11-23", "du": "2027-05-01"}, ()),
        ({"df": "2026-11-24", "du": "2027-05-01"}, ("The recovery counts from 2026-11-24 on.",)),
    ],
)
def test_a_recovery_outside_its_dates_is_noted_and_no_more(
    dates: dict[str, str], notes: tuple[str, ...]
) -> None:
    verdict = verify(HEALTH.hc1(claims(recovery(**dates))), trust=HEALTH)
    assert verdict.status is Status.VERIFIED
    assert verdict.notes == notes


def dosed(date: str) -> dict[str, tuple[str, TrustStore | Issuer]]:
    """A pass of each format about a dose of that date."""
    given = {"dvc": date, "seq": 1, "ctr": "UTO", "adm": "Clinic", "lot": "B-17"}
    event = {"des": "XM68M6", "nam": "Comirnaty", "dis": "RA01.0", "vd": [given, given]}
    shot = card()
    bundle = shot["vc"]["credentialSubject"]["fhirBundle"]
    bundle["entry"][1]["resource"]["occurrenceDateTime"] = date
    yellow = icvp(vx=icvp()["vx"] | {"dv": date})
    draft = draft_icvp(dt=date, vls="2026-01-01")
    return {
        "DCC": (HEALTH.hc1(claims(dcc(v=[dcc()["v"][0] | {"dt": date}]))), HEALTH),
        "ICVP": (HEALTH.hc1(claims(yellow, sub_claim=-6)), HEALTH),
        "ICVP draft": (HEALTH.hc1(claims(draft, sub_claim=-6)), HEALTH),
        "DDCC": (HEALTH.hc1(claims(ddcc(date=date), sub_claim=3)), HEALTH),
        "VDS-NC": (SEALER.seal(seal_data(ve=[event])), AUTHORITY),
        "SHC": (HEALTH.shc(shot), HEALTH),
    }


@pytest.mark.parametrize("name", ["DCC", "ICVP", "ICVP draft", "DDCC", "VDS-NC", "SHC"])
def test_a_dose_that_is_dated_in_the_future_is_noted_and_no_more(name: str) -> None:
    code, trust = dosed("2026-11-24")[name]
    verdict = verify(code, trust=trust)
    assert verdict.status is Status.VERIFIED, verdict.reasons
    assert verdict.notes == ("The dose is dated 2026-11-24, in the future.",)
    # The date comes first where clocks are 14 hours ahead.
    before, after = (datetime(2026, 11, 23, *at, tzinfo=UTC) for at in ((9, 59), (10, 0)))
    assert verify(code, trust=trust, at=before).notes == verdict.notes
    assert verify(code, trust=trust, at=after).notes == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://health.example"},
        {"iss": "https://health.example/"},
        {"nbf": "yesterday"},
        {"vc": {}},
        {"vc": card()["vc"] | {"type": ["https://smarthealth.cards#immunization"]}},
        {"vc": card()["vc"] | {"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": {}}}},
    ],
)
def test_a_card_has_to_be_one(changes: dict[str, Any]) -> None:
    assert verify(HEALTH.shc(card(**changes)), trust=HEALTH).status is Status.INVALID_SCHEMA


def card_of(*patients: dict[str, Any]) -> dict[str, Any]:
    claimed = card()
    bundle = claimed["vc"]["credentialSubject"]["fhirBundle"]
    found = [{"resource": {"resourceType": "Patient"} | one} for one in patients]
    bundle["entry"] = [*found, bundle["entry"][-1]]
    return claimed


@pytest.mark.parametrize(
    "names",
    [
        None,
        [],
        [{}],
        [{"family": ""}],
        [{"given": []}],
        [{"given": [" "], "family": " "}],
        [{"text": " "}],
        [{"use": "official"}],
        "Sok Dara",
    ],
)
def test_a_card_whose_patient_has_no_name_is_nobodys(names: Any) -> None:
    patient = {"birthDate": "1990-04-12"} | ({} if names is None else {"name": names})
    verdict = verify(HEALTH.shc(card_of(patient)), trust=HEALTH)
    assert verdict.status is Status.INVALID_SCHEMA


@pytest.mark.parametrize(
    "names",
    [
        [{"family": "Sok"}],
        [{"given": ["Sok"]}],
        [{"text": "Sok"}],
        [{"given": [" "], "text": "Sok"}],
        [{"use": "old"}, {"family": "Sok"}],
    ],
)
def test_a_card_is_about_the_name_that_its_patient_has(names: Any) -> None:
    verdict = verify(HEALTH.shc(card_of({"name": names})), trust=HEALTH)
    assert verdict.status is Status.VERIFIED, verdict.reasons
    assert verdict.subject is not None
    assert verdict.subject.name == "Sok"


def test_a_card_about_two_patients_is_about_none() -> None:
    for second in ({"name": [{"family": "Chan"}]}, {"name": [{"family": "Sok"}]}, {}):
        verdict = verify(HEALTH.shc(card_of({"name": [{"family": "Sok"}]}, second)), trust=HEALTH)
        assert verdict.status is Status.INVALID_SCHEMA
        assert verdict.reasons == ("The card is about 2 patients.",)


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ({"fnt": "SOK"}, Status.VERIFIED),
        ({"fnt": "", "gnt": "DARA"}, Status.VERIFIED),
        ({"fnt": "<", "gnt": "D<"}, Status.VERIFIED),
        ({"fnt": ""}, Status.INVALID_SCHEMA),
        ({"fnt": "<<", "gnt": ""}, Status.INVALID_SCHEMA),
        ({"fn": "Sok", "gn": "Dara", "fnt": "", "gnt": ""}, Status.INVALID_SCHEMA),
    ],
)
def test_a_health_certificate_names_somebody(names: dict[str, str], status: Status) -> None:
    assert verify(HEALTH.hc1(claims(dcc(nam=names))), trust=HEALTH).status is status


def test_whos_certificates_and_seals_name_somebody() -> None:
    for content, sub_claim in ((icvp(n=" "), -6), (ddcc(name=" "), 3)):
        code = HEALTH.hc1(claims(content, sub_claim=sub_claim))
        assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA
    person = {"n": "  < ", "dob": "1990-04-12"}
    nobody = SEALER.seal(seal_data(pid=person))
    assert verify(nobody, trust=AUTHORITY).status is Status.INVALID_SCHEMA


@pytest.mark.parametrize("result", ["negative", "positive"])
def test_a_proof_of_testing_is_verified_and_its_result_is_noted_where_it_matters(
    result: str,
) -> None:
    verdict = verify(SEALER.seal(proof_of_testing(result)), trust=AUTHORITY)
    assert verdict.status is Status.VERIFIED, verdict.reasons
    assert verdict.kind == "ICAO proof of testing"
    assert verdict.subject is not None
    assert verdict.subject.document_number == "A1234567"
    assert verdict.notes == (
        () if result == "negative" else ("The result of the test is: positive.",)
    )


def test_a_seal_may_leave_out_what_icao_calls_optional_and_has_to_name_somebody() -> None:
    event = {"des": "XM68M6", "nam": "Comirnaty"}
    event |= {"vd": [{"dvc": "2026-02-18", "seq": "1", "ctr": "UTO", "lot": "B-17"}]}
    short = seal_data(ve=[event], pid={"n": "SOK DARA", "i": "A1234567"})
    assert verify(SEALER.seal(short), trust=AUTHORITY).status is Status.VERIFIED
    for person in ({"n": "SOK DARA"}, {"dob": "1990-04-12", "i": "A1234567"}):
        nobody = SEALER.seal(seal_data(pid=person))
        assert verify(nobody, trust=AUTHORITY).status is Status.INVALID_SCHEMA


def test_a_seal_of_one_kind_with_the_message_of_the_other_is_none() -> None:
    for data, other in ((proof_of_testing(), "icao.vacc"), (seal_data(), "icao.test")):
        data["hdr"] = data["hdr"] | {"t": other}
        verdict = verify(SEALER.seal(data), trust=AUTHORITY)
        assert verdict.status is Status.INVALID_SCHEMA


def test_an_identity_has_to_have_a_name_or_a_face_and_a_date_that_is_one() -> None:
    nobody = ({1: "8215"}, {4: ""}, {4: " "}, {4: 0}, {4: None}, {6: "Dara"}, {16: 0}, {16: b""})
    odd = ({4: "Dara", 8: "yesterday"}, {4: "Dara", 16: "RIFF"}, {4: 0, 16: b"RIFF"}, [], "Dara")
    for person in (*nobody, *odd):
        code = HEALTH.claim169(identity(claim_169=person))
        assert verify(code, trust=HEALTH).status is Status.INVALID_SCHEMA
    faced = HEALTH.claim169(identity(claim_169={16: b"RIFF", 17: 4}))
    assert verify(faced, trust=HEALTH).status is Status.VERIFIED
