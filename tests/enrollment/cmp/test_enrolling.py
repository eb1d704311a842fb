"""Requests within a grant, updates and revocations; and those for what is another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from flask.testing import FlaskClient

from ca.revocation.reasons import RevocationReason
from enrollment.grants.grant import Grant
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.cmp.client import (
    Answer,
    Client,
    add_control,
    cert_conf,
    cert_request,
    general,
    mac_client,
    new_key,
    old_cert_id,
    p10cr,
    poll_req,
    revocation,
    set_name,
    signing_client,
    update,
)
from tests.enrollment.grants.world import SERVER
from tests.enrollment.world import World


def confirmed(client: Client, answer: Answer) -> x509.Certificate:
    assert client.go_on(answer, cert_conf(answer.certificate)).kind == "pkiconf"
    return answer.certificate


def add_names(*names: str) -> Callable[[Any], None]:
    def change(request: Any) -> None:
        value = x509.SubjectAlternativeName([x509.DNSName(one) for one in names]).public_bytes()
        extension = request["certTemplate"]["extensions"][0]
        extension["extnID"], extension["extnValue"] = "2.5.29.17", value

    return change


def dns_names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


@pytest.fixture
def servers(world: World, http: FlaskClient, granted: Callable[..., Grant]) -> Client:
    """A client of a grant for servers."""
    return mac_client(world, http, granted(dns_names=(SERVER, "*.moh.gov.kh")))


def test_a_request_gets_the_names_of_the_grant_or_those_it_asks_for(servers: Client) -> None:
    assert dns_names(servers.ask(cert_request(new_key())).certificate) == [SERVER]
    asked = cert_request(new_key(), change=add_names("a.moh.gov.kh", SERVER))
    assert dns_names(servers.ask(asked).certificate) == ["a.moh.gov.kh", SERVER]


def test_a_name_outside_the_grant_is_refused(servers: Client) -> None:
    asked = cert_request(new_key(), change=add_names("other.gov.kh"))
    refused = servers.ask(asked)
    assert (refused.kind, refused.status, refused.failure) == ("ip", 2, "notAuthorized")
    assert "does not cover" in refused.text


def test_a_grant_is_for_so_many_certificates(
    world: World, http: FlaskClient, granted: Callable[..., Grant]
) -> None:
    grant = granted(profile="service-client", certificates_allowed=1)
    client = mac_client(world, http, grant)
    confirmed(client, client.ask(cert_request(new_key())))
    refused = client.ask(cert_request(new_key()))
    assert (refused.status, refused.failure) == (2, "notAuthorized")
    assert refused.is_protected


def test_a_withdrawn_grant_gives_nothing_and_revokes_nothing(
    world: World, client: Client, grant: Grant
) -> None:
    certificate = confirmed(client, client.ask(cert_request(new_key())))
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    for fill in (cert_request(new_key()), revocation(certificate), general()):
        assert client.ask(fill).failure == "notAuthorized"


def test_a_holder_revokes_with_the_certificate_when_the_grant_is_withdrawn_or_over(
    world: World, http: FlaskClient, granted: Callable[..., Grant]
) -> None:
    grant = granted(profile="service-client", expires_at=world.clock.now() + timedelta(days=3))
    client = mac_client(world, http, grant)
    first, second = (confirmed(client, client.ask(cert_request(new_key()))) for _ in range(2))
    key = new_key()
    third = confirmed(client, client.ask(cert_request(key)))
    world.clock.advance(timedelta(days=4))
    assert client.ask(cert_request(new_key())).failure == "notAuthorized"
    assert client.ask(revocation(first, reason=1)).status == 0
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    signed = signing_client(world, http, third, key)
    assert signed.ask(cert_request(new_key(), kind="cr")).failure == "notAuthorized"
    assert signed.ask(revocation(second)).status == 0


def test_a_shorter_validity_is_given_and_a_longer_one_refused(world: World, client: Client) -> None:
    def until(moment: datetime) -> Callable[[Any], None]:
        def change(request: Any) -> None:
            validity = request["certTemplate"]["validity"]
            validity["notAfter"]["utcTime"] = f"{moment:%y%m%d%H%M%S}Z"

        return change

    soon = world.clock.now() + timedelta(days=10)
    given = client.ask(cert_request(new_key(), change=until(soon))).certificate
    assert abs(given.not_valid_after_utc - soon) < timedelta(seconds=2)
    far = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
    refused = client.ask(cert_request(new_key(), change=until(far)))
    assert (refused.status, refused.failure) == (2, "badCertTemplate")


def test_the_issuer_may_be_named_and_has_to_be_the_one(world: World, client: Client) -> None:
    def issuer(role: str) -> Callable[[Any], None]:
        name = world.hierarchy.issuers[role].certificate.subject

        def change(request: Any) -> None:
            set_name(request["certTemplate"]["issuer"], name)

        return change

    assert client.ask(cert_request(new_key(), change=issuer("programs"))).kind == "ip"
    refused = client.ask(cert_request(new_key(), change=issuer("people")))
    assert (refused.status, refused.failure) == (2, "wrongAuthority")


def _serial_number(request: Any) -> None:
    request["certTemplate"]["serialNumber"] = 7


def _version(request: Any) -> None:
    request["certTemplate"]["version"] = 0


def _signing_algorithm(request: Any) -> None:
    request["certTemplate"]["signingAlg"]["algorithm"] = "1.2.840.10045.4.3.2"


def _no_key(request: Any) -> None:
    key = request["certTemplate"]["publicKey"]
    key["subjectPublicKey"] = "''B"


def _archive(request: Any) -> None:
    add_control(request, "1.3.6.1.5.5.7.5.1.4", b"\x82\x01\xff")


def test_a_template_that_asks_for_what_nobody_gets_is_refused(
    world: World, client: Client, grant: Grant
) -> None:
    for change in (_serial_number, _version, _signing_algorithm, _no_key, _archive):
        refused = client.ask(cert_request(new_key(), change=change))
        assert refused.failure == "badCertTemplate"
    assert world.grants.find(grant.id).certificates_used == 0


def test_an_extension_that_the_profile_never_takes_is_refused(client: Client) -> None:
    def change(request: Any) -> None:
        extension = request["certTemplate"]["extensions"][0]
        extension["extnID"], extension["extnValue"] = "2.5.29.32", b"\x30\x00"

    assert client.ask(cert_request(new_key(), change=change)).failure == "badCertTemplate"


def test_possession_is_proven_by_the_key_itself(world: World, client: Client, grant: Grant) -> None:
    by_another = client.ask(cert_request(new_key(), signer=new_key()))
    assert (by_another.kind, by_another.failure) == ("error", "badPOP")
    assert client.ask(cert_request(new_key(), popo="none")).failure == "badPOP"
    assert client.ask(cert_request(new_key(), popo="raVerified")).failure == "badPOP"
    assert world.grants.find(grant.id).certificates_used == 0


def test_a_registration_authority_is_believed_when_its_grant_says_so(
    world: World, http: FlaskClient, granted: Callable[..., Grant]
) -> None:
    ra = mac_client(world, http, granted(profile="service-client", verifies_possession=True))
    key = new_key()
    answer = ra.ask(cert_request(key, popo="raVerified"))
    assert answer.certificate.public_key() == key.public_key()
    assert ra.ask(cert_request(new_key(), popo="none")).failure == "badPOP"
    # Delayed, it is believed as before.
    world.keys.away = True
    waiting = ra.ask(cert_request(new_key(), popo="raVerified"))
    world.keys.away = False
    assert ra.go_on(waiting, poll_req()).kind == "ip"


def test_a_p10cr_with_a_false_signature_is_refused(client: Client) -> None:
    good = csr_for(new_key())
    refused = client.ask(p10cr(good[:-1] + bytes([good[-1] ^ 1])))
    assert refused.failure == "badPOP"


def test_the_key_of_another_holder_is_refused_and_not_counted(
    world: World, http: FlaskClient, client: Client, granted: Callable[..., Grant]
) -> None:
    key = new_key()
    confirmed(client, client.ask(cert_request(key)))
    grant = granted(profile="service-client", holder="organization:NTRKH-777")
    refused = mac_client(world, http, grant).ask(cert_request(key))
    assert (refused.status, refused.failure) == (2, "badCertTemplate")
    assert world.grants.find(grant.id).certificates_used == 0


# Updates.


def test_a_client_updates_its_certificate_by_mac_and_by_signature(
    world: World, http: FlaskClient, client: Client, grant: Grant
) -> None:
    key = new_key()
    first = confirmed(client, client.ask(cert_request(key)))
    by_mac = confirmed(client, client.ask(update(new_key(), first)))
    signed = signing_client(world, http, first, key)
    renewed = confirmed(signed, signed.ask(update(new_key(), first)))
    unnamed = confirmed(signed, signed.ask(update(new_key(), first, named=False)))
    assert {one.subject for one in (by_mac, renewed, unnamed)} == {first.subject}
    assert world.grants.find(grant.id).certificates_used == 1


def test_an_update_keeps_the_names_of_the_certificate(servers: Client) -> None:
    asked = cert_request(new_key(), change=add_names("b.moh.gov.kh", "a.moh.gov.kh"))
    first = confirmed(servers, servers.ask(asked))
    renewed = servers.ask(update(new_key(), first, subject=first.subject.rfc4514_string()))
    assert renewed.certificate.subject == first.subject
    assert dns_names(renewed.certificate) == ["b.moh.gov.kh", "a.moh.gov.kh"]
    refused = servers.ask(update(new_key(), first, subject="CN=c.moh.gov.kh"))
    assert (refused.status, refused.failure) == (2, "badCertTemplate")


def test_an_update_for_other_names_is_refused(servers: Client) -> None:
    first = confirmed(servers, servers.ask(cert_request(new_key())))

    def change(request: Any) -> None:
        add_control(request, "1.3.6.1.5.5.7.5.1.5", old_cert_id(first))
        add_names("a.moh.gov.kh")(request)

    asked = cert_request(new_key(), kind="kur", subject=None, change=change)
    assert servers.ask(asked).failure == "badCertTemplate"


def test_the_certificate_of_another_grant_is_not_updated_nor_revoked(
    world: World, http: FlaskClient, client: Client, granted: Callable[..., Grant]
) -> None:
    other = mac_client(world, http, granted(profile="service-client"))
    theirs = confirmed(other, other.ask(cert_request(new_key())))
    key = new_key()
    mine = confirmed(client, client.ask(cert_request(key)))
    officers = world.issue("ra-officer", "person:somebody")
    signed = signing_client(world, http, mine, key)
    for sender in (client, signed):
        for victim in (theirs, officers):
            refused = sender.ask(update(new_key(), victim))
            assert (refused.kind, refused.status, refused.failure) == ("kup", 2, "badCertId")
            refused = sender.ask(revocation(victim, reason=1))
            assert (refused.kind, refused.status, refused.failure) == ("rp", 2, "badCertId")
            [held] = world.register.find(victim.serial_number)
            assert held.standing == "good"


def test_an_update_is_signed_with_the_certificate_that_it_updates(
    world: World, http: FlaskClient, client: Client
) -> None:
    key = new_key()
    mine = confirmed(client, client.ask(cert_request(key)))
    also_mine = confirmed(client, client.ask(cert_request(new_key())))
    refused = signing_client(world, http, mine, key).ask(update(new_key(), also_mine))
    assert (refused.status, refused.failure) == (2, "notAuthorized")


def test_what_does_not_hold_any_more_is_not_updated(world: World, client: Client) -> None:
    first = confirmed(client, client.ask(cert_request(new_key())))
    world.revocation.revoke(
        serial_number=first.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    refused = client.ask(update(new_key(), first))
    assert (refused.status, refused.failure) == (2, "certRevoked")
    unnamed = client.ask(update(new_key(), first, named=False))
    assert unnamed.failure == "badCertId"


# Revocations.


def test_a_revocation_has_its_reason_and_is_done_once(world: World, client: Client) -> None:
    certificate = confirmed(client, client.ask(cert_request(new_key())))
    client.begin()
    data = client.message(revocation(certificate, reason=4))
    answer = client.send(data)
    assert (answer.kind, answer.status) == ("rp", 0)
    [held] = world.register.find(certificate.serial_number)
    assert (held.standing, held.reason) == ("revoked", "superseded")
    assert client.send(data).failure == "transactionIdInUse"
    again = client.ask(revocation(certificate, reason=1))
    assert (again.kind, again.status, again.failure) == ("rp", 2, "certRevoked")


def test_a_reason_that_is_not_a_holders_is_refused(world: World, client: Client) -> None:
    certificate = confirmed(client, client.ask(cert_request(new_key())))
    for reason in (2, 6, 7, 8, 9, 10, 99, -1):
        refused = client.ask(revocation(certificate, reason=reason))
        assert (refused.status, refused.failure) == (2, "badRequest")
    [held] = world.register.find(certificate.serial_number)
    assert held.standing == "good"


def test_a_serial_number_of_nobody_is_refused(client: Client) -> None:
    certificate = confirmed(client, client.ask(cert_request(new_key())))
    for number in (0, -1, 7, 1 << 159, 1 << 160, 1 << 2000):
        refused = client.ask(revocation(certificate, serial_number=number))
        assert (refused.status, refused.failure) == (2, "badCertId")


def test_one_revocation_in_a_message_is_answered(client: Client) -> None:
    certificate = confirmed(client, client.ask(cert_request(new_key())))
    assert client.ask(revocation(certificate, copies=2)).failure == "badRequest"


def test_a_revocation_that_names_no_issuer_is_refused(client: Client) -> None:
    def fill(body: Any) -> None:
        body["rr"][0]["certDetails"]["serialNumber"] = 7

    assert client.ask(fill).failure == "badCertTemplate"
