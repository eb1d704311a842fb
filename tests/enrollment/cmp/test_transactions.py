"""Transactions: confirmed, rejected, left alone, replayed, delayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.database import Database, DatabaseUnavailable
from enrollment.cmp.errors import CmpNotConfirmed
from enrollment.cmp.settings import CmpSettings
from enrollment.cmp.transactions import State
from enrollment.grants.grant import Grant, GrantProtocol
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.cmp.client import (
    SHA512_OID,
    Answer,
    Client,
    by_signature,
    cert_conf,
    cert_request,
    error_message,
    mac_client,
    new_key,
    p10cr,
    poll_req,
    reject_all,
    revocation,
)
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World

IMPLICIT_CONFIRM = "1.3.6.1.5.5.7.4.13"
CONFIRM_WAIT_TIME = "1.3.6.1.5.5.7.4.14"


def standing(world: World, certificate: x509.Certificate) -> str:
    [held] = world.register.find(certificate.serial_number)
    return held.standing


def confirmed(client: Client, answer: Answer) -> None:
    assert client.go_on(answer, cert_conf(answer.certificate)).kind == "pkiconf"


def test_a_certificate_is_issued_and_confirmed(world: World, client: Client) -> None:
    key = new_key()
    answer = client.ask(cert_request(key))
    assert (answer.kind, answer.status) == ("ip", 1)
    assert "officers granted" in answer.text
    assert answer.certificate.public_key() == key.public_key()
    assert CONFIRM_WAIT_TIME in answer.general_info()
    [issuer] = answer.extra_certs
    answer.certificate.verify_directly_issued_by(issuer)
    confirmed(client, answer)
    world.clock.advance(timedelta(hours=1))
    world.cmp.unwanted.revoke_all()
    assert standing(world, answer.certificate) == "good"


def test_a_request_without_a_subject_is_accepted_as_it_is(client: Client) -> None:
    assert client.ask(cert_request(new_key(), subject=None)).status == 0


def test_the_nonces_and_the_transaction_are_those_of_the_request(client: Client) -> None:
    answer = client.ask(cert_request(new_key()), nonce=b"n" * 16)
    header = answer.message["header"]
    assert bytes(header["recipNonce"]) == b"n" * 16
    assert bytes(header["transactionID"]) == client.transaction
    assert len(answer.nonce) == 16


def test_a_message_sent_again_is_refused_and_gets_nothing(
    world: World, client: Client, grant: Grant
) -> None:
    client.begin()
    data = client.message(cert_request(new_key()))
    first = client.send(data)
    again = client.send(data)
    assert (again.kind, again.failure) == ("error", "transactionIdInUse")
    assert again.is_protected
    assert world.grants.find(grant.id).certificates_used == 1
    confirmed(client, first)
    assert client.send(data).failure == "transactionIdInUse"


def test_a_replay_after_its_transaction_was_forgotten_is_refused_for_its_age(
    world: World, client: Client
) -> None:
    client.begin()
    data = client.message(cert_request(new_key()))
    confirmed(client, client.send(data))
    world.clock.advance(timedelta(days=2))
    world.cmp.transactions.forget_old()
    assert client.send(data).failure == "badTime"


def test_a_message_without_a_time_is_never_forgotten(world: World, client: Client) -> None:
    client.begin()
    data = client.message(cert_request(new_key()), time=None)
    confirmed(client, client.send(data))
    world.clock.advance(timedelta(days=400))
    world.cmp.transactions.forget_old()
    # Its grant is over by then; the replay is known all the same.
    assert client.send(data).failure in {"transactionIdInUse", "notAuthorized"}
    confirm = client.message(poll_req(), time=None)
    assert client.send(confirm).failure == "certConfirmed"


def test_two_clients_may_use_the_same_transaction_id(
    world: World, http: FlaskClient, client: Client, granted: Callable[..., Grant]
) -> None:
    other = mac_client(world, http, granted(profile="service-client"))
    client.begin()
    other.transaction = client.transaction
    answers = [one.send(one.message(cert_request(new_key()))) for one in (client, other)]
    assert [one.kind for one in answers] == ["ip", "ip"]
    refused = other.go_on(answers[0], cert_conf(answers[0].certificate))
    assert refused.failure == "badRecipientNonce"


def test_a_certificate_that_is_rejected_is_revoked(world: World, client: Client) -> None:
    for reject in (
        lambda answer: cert_conf(answer.certificate, status=2),
        lambda answer: reject_all,
        lambda answer: error_message,
    ):
        answer = client.ask(cert_request(new_key()))
        assert client.go_on(answer, reject(answer)).kind == "pkiconf"
        assert standing(world, answer.certificate) == "revoked"
        again = client.go_on(answer, cert_conf(answer.certificate))
        assert again.failure == "certRevoked"


def test_a_certificate_that_nobody_confirms_is_revoked_by_the_job(
    world: World, client: Client
) -> None:
    answer = client.ask(cert_request(new_key()))
    world.clock.advance(timedelta(minutes=29))
    assert world.cmp.unwanted.revoke_all() == 0
    assert standing(world, answer.certificate) == "good"
    world.clock.advance(timedelta(minutes=2))
    late = client.go_on(answer, cert_conf(answer.certificate))
    assert late.failure == "certRevoked"
    assert world.cmp.unwanted.revoke_all() == 1
    assert standing(world, answer.certificate) == "revoked"
    [held] = world.register.find(answer.certificate.serial_number)
    assert held.reason == "cessationOfOperation"
    assert world.cmp.unwanted.revoke_all() == 0
    assert client.go_on(answer, cert_conf(answer.certificate)).failure == "certRevoked"


def test_a_rejected_certificate_is_revoked_later_when_the_log_is_away(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_facts: object) -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    answer = client.ask(cert_request(new_key()))
    with monkeypatch.context() as patched:
        patched.setattr(world.revocation, "revoke", away)
        assert client.go_on(answer, cert_conf(answer.certificate, status=2)).kind == "pkiconf"
        with pytest.raises(DatabaseUnavailable):
            world.cmp.unwanted.revoke_all()
    assert standing(world, answer.certificate) == "good"
    assert world.cmp.unwanted.revoke_all() == 1
    assert standing(world, answer.certificate) == "revoked"


def test_a_certificate_that_was_issued_and_never_sent_is_revoked(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object, **_facts: object) -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    with monkeypatch.context() as patched:
        patched.setattr(world.cmp.transactions, "deliver", killed)
        refused = client.ask(cert_request(new_key()))
    assert refused.failure == "systemUnavail"
    [certificate] = world.register.page(limit=1, profile="service-client")
    assert certificate.standing == "good"
    world.clock.advance(timedelta(hours=1))
    assert world.cmp.unwanted.revoke_all() == 1
    [certificate] = world.register.page(limit=1, profile="service-client")
    assert certificate.standing == "revoked"


def test_a_certificate_that_comes_after_its_transaction_was_given_up_is_revoked(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = world.granted_issuance.issue

    def slow(request: object) -> object:
        world.clock.advance(timedelta(hours=1))
        world.cmp.unwanted.revoke_all()
        return issue(request)  # type: ignore[arg-type]

    monkeypatch.setattr(world.granted_issuance, "issue", slow)
    refused = client.ask(cert_request(new_key()))
    assert refused.kind == "error"
    [certificate] = world.register.page(limit=1, profile="service-client")
    assert certificate.standing == "revoked"


def test_implicit_confirmation_is_granted_to_whom_it_is_asked_by(
    world: World, client: Client
) -> None:
    answer = client.ask(cert_request(new_key()), info={IMPLICIT_CONFIRM: b"\x05\x00"})
    assert IMPLICIT_CONFIRM in answer.general_info()
    again = client.go_on(answer, cert_conf(answer.certificate))
    assert again.failure == "certConfirmed"
    world.clock.advance(timedelta(hours=1))
    world.cmp.unwanted.revoke_all()
    assert standing(world, answer.certificate) == "good"


def test_a_confirmation_of_another_certificate_confirms_nothing(
    world: World, client: Client
) -> None:
    answer = client.ask(cert_request(new_key()))
    wrong = cert_conf(answer.certificate, cert_hash=b"w" * 32)
    assert client.go_on(answer, wrong).failure == "badCertId"
    numbered = cert_conf(answer.certificate, number=7)
    assert client.go_on(answer, numbered).failure == "badCertId"
    unanswered = cert_conf(answer.certificate)
    assert client.go_on(answer, unanswered, recip_nonce=None).failure == "badRecipientNonce"
    assert client.go_on(answer, unanswered, recip_nonce=b"w" * 16).failure == "badRecipientNonce"
    confirmed(client, answer)
    assert client.go_on(answer, unanswered).failure == "certConfirmed"


def test_a_confirmation_may_name_its_hash_in_version_3_alone(client: Client) -> None:
    answer = client.ask(cert_request(new_key()), pvno=3)
    assert int(answer.message["header"]["pvno"]) == 3
    named = cert_conf(answer.certificate, algorithm=SHA512_OID)
    assert client.go_on(answer, named, pvno=2).failure == "badCertId"
    assert client.go_on(answer, named, pvno=3).kind == "pkiconf"


def test_a_confirmation_of_nothing_is_refused(world: World, client: Client) -> None:
    client.begin()
    answer = client.ask(cert_request(new_key()))
    client.begin()
    refused = client.go_on(answer, cert_conf(answer.certificate))
    assert (refused.kind, refused.failure) == ("error", "badRequest")


def test_a_transaction_keeps_its_protection(world: World, client: Client) -> None:
    key = new_key()
    first = client.ask(cert_request(key))
    confirmed(client, first)
    second = client.ask(cert_request(new_key()))
    signed = client.go_on(
        second,
        cert_conf(second.certificate),
        protect=by_signature(first.certificate, key),
        certificates=[first.certificate],
    )
    assert signed.failure == "wrongIntegrity"


def test_a_delayed_request_is_polled_for_until_it_is_answered(
    world: World, client: Client, grant: Grant
) -> None:
    key = new_key()
    world.keys.away = True
    waiting = client.ask(cert_request(key))
    assert (waiting.kind, waiting.status) == ("ip", 3)
    still = client.go_on(waiting, poll_req())
    assert still.kind == "pollRep"
    assert int(still.content[0]["checkAfter"]) == CmpSettings().poll_seconds
    # An answer of before is not repeated to whoever sends the same poll again.
    assert client.go_on(waiting, poll_req()).failure == "badRecipientNonce"
    assert client.go_on(still, poll_req(4)).failure == "badRequest"
    assert client.go_on(still, cert_conf_of_nothing).failure == "badRequest"
    world.keys.away = False
    world.recovery.recover()
    answer = client.go_on(still, poll_req())
    assert answer.kind == "ip"
    assert answer.certificate.public_key() == key.public_key()
    confirmed(client, answer)
    assert world.grants.find(grant.id).certificates_used == 1
    assert client.go_on(answer, poll_req()).failure == "certConfirmed"


def cert_conf_of_nothing(body: object) -> None:
    reject_all(body)


def test_a_delayed_p10cr_is_polled_for_by_its_number(world: World, client: Client) -> None:
    world.keys.away = True
    waiting = client.ask(p10cr(csr_for(new_key())))
    assert (waiting.kind, waiting.status) == ("cp", 3)
    world.keys.away = False
    answer = client.go_on(waiting, poll_req(-1))
    assert answer.kind == "cp"
    assert client.go_on(answer, cert_conf(answer.certificate, number=-1)).kind == "pkiconf"


def test_what_nobody_polls_for_is_given_up(world: World, client: Client) -> None:
    world.keys.away = True
    waiting = client.ask(cert_request(new_key()))
    world.keys.away = False
    world.clock.advance(timedelta(hours=73))
    world.cmp.unwanted.revoke_all()
    assert client.go_on(waiting, poll_req()).failure == "certRevoked"


def test_a_request_that_is_refused_when_polled_for_is_told_so(
    world: World, client: Client, grant: Grant
) -> None:
    world.keys.away = True
    waiting = client.ask(cert_request(new_key()))
    world.keys.away = False
    with world.database.begin() as connection:
        connection.exec_driver_sql("UPDATE grants SET expires_at = '2020-01-01 00:00:00'")
    refused = client.go_on(waiting, poll_req())
    assert (refused.kind, refused.status, refused.failure) == ("ip", 2, "notAuthorized")


def test_a_database_that_is_away_is_said_to_be_away(
    world: World, client: Client, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    with monkeypatch.context() as patched:
        patched.setattr(world.database, "begin", away)
        patched.setattr(world.database, "read", away)
        refused = client.ask(cert_request(new_key()))
    assert (refused.kind, refused.failure) == ("error", "systemUnavail")
    assert client.ask(cert_request(new_key())).kind == "ip"


def test_of_two_who_settle_a_transaction_at_once_one_succeeds(either_world: World) -> None:
    world = either_world
    http = create_app(world.parts(), Listener.PUBLIC).test_client()
    grant = active_grant(world, protocol=GrantProtocol.CMP, profile="service-client", dns_names=())
    client = mac_client(world, http, grant)
    answer = client.ask(cert_request(new_key()))
    transaction = world.cmp.transactions.find(
        f"mac:{grant.id}",
        client.transaction,
        grant_id=grant.id,
        state=State.UNCONFIRMED,
        recip_nonce=answer.nonce,
    )
    world.clock.advance(timedelta(hours=1))
    world.cmp.unwanted.revoke_all()
    with pytest.raises(CmpNotConfirmed):
        world.cmp.transactions.confirm(transaction)
    assert client.send(client.message(cert_request(new_key()))).failure == "transactionIdInUse"
    second = client.ask(cert_request(new_key()))
    confirmed(client, second)
    assert client.ask(revocation(second.certificate)).status == 0
