"""What stands in a CRL, when one is due, and that numbers only rise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import delete, func, select, update

from ca.crl.building import EXPIRED_CERTS_ON_CRL
from ca.crl.crls import Crls
from ca.crl.due import NEVER
from ca.crl.errors import CrlUnknown, NoBaseCrl, ScopeClosed
from ca.crl.record import IssuedCrl
from ca.crl.settings import CrlSettings
from ca.models import authorities, crl_parts, revocations
from ca.models import crls as crls_table
from ca.publication import PublicationUrls
from ca.revocation.models import status_scopes
from ca.revocation.reasons import RevocationReason
from ca.revocation.revocation import Revocation
from tests.ca.revocation.world import URLS, Keeps, World, entries_of

Later = Callable[..., None]


def parse(issued: IssuedCrl) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(issued.crl_der)


def serials_in(issued: IssuedCrl) -> set[int]:
    return {one.serial_number for one in parse(issued)}


def reason_in(issued: IssuedCrl, serial_number: int) -> x509.ReasonFlags | None:
    entry = parse(issued).get_revoked_certificate_by_serial_number(serial_number)
    assert entry is not None
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def test_a_complete_crl_lists_what_is_revoked_and_what_is_on_hold(
    world: World, revocation: Revocation, crls: Crls
) -> None:
    revoked, held, released, good = (world.issue("people-1").serial_number for _ in range(4))
    revocation.revoke(serial_number=revoked, reason=RevocationReason.KEY_COMPROMISE)
    revocation.hold(serial_number=held)
    revocation.hold(serial_number=released)
    revocation.release(serial_number=released)

    issued = crls.issue("people-1", 0)

    assert serials_in(issued) == {revoked, held}
    assert good not in serials_in(issued)
    assert reason_in(issued, revoked) is x509.ReasonFlags.key_compromise
    assert reason_in(issued, held) is x509.ReasonFlags.certificate_hold
    crl = parse(issued)
    assert crl.is_signature_valid(world.signers["people-1"].public_key)
    assert crl.next_update_utc == crl.last_update_utc + timedelta(hours=72)


def test_unspecified_is_no_reason_code_and_an_invalidity_date_is_told(
    world: World, revocation: Revocation, crls: Crls
) -> None:
    plain, dated = (world.issue("people-1").serial_number for _ in range(2))
    since = datetime(2026, 11, 1, 12, 30, 15, tzinfo=UTC)
    revocation.revoke(serial_number=plain, reason=RevocationReason.UNSPECIFIED)
    revocation.revoke(
        serial_number=dated, reason=RevocationReason.KEY_COMPROMISE, invalidity_date=since
    )

    crl = parse(crls.issue("people-1", 0))

    first = crl.get_revoked_certificate_by_serial_number(plain)
    second = crl.get_revoked_certificate_by_serial_number(dated)
    assert first is not None
    assert second is not None
    assert list(first.extensions) == []
    told = second.extensions.get_extension_for_class(x509.InvalidityDate).value
    assert told.invalidity_date_utc == since


def test_the_distribution_point_is_critical_and_that_of_the_certificate(
    world: World, crls: Crls
) -> None:
    certificate = world.issue("people-1")
    named = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value

    crl = parse(crls.issue("people-1", 0))

    point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert point.critical
    assert point.value.full_name == named[0].full_name
    freshest = crl.extensions.get_extension_for_class(x509.FreshestCRL)
    assert not freshest.critical
    assert freshest.value[0].full_name == [
        x509.UniformResourceIdentifier(URLS.delta_crl("people-1", 0))
    ]


def test_each_certificate_is_on_the_crl_of_its_shard_alone(
    world: World, revocation: Revocation, crls: Crls
) -> None:
    serials = world.issue_many("devices-1", 20)
    for serial in serials:
        revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    even, odd = crls.issue("devices-1", 0), crls.issue("devices-1", 1)

    assert serials_in(even) == {one for one in serials if one % 2 == 0}
    assert serials_in(odd) == {one for one in serials if one % 2 == 1}
    with pytest.raises(CrlUnknown):
        crls.issue("devices-1", 2)


def test_without_entries_the_list_is_absent(world: World, crls: Crls) -> None:
    assert len(parse(crls.issue("people-1", 0))) == 0


def test_numbers_rise_in_one_sequence_for_complete_and_delta(crls: Crls, later: Later) -> None:
    numbers = []
    for _ in range(3):
        numbers.append(crls.issue("people-1", 0).number)
        numbers.append(crls.issue_delta("people-1", 0).number)
        later(seconds=1)

    assert numbers == sorted(set(numbers))


def test_a_restored_backup_cannot_turn_the_numbers_back(
    world: World, crls: Crls, later: Later
) -> None:
    before = crls.issue("people-1", 0).number
    later(minutes=5)
    lost = crls.issue("people-1", 0).number
    with world.database.begin() as connection:
        connection.execute(delete(crl_parts).where(crl_parts.c.number == lost))
        connection.execute(delete(crls_table).where(crls_table.c.number == lost))
        connection.execute(update(status_scopes).values(last_number=before))
    later(seconds=1)

    assert crls.issue("people-1", 0).number > lost


def test_a_clock_that_stands_or_goes_back_does_not_stop_the_numbers(
    crls: Crls, later: Later
) -> None:
    first = crls.issue("people-1", 0)
    second = crls.issue("people-1", 0)
    later(hours=-3)
    third = crls.issue("people-1", 0)

    assert first.number < second.number < third.number
    assert first.this_update < second.this_update < third.this_update


def test_a_number_that_was_taken_is_never_taken_again(
    world: World, crls: Crls, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def dies(_keys: object, key_id: bytes) -> None:
        with world.database.read() as connection:
            [number] = connection.scalars(
                select(status_scopes.c.last_number).where(status_scopes.c.last_number > 0)
            )
        taken.append(number)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(world.keys), "signing_key", dies)
        with pytest.raises(KeyboardInterrupt):
            crls.issue("people-1", 0)

    assert crls.issue("people-1", 0).number > taken[0]


def test_a_delta_lists_what_changed_since_its_base(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    old, held, upgraded, fresh = (world.issue("people-1").serial_number for _ in range(4))
    revocation.revoke(serial_number=old, reason=RevocationReason.SUPERSEDED)
    revocation.hold(serial_number=held)
    revocation.hold(serial_number=upgraded)
    base = crls.issue("people-1", 0)
    revocation.release(serial_number=held)
    revocation.revoke(serial_number=upgraded, reason=RevocationReason.KEY_COMPROMISE)
    revocation.revoke(serial_number=fresh, reason=RevocationReason.SUPERSEDED)
    later(minutes=20)

    delta = crls.issue_delta("people-1", 0)

    assert serials_in(delta) == {held, upgraded, fresh}
    assert reason_in(delta, held) is x509.ReasonFlags.remove_from_crl
    assert reason_in(delta, upgraded) is x509.ReasonFlags.key_compromise
    indicator = parse(delta).extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert indicator.critical
    assert indicator.value.crl_number == base.number
    with pytest.raises(x509.ExtensionNotFound):
        parse(delta).extensions.get_extension_for_class(x509.FreshestCRL)
    point = parse(delta).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert point == parse(base).extensions.get_extension_for_class(x509.IssuingDistributionPoint)


def test_base_and_delta_together_say_what_a_new_complete_crl_says(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    serials = [world.issue("people-1").serial_number for _ in range(8)]
    for one in serials[:4]:
        revocation.hold(serial_number=one)
    base = crls.issue("people-1", 0)
    revocation.release(serial_number=serials[0])
    revocation.release(serial_number=serials[1])
    revocation.hold(serial_number=serials[1])
    for one in serials[4:6]:
        revocation.hold(serial_number=one)
    revocation.release(serial_number=serials[5])
    delta = crls.issue_delta("people-1", 0)

    together = serials_in(base)
    for entry in parse(delta):
        together.add(entry.serial_number)
        if reason_in(delta, entry.serial_number) is x509.ReasonFlags.remove_from_crl:
            together.discard(entry.serial_number)

    later(seconds=1)
    assert together == serials_in(crls.issue("people-1", 0))


def test_a_delta_needs_a_complete_crl(crls: Crls) -> None:
    with pytest.raises(NoBaseCrl):
        crls.issue_delta("people-1", 0)


def test_expired_revocations_leave_after_one_more_crl_or_stay_for_ever(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    signer = world.issue("people-1", days=2).serial_number
    device = world.issue("devices-1", days=2).serial_number
    for one in (signer, device):
        revocation.revoke(serial_number=one, reason=RevocationReason.SUPERSEDED)
    later(days=1)
    assert device in serials_in(crls.issue("devices-1", 0))
    later(days=3)

    first, second = crls.issue("devices-1", 0), crls.issue("devices-1", 0)
    kept = [crls.issue("people-1", 0), crls.issue("people-1", 0)]

    # RFC 5280, Section 3.3: once more after expiry, then gone.
    assert device in serials_in(first)
    assert device not in serials_in(second)
    assert all(signer in serials_in(one) for one in kept)


def test_expired_certs_on_crl_stands_where_all_revocations_stay(
    crls: Crls, retention: Keeps
) -> None:
    keeping, other = parse(crls.issue("people-1", 0)), parse(crls.issue("devices-1", 0))

    extension = keeping.extensions.get_extension_for_oid(EXPIRED_CERTS_ON_CRL)
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    assert extension.value.value == b"\x18\x0f" + b"20260101000000Z"
    assert not extension.critical
    with pytest.raises(x509.ExtensionNotFound):
        other.extensions.get_extension_for_oid(EXPIRED_CERTS_ON_CRL)


def test_everything_is_due_at_first_and_nothing_right_after(crls: Crls) -> None:
    first = crls.issue_due()

    # The root's CRL comes from a ceremony: its key is offline.
    assert {(one.authority, one.shard) for one in first} == {
        ("people-1", 0),
        ("devices-1", 0),
        ("devices-1", 1),
    }
    assert crls.issue_due() == []


def test_deltas_come_by_the_quarter_hour_and_complete_crls_within_the_hour_of_a_change(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    crls.issue_due()
    serial = world.issue("people-1").serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)

    later(minutes=16)
    deltas = crls.issue_due()
    assert len(deltas) == 3
    assert all(one.is_delta for one in deltas)
    assert serial in serials_in(next(one for one in deltas if one.authority == "people-1"))

    later(minutes=35)
    complete = [one for one in crls.issue_due() if not one.is_delta]
    assert [one.authority for one in complete] == ["people-1"]
    assert serial in serials_in(complete[0])

    later(hours=24, minutes=1)
    assert len([one for one in crls.issue_due() if not one.is_delta]) == 3


def test_many_at_once_issue_each_due_crl_once(world: World, crls: Crls) -> None:
    issued: list[IssuedCrl] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            issued.extend(crls.issue_due())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failures == []
    assert len(issued) == 3
    with world.database.read() as connection:
        stored = connection.execute(select(func.count()).select_from(crls_table)).scalar_one()
    assert stored == 3
    assert [one.kind for one in entries_of(world.database)].count("crl-issued") == 3


def test_many_who_insist_never_share_a_number(world: World, crls: Crls) -> None:
    numbers: list[int] = []

    def work() -> None:
        for _ in range(4):
            try:
                numbers.append(crls.issue("people-1", 0).number)
            except Exception as error:
                assert "newer CRL" in str(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(numbers) == len(set(numbers)) > 0
    assert crls.newest("people-1", 0).number == max(numbers)


def test_a_revocation_during_a_crl_is_in_it_or_in_the_next_delta(
    world: World, revocation: Revocation, crls: Crls, monkeypatch: pytest.MonkeyPatch
) -> None:
    serials = [world.issue("people-1").serial_number for _ in range(2)]
    real = crls._issue_complete

    def revoke_then_go_on(*arguments: object) -> IssuedCrl:
        revocation.revoke(serial_number=serials[0], reason=RevocationReason.SUPERSEDED)
        issued = real(*arguments)  # type: ignore[arg-type]
        revocation.revoke(serial_number=serials[1], reason=RevocationReason.SUPERSEDED)
        return issued

    monkeypatch.setattr(crls, "_issue_complete", revoke_then_go_on)
    base = crls.issue("people-1", 0)
    delta = crls.issue_delta("people-1", 0)

    assert serials_in(base) | serials_in(delta) == set(serials)
    assert serials[1] in serials_in(delta)


def test_the_last_crl_holds_for_ever_and_none_follows(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    serial = world.issue("devices-1").serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.CESSATION_OF_OPERATION)

    last = crls.issue_last("devices-1")

    assert [one.shard for one in last] == [0, 1]
    assert all(one.next_update == NEVER for one in last)
    assert b"99991231235959Z" in last[0].crl_der
    assert serial in serials_in(last[0])
    with pytest.raises(ScopeClosed):
        crls.issue("devices-1", 0)
    with pytest.raises(ScopeClosed):
        crls.issue_delta("devices-1", 0)
    assert [one.number for one in crls.issue_last("devices-1")] == [one.number for one in last]
    later(days=400)
    assert "devices-1" not in {one.authority for one in crls.issue_due()}


def test_a_terminated_authority_issues_nothing_by_itself(world: World, crls: Crls) -> None:
    with world.database.begin() as connection:
        connection.execute(
            update(authorities).where(authorities.c.name == "people-1").values(state="terminated")
        )

    assert {one.authority for one in crls.issue_due()} == {"devices-1"}


def test_files_are_published_replaced_and_never_turned_back(
    crls: Crls, folder: Path, later: Later
) -> None:
    first = crls.issue("people-1", 0)
    path = folder / "crl" / "people-1" / "0.crl"
    assert path.read_bytes() == first.crl_der
    later(minutes=1)
    second = crls.issue("people-1", 0)
    assert path.read_bytes() == second.crl_der

    crls._files.publish(first)

    assert path.read_bytes() == second.crl_der
    delta = crls.issue_delta("people-1", 0)
    assert (folder / "crl" / "people-1" / "0-delta.crl").read_bytes() == delta.crl_der
    assert {one.name for one in path.parent.iterdir()} == {"0.crl", "0-delta.crl", ".lock"}


def test_a_file_that_was_lost_or_damaged_is_written_again(
    crls: Crls, folder: Path, world: World
) -> None:
    issued = {(one.authority, one.shard): one for one in crls.issue_due()}
    root = crls.issue("root-1", 0)
    (folder / "crl" / "people-1" / "0.crl").unlink()
    (folder / "crl" / "root-1" / "0.crl").write_bytes(b"half a")

    assert crls.issue_due() == []

    assert (folder / "crl" / "people-1" / "0.crl").read_bytes() == issued["people-1", 0].crl_der
    assert (folder / "crl" / "root-1" / "0.crl").read_bytes() == root.crl_der


def test_an_anchors_crl_holds_a_year_is_about_all_and_promises_no_delta(crls: Crls) -> None:
    root = crls.issue("root-1", 0)

    assert root.next_update - root.this_update == timedelta(days=365)
    for kind in (x509.FreshestCRL, x509.IssuingDistributionPoint):
        with pytest.raises(x509.ExtensionNotFound):
            parse(root).extensions.get_extension_for_class(kind)


def test_an_anchor_whose_key_is_online_has_its_crl_issued_when_due(
    world: World, crls: Crls, later: Later
) -> None:
    world.add_authority("health-1")

    def of_health() -> list[IssuedCrl]:
        return [one for one in crls.issue_due() if one.authority == "health-1"]

    [first] = of_health()
    assert first.next_update - first.this_update == timedelta(hours=72)
    later(minutes=16)
    # No delta: the complete CRL promised none.
    assert of_health() == []
    later(hours=24)
    [second] = of_health()
    assert not second.is_delta
    assert second.number > first.number


def test_a_development_installation_may_publish_on_localhost(
    world: World, retention: Keeps, folder: Path
) -> None:
    url = "http://localhost:8080"
    crls = Crls(
        database=world.database,
        log=world.log,
        keys=world.keys,  # type: ignore[arg-type]
        authorities=world.authorities,
        retention=retention,
        urls=PublicationUrls(url),
        settings=CrlSettings(),
        folder=folder,
        clock=world.clock,
    )

    complete, delta = crls.issue("people-1", 0), crls.issue_delta("people-1", 0)

    for one in (complete, delta):
        point = parse(one).extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        assert [name.value for name in point.full_name or []] == [f"{url}/crl/people-1/0.crl"]


def test_only_the_newest_lists_are_kept_and_every_number_is(world: World, crls: Crls) -> None:
    for _ in range(3):
        crls.issue("people-1", 0)
        crls.issue_delta("people-1", 0)

    assert len(crls.all("people-1")) == 2
    with world.database.read() as connection:
        stored = connection.execute(select(func.count()).select_from(crls_table)).scalar_one()
    assert stored == 6


def test_a_token_that_is_away_keeps_no_other_authority_back(world: World, crls: Crls) -> None:
    from core.errors import CamtrustError

    lost = world.keys.held.pop(world.signers["devices-1"].key_id)
    with pytest.raises(CamtrustError):
        crls.issue_due()
    assert crls.newest("people-1", 0)

    world.keys.held[lost.key_id] = lost
    assert {one.authority for one in crls.issue_due()} == {"devices-1"}


def test_a_claim_whose_process_died_is_taken_over_after_ten_minutes(
    world: World, crls: Crls, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_keys: object, key_id: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(world.keys), "signing_key", dies)
        with pytest.raises(KeyboardInterrupt):
            crls.issue_due()
    left_out = ("devices-1", 0)
    assert left_out not in {(one.authority, one.shard) for one in crls.issue_due()}

    later(minutes=11)

    assert {(one.authority, one.shard) for one in crls.issue_due()} == {left_out}


def test_an_expired_row_of_a_keeping_authority_is_never_left_out(
    world: World, revocation: Revocation, crls: Crls, later: Later
) -> None:
    serial = world.issue("people-1", days=1).serial_number
    revocation.revoke(serial_number=serial, reason=RevocationReason.SUPERSEDED)
    with world.database.begin() as connection:
        # As recovery writes it, which knows nothing of retention.
        connection.execute(update(revocations).values(stays_after_expiry=False))
    later(days=5)
    crls.issue("people-1", 0)

    assert serial in serials_in(crls.issue("people-1", 0))
