"""Escrow: what is kept, who recovers it, what each of them gets, and what the holder learns."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from ca.csr import verify_csr
from core.access import Principal, Role
from core.errors import CamtrustError
from core.mail.models import mails as mail_table
from enrollment.application import Verdict
from enrollment.escrow.errors import (
    EscrowedKeyErased,
    EscrowedKeyUnknown,
    NoCertificateOfKey,
    NotEscrowable,
    NotForThisOfficer,
    OwnRecovery,
    RecoveredKeyWrong,
    RecoveryClosed,
    RecoveryUnderWay,
    RecoveryUnknown,
)
from enrollment.escrow.escrowed_key import Erasure
from enrollment.escrow.models import escrowed_keys, handovers, recoveries
from enrollment.escrow.notices import Event
from enrollment.escrow.recovery import Part, Recovery, RecoveryState
from enrollment.escrow.retention import EscrowRetention
from enrollment.escrow.settings import EscrowSettings
from enrollment.jurisdiction import NATION, Jurisdiction
from hsm.enveloped_data import EnvelopeMalformed
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.escrow.conftest import Case
from tests.hsm.envelopes import SoftwareAgreementKey

REASON = "The laptop was stolen on the way to Kampot."


def propose(case: Case, officer: Principal, recovery_id: str = "a" * 32) -> Recovery:
    [key] = case.escrow.of_holder(case.holder)
    return case.recoveries.propose(key.id, reason=REASON, officer=officer, recovery_id=recovery_id)


def decide(
    case: Case, recovery: Recovery, officer: Principal, verdict: Verdict = Verdict.APPROVED
) -> Recovery:
    refusal = None if verdict is Verdict.APPROVED else "Not enough."
    return case.recoveries.decide(recovery.id, verdict=verdict, refusal=refusal, officer=officer)


@pytest.fixture
def approved(case: Case) -> tuple[Case, Recovery, Principal, Principal]:
    case.deposit()
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    return case, decide(case, propose(case, first), second), first, second


def test_two_officers_recover_the_key_and_neither_has_both_parts(
    case_on_each: Case, tmp_path: Path
) -> None:
    case = case_on_each
    case.deposit()
    certificate = case.issue()
    first, second = case.officer("first"), case.officer("second")
    recovery = decide(case, propose(case, first), second)
    file = case.handing_over.file(recovery.id, officer=first)
    password = case.handing_over.password(recovery.id, officer=second)
    for officer, part in ((second, case.handing_over.file), (first, case.handing_over.password)):
        with pytest.raises(NotForThisOfficer):
            part(recovery.id, officer=officer)
    held = load_pkcs12(file, password.encode())
    assert isinstance(held.key, rsa.RSAPrivateKey)
    assert held.key.private_numbers() == case.key.private_numbers()
    assert held.cert is not None and held.cert.certificate == certificate
    assert len(held.additional_certs) >= 1
    with pytest.raises(ValueError):
        load_pkcs12(file, b"guess")
    path = tmp_path / "recovered.p12"
    path.write_bytes(file)
    told = subprocess.run(
        ["openssl", "pkcs12", "-in", str(path), "-info", "-noout", "-passin", f"pass:{password}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PBES2, PBKDF2, AES-256-CBC, Iteration 250000" in told.stderr


def test_the_holder_is_told_each_time_and_sees_by_whom_and_why(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, second = approved
    case.handing_over.file(recovery.id, officer=first)
    case.handing_over.password(recovery.id, officer=second)
    told = case.world.escrow_office.notices.of_holder(case.holder)
    assert [one.event for one in told] == [Event.PASSWORD, Event.FILE, Event.APPROVED]
    [seen] = case.recoveries.of_holder(case.holder)
    assert (seen.reason, seen.proposed_by, seen.decided_by) == (REASON, "first", "second")
    assert [(one.part, one.officer) for one in seen.handovers] == [
        (Part.FILE, "first"),
        (Part.PASSWORD, "second"),
    ]
    assert case.world.escrow_office.notices.of_holder("somebody-else") == []


def test_the_holder_is_sent_a_mail_in_both_languages_without_the_reason(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, _second = approved
    case.handing_over.file(recovery.id, officer=first)
    with case.world.database.read() as connection:
        mails = connection.execute(select(mail_table).order_by(mail_table.c.id)).all()
    assert [one.recipient for one in mails] == ["s012345678@moh.example"] * 2
    assert "Two officers agreed to recover your key" in mails[0].body
    assert "មន្ត្រីពីរនាក់" in mails[0].body and "/my/escrow" in mails[0].body
    assert "handed over to an officer" in mails[1].body
    assert not any(REASON in one.body for one in mails)


def test_the_token_is_asked_at_a_recovery_alone(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, second = approved
    key = case.world.escrow_store.newest("")
    assert key.uses == 0
    case.handing_over.password(recovery.id, officer=second)
    assert key.uses == 0
    case.handing_over.file(recovery.id, officer=first)
    assert key.uses == 1


def test_every_act_stands_in_the_log_without_names_or_reasons(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, second = approved
    case.handing_over.file(recovery.id, officer=first)
    case.handing_over.password(recovery.id, officer=second)
    [key] = case.escrow.of_holder(case.holder)
    case.escrow.withdraw(key.id, holder=case.holder)
    with case.world.database.read() as connection:
        entries = [
            bytes(row.entry) for row in connection.execute(text("SELECT * FROM log_entries"))
        ]
    ours = [one for one in entries if b"escrow" in one]
    kinds = [one.split(b'"kind":"')[1].split(b'"')[0].decode() for one in ours]
    assert kinds == [
        "key-escrowed",
        "escrow-recovery-proposed",
        "escrow-recovery-decided",
        "escrow-file-handed-over",
        "escrow-password-handed-over",
        "escrowed-key-erased",
    ]
    for secret in (REASON, case.holder, "first", "second"):
        assert not any(secret.encode() in one for one in ours)


def test_neither_key_nor_password_stands_in_the_database(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, second = approved
    case.handing_over.file(recovery.id, officer=first)
    password = case.handing_over.password(recovery.id, officer=second)
    case.world.database.close()
    stored = b"".join(path.read_bytes() for path in case.world.folder.glob("camtrust.db*"))
    assert case.key.private_numbers().p.to_bytes(192, "big") not in stored
    assert password.encode() not in stored and password.replace("-", "").encode() not in stored


def test_who_proposed_cannot_approve(case: Case) -> None:
    case.deposit()
    case.issue()
    first = case.officer("first")
    recovery = propose(case, first)
    with pytest.raises(OwnRecovery):
        decide(case, recovery, first)
    with pytest.raises(RecoveryClosed):
        case.handing_over.file(recovery.id, officer=first)


def test_the_rule_of_two_persons_stands_in_the_tables(case_on_each: Case) -> None:
    case = case_on_each
    case.deposit()
    case.issue()
    case.officer("first")
    recovery = propose(case, case.officer("first"))
    case.officer("second")
    mine = update(recoveries).where(recoveries.c.id == recovery.id)
    done = {"state": "approved", "decided_at": case.world.clock.now()}
    for values in (
        {"decided_by": "first", "decided_by_person": "first"},
        {"decided_by": "second", "decided_by_person": "first"},
        {"decided_by": "second", "decided_by_person": "nobody"},
        {"decided_by": "second"},
        {},
    ):
        with pytest.raises(IntegrityError), case.world.database.begin() as connection:
            connection.execute(mine.values(**done, **values))


def test_a_part_goes_to_its_officer_by_the_tables_too(
    case_on_each: Case,
) -> None:
    case = case_on_each
    case.deposit()
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    recovery = decide(case, propose(case, first), second)
    row = {"recovery": recovery.id, "at": case.world.clock.now(), "log_index": 1}
    for values in (
        {"file_to": "second"},
        {"password_to": "first"},
        {"file_to": "first", "password_to": "second"},
        {},
    ):
        with pytest.raises(IntegrityError), case.world.database.begin() as connection:
            connection.execute(insert(handovers).values(**row, **values))


def test_the_same_person_under_another_role_cannot_approve(case: Case) -> None:

    case.deposit()
    case.issue()
    person = case.world.employ(case.institution, number="077777777")
    case.world.enroll("first", person=person)
    recovery = propose(case, Principal("first", Role.RA_OFFICER))
    case.world.subscribers.enroll(person)
    with pytest.raises(OwnRecovery):
        decide(case, recovery, Principal(person, Role.RA_OFFICER))


def test_only_keys_for_decrypting_mail_are_kept(case_on_each: Case) -> None:
    case = case_on_each
    with pytest.raises(NotEscrowable):
        case.deposit(profile="person-signing")
    kept = case.deposit()
    with pytest.raises(IntegrityError), case.world.database.begin() as connection:
        connection.execute(
            update(escrowed_keys)
            .where(escrowed_keys.c.id == kept.id)
            .values(profile="person-signing")
        )


def test_what_is_not_for_our_key_is_refused_at_the_door(case: Case) -> None:
    theirs = SoftwareAgreementKey()
    with pytest.raises(NotEscrowable):
        case.deposit(case.envelope(key_id=theirs.key_id))
    for octets in (b"", b"hello", case.envelope() + b"\x00"):
        with pytest.raises(EnvelopeMalformed):
            case.deposit(octets)
    with pytest.raises(NotEscrowable):
        case.deposit(b"\x30" * 10_000)
    assert case.escrow.of_holder(case.holder) == []


def test_a_deposit_sent_twice_is_one(case_on_each: Case) -> None:
    case = case_on_each
    first = case.deposit()
    again = case.deposit()
    assert again == first
    assert len(case.escrow.of_holder(case.holder)) == 1


def test_an_older_escrow_key_still_opens(case: Case) -> None:
    kept = case.envelope()
    case.world.escrow_store.made.append(SoftwareAgreementKey())
    case.deposit(kept)
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    recovery = decide(case, propose(case, first), second)
    file = case.handing_over.file(recovery.id, officer=first)
    password = case.handing_over.password(recovery.id, officer=second)
    assert load_pkcs12(file, password.encode()).key is not None


def _another_key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda case: case.envelope(b"nonsense"),
        lambda case: case.envelope(b""),
        lambda case: case.envelope(_another_key()),
        lambda case: case.envelope(mac=b"x" * 16),
    ],
    ids=["nonsense", "empty", "another key", "altered"],
)
def test_a_copy_that_does_not_hold_the_key_is_found_out_at_recovery(
    case: Case, make: Callable[[Case], bytes]
) -> None:
    case.deposit(make(case))
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    recovery = decide(case, propose(case, first), second)
    with pytest.raises(RecoveredKeyWrong):
        case.handing_over.file(recovery.id, officer=first)
    told = case.world.escrow_office.notices.of_holder(case.holder)
    assert told[0].event is Event.DAMAGED
    assert case.recoveries.find(recovery.id, within=NATION).handovers == ()


def test_a_key_without_a_certificate_is_not_recovered(case: Case) -> None:
    case.deposit()
    with pytest.raises(NoCertificateOfKey):
        propose(case, case.officer("first"))


def test_a_refusal_has_its_reason_and_ends_the_recovery(case: Case) -> None:
    case.deposit()
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    refused = decide(case, propose(case, first), second, Verdict.REFUSED)
    assert (refused.state, refused.refusal) == (RecoveryState.REFUSED, "Not enough.")
    assert decide(case, refused, second, Verdict.REFUSED) == refused
    with pytest.raises(RecoveryClosed):
        decide(case, refused, second)
    assert case.recoveries.of_holder(case.holder) == []
    assert propose(case, first, "b" * 32).state is RecoveryState.PROPOSED


def test_a_proposal_sent_twice_is_one_and_a_second_waits_for_the_first(case: Case) -> None:
    case.deposit()
    case.issue()
    first = case.officer("first")
    assert propose(case, first) == propose(case, first)
    with pytest.raises(RecoveryUnderWay):
        propose(case, first, "b" * 32)


def test_time_ends_proposals_and_handing_over(case: Case, clock: Any) -> None:
    case.deposit()
    case.issue()
    first, second = case.officer("first"), case.officer("second")
    late = propose(case, first)
    clock.advance(timedelta(days=3))
    with pytest.raises(RecoveryClosed):
        decide(case, late, second)
    recovery = decide(case, propose(case, first, "b" * 32), second)
    case.handing_over.file(recovery.id, officer=first)
    clock.advance(timedelta(days=3))
    for officer, part in ((first, case.handing_over.file), (second, case.handing_over.password)):
        with pytest.raises(RecoveryClosed):
            part(recovery.id, officer=officer)


def test_two_tabs_that_decide_at_once_are_one_decision(case_on_each: Case) -> None:
    case = case_on_each
    case.deposit()
    case.issue()
    recovery = propose(case, case.officer("first"))
    deciders = [case.officer("second"), case.officer("third")]
    verdicts = [Verdict.APPROVED, Verdict.REFUSED]
    outcomes: list[object] = []
    together = Barrier(2)

    def act(officer: Principal, verdict: Verdict) -> None:
        together.wait()
        try:
            outcomes.append(decide(case, recovery, officer, verdict).state)
        except CamtrustError as error:
            outcomes.append(type(error))

    tabs = [Thread(target=act, args=pair) for pair in zip(deciders, verdicts, strict=True)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    final = case.recoveries.find(recovery.id, within=NATION)
    assert set(outcomes) == {final.state, RecoveryClosed}


def test_officers_of_another_institution_see_nothing(case: Case) -> None:
    kept = case.deposit()
    certificate = case.issue()
    other = case.world.found("moi")
    stranger = case.officer("stranger", institution=other)
    own = case.officer("own", institution=case.institution)
    with pytest.raises(EscrowedKeyUnknown):
        propose(case, stranger)
    recovery = propose(case, own)
    for act in (
        lambda: decide(case, recovery, stranger),
        lambda: case.handing_over.file(recovery.id, officer=stranger),
        lambda: case.recoveries.find(recovery.id, within=Jurisdiction.of(stranger)),
    ):
        with pytest.raises(RecoveryUnknown):
            act()
    within = Jurisdiction.of(stranger)
    assert case.recoveries.page(limit=9, within=within) == []
    serial = certificate.serial_number
    assert case.recoveries.keys_of(within=within, limit=9, serial_number=serial) == []
    found = case.recoveries.keys_of(within=Jurisdiction.of(own), limit=9, serial_number=serial)
    assert [one.id for one in found] == [kept.id]


def test_a_holder_withdraws_the_copy_and_nothing_is_left(
    approved: tuple[Case, Recovery, Principal, Principal],
) -> None:
    case, recovery, first, _second = approved
    [key] = case.escrow.of_holder(case.holder)
    with pytest.raises(EscrowedKeyUnknown):
        case.escrow.withdraw(key.id, holder="somebody-else")
    gone = case.escrow.withdraw(key.id, holder=case.holder)
    assert (gone.envelope_der, gone.erased_because) == (None, Erasure.WITHDRAWN)
    assert case.escrow.withdraw(key.id, holder=case.holder) == gone
    with pytest.raises(EscrowedKeyErased):
        case.handing_over.file(recovery.id, officer=first)


@pytest.fixture
def retention(case: Case) -> EscrowRetention:
    return EscrowRetention(
        database=case.world.database,
        escrow=case.escrow,
        register=case.world.register,
        settings=EscrowSettings(),
        clock=case.world.clock,
    )


def test_a_copy_that_no_certificate_came_of_is_erased(
    case: Case, retention: EscrowRetention, clock: Any
) -> None:
    case.deposit()
    clock.advance(timedelta(days=89))
    assert retention.erase_old() == 0
    clock.advance(timedelta(days=1))
    assert (retention.erase_old(), retention.erase_old()) == (1, 0)
    [key] = case.escrow.of_holder(case.holder)
    assert key.erased_because is Erasure.UNUSED


def test_a_copy_is_kept_ten_years_after_the_certificate_s_end(
    case: Case, retention: EscrowRetention, clock: Any
) -> None:
    case.deposit()
    certificate = case.issue()
    clock.instant = certificate.not_valid_after_utc + timedelta(days=3649)
    assert retention.erase_old() == 0
    clock.advance(timedelta(days=1))
    assert retention.erase_old() == 1
    [key] = case.escrow.of_holder(case.holder)
    assert key.erased_because is Erasure.EXPIRED


def test_another_s_deposit_for_the_same_request_hinders_nobody(case: Case) -> None:
    thief = case.world.subscribers.enroll(case.world.employ(case.institution, number="099999999"))
    case.deposit(case.envelope(b"rubbish"), holder=thief)
    mine = case.deposit()
    assert mine.holder == case.holder and len(case.escrow.of_holder(case.holder)) == 1


def test_without_an_escrow_key_nothing_is_offered(case: Case) -> None:
    keys = case.world.escrow_keys
    assert keys.offered_for("person-signing") is None
    assert keys.offered_for("person-mail-encryption") is not None
    case.world.escrow_store.made.clear()
    assert keys.offered_for("person-mail-encryption") is None


def test_an_ec_key_is_recovered_as_well(case: Case) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ours = replace(case, key=key)  # type: ignore[arg-type]
    ours.deposit(csr=verify_csr(csr_for(key)))
    certificate = ours.issue()
    first, second = case.officer("first"), case.officer("second")
    recovery = decide(ours, propose(ours, first), second)
    file = ours.handing_over.file(recovery.id, officer=first)
    password = ours.handing_over.password(recovery.id, officer=second)
    held = load_pkcs12(file, password.encode())
    assert held.cert is not None and held.cert.certificate == certificate
