"""Issuing within a grant: what it fixes, what it counts, and what a crash or a race leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

from ca.csr import verify_csr
from core.errors import CamtrustError, Unacceptable
from enrollment.grants.errors import GrantExhausted, GrantNotActive
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.issuing import GrantedRequest
from hsm.errors import TokenUnavailable
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World


def request_for(grant: Grant, reference: str = "order-1", **changes: Any) -> GrantedRequest:
    request = GrantedRequest(
        grant_id=grant.id,
        protocol=grant.protocol,
        csr=verify_csr(csr_for(ec.generate_private_key(ec.SECP256R1()))),
        reference=reference,
        facts={"dns_names": (SERVER,), "server_name": SERVER},
    )
    return replace(request, **changes)


def used(world: World, grant: Grant) -> int:
    return world.grants.find(grant.id).certificates_used


def test_the_certificate_has_the_grants_subject_and_the_proven_names(either_world: World) -> None:
    world = either_world
    grant = active_grant(world)
    delivered = world.granted_issuance.issue(request_for(grant))
    certificate = x509.load_der_x509_certificate(delivered.certificate_der)
    [organization] = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organization.value == grant.facts["organization_name"]
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    assert list(names.value) == [x509.DNSName(SERVER)]  # type: ignore[call-overload]
    [held] = world.register.find(delivered.serial_number)
    assert held.holder == grant.holder
    assert used(world, grant) == 1
    found = world.granted_issuance.grant_of(
        authority=delivered.authority, serial_number=delivered.serial_number
    )
    assert found == grant.id
    assert world.granted_issuance.grant_of(authority="devices-1", serial_number=1) is None


def test_what_the_protocol_says_never_replaces_what_officers_decided(world: World) -> None:
    grant = active_grant(world)
    facts = {"dns_names": (SERVER,), "server_name": SERVER, "organization_name": "Somebody else"}
    delivered = world.granted_issuance.issue(request_for(grant, facts=facts))
    assert b"Somebody else" not in delivered.certificate_der


def test_one_reference_is_one_certificate_and_counts_once(world: World) -> None:
    grant = active_grant(world)
    request = request_for(grant)
    first = world.granted_issuance.issue(request)
    assert world.granted_issuance.issue(request).certificate_der == first.certificate_der
    assert used(world, grant) == 1


def test_a_grant_is_used_up_and_its_renewals_are_not_counted(world: World) -> None:
    grant = active_grant(world, certificates_allowed=1)
    world.granted_issuance.issue(request_for(grant))
    further = request_for(grant, "order-2")
    with pytest.raises(GrantExhausted):
        world.granted_issuance.issue(further)
    world.granted_issuance.issue(replace(further, renews=True))
    assert used(world, grant) == 1


def test_what_issuance_refuses_for_good_gives_the_use_back(world: World) -> None:
    grant = active_grant(world, certificates_allowed=1)
    wrong = request_for(grant, facts={})
    with pytest.raises(Unacceptable):
        world.granted_issuance.prepare(grant, wrong)
    with pytest.raises(Unacceptable):
        world.granted_issuance.issue(wrong)
    assert used(world, grant) == 0
    world.granted_issuance.issue(request_for(grant))


def test_a_token_that_is_away_leaves_the_use_to_the_same_request(world: World) -> None:
    grant = active_grant(world, certificates_allowed=1)
    request = request_for(grant)
    world.keys.away = True
    with pytest.raises(TokenUnavailable):
        world.granted_issuance.issue(request)
    assert used(world, grant) == 1
    world.keys.away = False
    world.recovery.recover()
    world.granted_issuance.issue(request)
    assert used(world, grant) == 1


@pytest.mark.parametrize("protocol", [GrantProtocol.EST, GrantProtocol.CMP])
def test_another_protocol_gets_nothing(world: World, protocol: GrantProtocol) -> None:
    grant = active_grant(world)
    with pytest.raises(GrantNotActive):
        world.granted_issuance.issue(request_for(grant, protocol=protocol))


def test_a_withdrawn_grant_gives_no_renewal_either(world: World) -> None:
    grant = active_grant(world)
    request = request_for(grant)
    world.granted_issuance.issue(request)
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    for asked in (request, request_for(grant, "order-2", renews=True)):
        with pytest.raises(GrantNotActive):
            world.granted_issuance.issue(asked)


def test_many_at_once_never_get_more_than_the_grant_allows(either_world: World) -> None:
    world = either_world
    grant = active_grant(world, certificates_allowed=3)
    requests = [request_for(grant, f"order-{number}") for number in range(8)]

    def attempt(request: GrantedRequest) -> bool:
        try:
            world.granted_issuance.issue(request)
        except GrantExhausted:
            return False
        except CamtrustError as error:
            raise AssertionError(error.problem) from error
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, requests)) == 3
    assert used(world, grant) == 3
