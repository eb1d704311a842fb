"""Who gets in over the officers' listener, and who does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from ca.models import authorities, certificates
from ca.revocation.reasons import RevocationReason
from camtrust.app import create_app
from camtrust.listeners import Listener
from core.access import Role
from enrollment.errors import (
    CertificateNotForRole,
    ClientCertificateMalformed,
    OfficerExists,
    OfficerStateRefused,
)
from enrollment.officers import PROFILES, OfficerState
from enrollment.sign_in.certificates import read_certificate_header
from tests.ca.revocation.world import entries_of
from tests.enrollment.world import PUBLIC_URL, Caller, World, front_header, officers_client, slug


def me(client: FlaskClient, certificate: x509.Certificate | None) -> Any:
    return Caller(client, certificate).get("/me")


def test_an_enrolled_officer_is_known(world: World, client: FlaskClient) -> None:
    world.enroll("officer-1")
    assert me(client, world.held["officer-1"]).get_json() == {
        "id": "officer-1",
        "institution": None,
        "role": "ra-officer",
        "scopes": None,
    }


@pytest.mark.parametrize("role", list(PROFILES))
def test_every_role_signs_in_with_the_profile_that_fits(
    world: World, client: FlaskClient, role: Role
) -> None:
    world.enroll("somebody", role)
    answer = me(client, world.held["somebody"])
    # At the counter nobody reads applications: signed in, and refused for that alone.
    known = slug(answer) if role is Role.COUNTER_OFFICER else answer.get_json()["role"]
    assert known == ("permission-lacking" if role is Role.COUNTER_OFFICER else role)


def test_without_a_certificate_nobody_is_signed_in(client: FlaskClient) -> None:
    answer = me(client, None)
    assert (answer.status_code, slug(answer)) == (401, "sign-in-required")


@pytest.mark.parametrize(
    "header", ["x", "%00", "-----BEGIN%20CERTIFICATE-----", "A" * 20_000, "%FF%FE", "é"]
)
def test_a_header_that_is_no_certificate_is_refused(client: FlaskClient, header: str) -> None:
    answer = client.get("/enrollment/v1/me", headers={"X-SSL-Client-Cert": header})
    assert (answer.status_code, slug(answer)) == (401, "client-certificate-malformed")


def test_a_certificate_of_another_issuer_is_refused(client: FlaskClient, world: World) -> None:
    world.enroll("officer-1")
    key = ec.generate_private_key(ec.SECP256R1())
    genuine = world.held["officer-1"]
    # The names of ours, signed with a key that is not.
    forged = (
        x509.CertificateBuilder()
        .subject_name(genuine.subject)
        .issuer_name(genuine.issuer)
        .serial_number(genuine.serial_number)
        .not_valid_before(genuine.not_valid_before_utc)
        .not_valid_after(genuine.not_valid_after_utc)
        .public_key(key.public_key())
        .sign(key, SHA256())
    )
    answer = me(client, forged)
    assert (answer.status_code, slug(answer)) == (401, "client-certificate-foreign")


def test_a_certificate_that_our_key_signed_behind_our_back_is_refused(
    client: FlaskClient, world: World
) -> None:
    world.enroll("officer-1")
    genuine = world.held["officer-1"]
    issuer_key = world.hierarchy.keys["people-1"]
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    stolen = (
        x509.CertificateBuilder()
        .subject_name(genuine.subject)
        .issuer_name(genuine.issuer)
        .serial_number(genuine.serial_number)
        .not_valid_before(genuine.not_valid_before_utc)
        .not_valid_after(genuine.not_valid_after_utc)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .sign(issuer_key, SHA256())
    )
    assert slug(me(client, stolen)) == "client-certificate-foreign"


def test_an_expired_certificate_is_refused(client: FlaskClient, world: World) -> None:
    world.enroll("officer-1", days=1)
    world.clock.advance(timedelta(days=2))
    answer = me(client, world.held["officer-1"])
    assert (answer.status_code, slug(answer)) == (401, "client-certificate-expired")


def test_a_certificate_is_refused_before_it_begins(client: FlaskClient, world: World) -> None:
    world.enroll("officer-1")
    world.clock.advance(timedelta(days=-2))
    assert slug(me(client, world.held["officer-1"])) == "client-certificate-expired"


@pytest.mark.parametrize("reason", [RevocationReason.SUPERSEDED, RevocationReason.CERTIFICATE_HOLD])
def test_a_revoked_certificate_or_one_on_hold_is_refused_at_once(
    client: FlaskClient, world: World, reason: RevocationReason
) -> None:
    world.enroll("officer-1")
    certificate = world.held["officer-1"]
    assert me(client, certificate).status_code == 200
    world.revocation.revoke(serial_number=certificate.serial_number, reason=reason)
    answer = me(client, certificate)
    assert (answer.status_code, slug(answer)) == (401, "client-certificate-revoked")


def test_a_certificate_below_a_revoked_authority_is_refused(
    client: FlaskClient, world: World
) -> None:
    world.enroll("officer-1")
    above = world.hierarchy.issuers["people"].certificate
    with world.database.begin() as connection:
        connection.execute(
            insert(certificates).values(
                authority="root-1",
                serial_number=above.serial_number,
                state="issued",
                profile="issuing-ca",
                profile_version=1,
                holder="authority:people-1",
                public_key_sha256=b"\x01" * 32,
                tbs_sha256=b"\x02" * 32,
                not_before=above.not_valid_before_utc,
                not_after=above.not_valid_after_utc,
                crl_shard=0,
                reserved_at=world.clock.now(),
                certificate_der=above.public_bytes(Encoding.DER),
            )
        )
    world.revocation.revoke(
        serial_number=above.serial_number,
        authority="root-1",
        reason=RevocationReason.CESSATION_OF_OPERATION,
    )
    assert slug(me(client, world.held["officer-1"])) == "client-certificate-revoked"


def test_a_certificate_of_a_terminated_authority_is_refused(world: World) -> None:
    world.enroll("officer-1")
    with world.database.begin() as connection:
        connection.execute(
            update(authorities).where(authorities.c.name == "people-1").values(state="terminated")
        )
    world.authorities.forget()
    client = officers_client(world)
    assert slug(me(client, world.held["officer-1"])) == "client-certificate-foreign"


def test_a_good_certificate_that_is_bound_to_nobody_is_refused(
    client: FlaskClient, world: World
) -> None:
    answer = me(client, world.issue("ra-officer", "person:stranger"))
    assert (answer.status_code, slug(answer)) == (401, "officer-not-enrolled")


@pytest.mark.parametrize("state", [OfficerState.SUSPENDED, OfficerState.REMOVED])
def test_an_officer_out_of_office_is_refused(
    client: FlaskClient, world: World, state: OfficerState
) -> None:
    world.enroll("officer-1")
    world.officers.change_state(officer_id="officer-1", state=state)
    assert slug(me(client, world.held["officer-1"])) == "officer-not-enrolled"


def test_a_suspended_officer_can_come_back_and_a_removed_one_cannot(world: World) -> None:
    world.enroll("officer-1")
    for state in (OfficerState.SUSPENDED, OfficerState.ACTIVE, OfficerState.REMOVED):
        assert world.officers.change_state(officer_id="officer-1", state=state).state is state
    with pytest.raises(OfficerStateRefused):
        world.officers.change_state(officer_id="officer-1", state=OfficerState.ACTIVE)


def test_a_second_certificate_is_bound_after_a_re_key(world: World, client: FlaskClient) -> None:
    world.enroll("officer-1")
    second = world.issue("ra-officer", "person:officer-1")
    world.officers.bind(officer_id="officer-1", certificate=second)
    assert me(client, second).get_json()["id"] == "officer-1"
    with pytest.raises(OfficerExists):
        world.officers.bind(officer_id="officer-1", certificate=second)


def test_only_a_good_certificate_of_the_fitting_profile_is_enrolled(world: World) -> None:
    program = world.issue("service-client", "program:p")
    with pytest.raises(CertificateNotForRole, match="ra-officer"):
        world.officers.enroll(officer_id="x", role=Role.RA_OFFICER, certificate=program)
    person = world.issue("ra-officer", "person:p")
    with pytest.raises(CertificateNotForRole, match="service-client"):
        world.officers.enroll(officer_id="x", role=Role.SERVICE, certificate=person)
    world.revocation.revoke(serial_number=person.serial_number, reason=RevocationReason.SUPERSEDED)
    with pytest.raises(CertificateNotForRole, match="revoked"):
        world.officers.enroll(officer_id="x", role=Role.RA_OFFICER, certificate=person)


def test_enrolment_is_logged_without_the_officers_name(world: World) -> None:
    world.enroll("officer-1")
    [entry] = [one for one in entries_of(world.database) if one.kind == "officer-enrolled"]
    assert entry.facts["role"] == "ra-officer"
    assert b"officer-1" not in entry.encode()


@pytest.mark.parametrize(
    "name",
    ["X-SSL-Client-Cert", "X_SSL_Client_Cert", "x-ssl-client-cert", "X-Ssl_Client-Cert"],
)
def test_the_public_listener_believes_no_certificate_header(world: World, name: str) -> None:
    world.enroll("officer-1")
    client = create_app(world.parts(), Listener.PUBLIC).test_client()
    answer = client.get("/enrollment/v1/me", headers={name: front_header(world.held["officer-1"])})
    assert answer.status_code == 401
    assert answer.get_json()["type"] == f"{PUBLIC_URL}/problems/sign-in-required"


def test_a_certificate_verified_by_hand_is_judged_the_same(world: World) -> None:
    world.enroll("officer-1")
    assert world.sign_in.sign_in(world.held["officer-1"]).id == "officer-1"


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=400))
def test_a_header_is_read_or_malformed_and_nothing_else(header: str) -> None:
    with pytest.raises(ClientCertificateMalformed):
        read_certificate_header(header)
