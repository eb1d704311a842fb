"""Renewal information (RFC 9773): when to renew, what an order replaces, what that costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from enrollment.acme.certificate_ids import CertificateId, certificate_id, parse_certificate_id
from enrollment.grants.grant import Grant
from tests.enrollment.acme.client import AcmeClient, b64
from tests.enrollment.acme.membership import csr_der, issue, kind, member_of
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World

pytestmark = pytest.mark.usefixtures("no_caa")


@pytest.fixture
def grant(world: World) -> Grant:
    return active_grant(world, preauthorized=(SERVER,), certificates_allowed=3)


@pytest.fixture
def member(world: World, grant: Grant) -> AcmeClient:
    return member_of(world, grant)


def window(client: AcmeClient, certificate: x509.Certificate) -> tuple[datetime, datetime]:
    answer = client.client.get(f"/acme/renewal-info/{certificate_id(certificate)}")
    assert answer.status_code == 200
    assert int(answer.headers["Retry-After"]) > 0
    suggested = answer.get_json()["suggestedWindow"]
    start, end = (
        datetime.strptime(suggested[one], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        for one in ("start", "end")
    )
    return start, end


def test_the_identifier_is_the_one_of_the_specification() -> None:
    # RFC 9773, Section 4.1: 00 87 65 43 21, with the zero that DER has.
    text = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
    key = bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4")
    assert str(CertificateId(key, 0x87654321)) == text
    assert parse_certificate_id(text) == CertificateId(key, 0x87654321)


def test_the_window_lies_inside_the_validity_and_in_the_past_once_revoked(
    world: World, member: AcmeClient
) -> None:
    _order, certificate = issue(member, SERVER)
    start, end = window(member, certificate)
    assert certificate.not_valid_before_utc < start < end < certificate.not_valid_after_utc
    assert start > world.clock.now()
    der = b64(certificate.public_bytes(Encoding.DER))
    assert member.post("/revoke-certificate", {"certificate": der}).status_code == 200
    start, end = window(member, certificate)
    assert start < end <= world.clock.now()


@pytest.mark.parametrize("wanted", ["x", "AAAA", "AAAA.", ".AAAA", "AAAA.AAAA.AAAA", "AAAA.Bw"])
def test_of_what_was_never_issued_nothing_is_known(member: AcmeClient, wanted: str) -> None:
    answer = member.client.get(f"/acme/renewal-info/{wanted}")
    assert answer.status_code == 404
    assert kind(answer) == "malformed"


def test_a_certificate_is_replaced_once(member: AcmeClient) -> None:
    _order, first = issue(member, SERVER)
    replaces = str(certificate_id(first))
    order, second = issue(member, SERVER, replaces=replaces)
    assert order.get_json()["replaces"] == replaces
    assert second.serial_number != first.serial_number
    again = member.order(SERVER, replaces=replaces)
    assert again.status_code == 409
    assert kind(again) == "alreadyReplaced"


def test_an_order_that_was_taken_before_the_replacement_is_not_finalized(
    member: AcmeClient,
) -> None:
    _order, first = issue(member, SERVER)
    replaces = str(certificate_id(first))
    late = member.order(SERVER, replaces=replaces).get_json()
    issue(member, SERVER, replaces=replaces)
    assert kind(member.post(late["finalize"], {"csr": csr_der(SERVER)})) == "alreadyReplaced"


def test_a_renewal_that_is_due_is_not_counted_and_an_early_one_is(
    world: World, grant: Grant, member: AcmeClient
) -> None:
    _order, first = issue(member, SERVER)
    _order, second = issue(member, SERVER, replaces=str(certificate_id(first)))
    assert world.grants.find(grant.id).certificates_used == 2
    world.clock.instant = window(member, second)[0] + timedelta(hours=1)
    order = member.order(SERVER, replaces=str(certificate_id(second))).get_json()
    done = member.post(order["finalize"], {"csr": csr_der(SERVER)}).get_json()
    assert done["status"] == "valid"
    assert world.grants.find(grant.id).certificates_used == 2


def test_nobody_replaces_anothers_certificate_nor_one_of_other_names(
    world: World, member: AcmeClient
) -> None:
    _order, certificate = issue(member, SERVER)
    replaces = str(certificate_id(certificate))
    other = active_grant(world, preauthorized=(SERVER,))
    assert kind(member_of(world, other).order(SERVER, replaces=replaces)) == "malformed"
    for unknown in ("AAAA.Bw", "x", ""):
        assert kind(member.order(SERVER, replaces=unknown)) == "malformed"
