"""X-Road's security servers get authentication and signing certificates by ACME."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from core.database import Database
from enrollment.acme.settings import AcmeSettings
from enrollment.grants.errors import GrantRefused
from enrollment.grants.grant import Grant, GrantProtocol
from tests.enrollment.acme.client import AcmeClient, b64
from tests.enrollment.acme.files import files_of
from tests.enrollment.acme.membership import kind, member_of, new_client, secret
from tests.enrollment.acme.serving import Served, serving
from tests.enrollment.acme.xroad import ATTEMPTS, SecurityServer, member_code, request_of
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World

SERVER = "ss1.moh.gov.kh"
AUTHENTICATION, SIGNING = "xroad-authentication", "xroad-signing"


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Served]:
    with serving(database, tmp_path) as running:
        running.dns.set_a(SERVER, "127.0.0.1")
        challenges(running).mkdir(parents=True)
        with files_of(tmp_path / "web", running.http_port):
            yield running


def challenges(served: Served) -> Path:
    return served.folder / "web" / ".well-known" / "acme-challenge"


def granted(world: World, profile: str, **changes: Any) -> Grant:
    return active_grant(world, profile=profile, dns_names=(SERVER,), **changes)


def security_server(served: Served, grant: Grant) -> SecurityServer:
    """One that registered with the key identifier that it has for this kind of certificate."""
    server = SecurityServer(new_client(served.world), challenges(served))
    answer = server.acme.register(grant.id, secret(served.world, grant))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return server


def test_an_authentication_certificate_whose_request_has_the_members_code(
    served: Served,
) -> None:
    server = security_server(served, granted(served.world, AUTHENTICATION))
    csr = request_of(member_code("CAMBODIA/SS1/GOV"), names=(SERVER,))
    certificate, *_chain = server.order_certificate(SERVER, csr)
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == SERVER
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert extension.value.get_values_for_type(x509.DNSName) == [SERVER]


@pytest.mark.parametrize("names", [(SERVER,), ()])
def test_a_signing_certificate_names_the_member_and_no_server(
    served: Served, names: tuple[str, ...]
) -> None:
    grant = granted(served.world, SIGNING)
    server = security_server(served, grant)
    csr = request_of(member_code("Ministry of Health"), names=names)
    certificate, *chain = server.order_certificate(SERVER, csr)
    assert certificate.verify_directly_issued_by(chain[0]) is None
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert SERVER not in certificate.subject.rfc4514_string()
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == grant.facts["organization_name"]
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.digital_signature


def test_each_order_is_challenged_for_nothing_else_is_finalized(served: Served) -> None:
    # X-Road's client waits in vain for an order whose names need no challenge.
    grant = granted(served.world, AUTHENTICATION, preauthorized=(SERVER,))
    server = security_server(served, grant)
    serials = set()
    for _ in range(2):
        csr = request_of(member_code("CAMBODIA/SS1/GOV"), names=(SERVER,))
        serials.add(server.order_certificate(SERVER, csr)[0].serial_number)
    assert len(serials) == 2


def test_a_name_that_is_not_shown_to_be_theirs_is_not_signed_for(served: Served) -> None:
    grant = granted(served.world, SIGNING)
    server = security_server(served, grant)
    order = server.acme.order(SERVER).get_json()
    assert order["status"] == "pending"
    csr = request_of(member_code("Ministry of Health"), names=())
    assert kind(server.acme.post(order["finalize"], {"csr": csr})) == "orderNotReady"
    assert kind(server.acme.order("ss2.moh.gov.kh")) == "rejectedIdentifier"


def test_a_request_for_a_signature_names_no_other_server(served: Served) -> None:
    server = security_server(served, granted(served.world, SIGNING))
    csr = request_of(member_code("Ministry of Health"), names=("ss2.moh.gov.kh",))
    with pytest.raises(AssertionError, match="badCSR"):
        server.order_certificate(SERVER, csr)


def test_who_controls_the_server_does_not_revoke_its_members_certificates(
    served: Served,
) -> None:
    signing = security_server(served, granted(served.world, SIGNING))
    csr = request_of(member_code("Ministry of Health"), names=(SERVER,))
    certificate = signing.order_certificate(SERVER, csr)[0]
    other = security_server(served, granted(served.world, AUTHENTICATION))
    csr = request_of(member_code("CAMBODIA/SS1/GOV"), names=(SERVER,))
    other.order_certificate(SERVER, csr)
    wish = {"certificate": b64(certificate.public_bytes(Encoding.DER))}
    assert kind(other.acme.post("/revoke-certificate", wish)) == "unauthorized"
    assert signing.acme.post("/revoke-certificate", wish).status_code == 200


def test_a_signing_grant_has_names_for_acme_and_for_nothing_else(world: World) -> None:
    with pytest.raises(GrantRefused):
        active_grant(world, profile=SIGNING, dns_names=())
    with pytest.raises(GrantRefused):
        granted(world, SIGNING, protocol=GrantProtocol.EST)
    with pytest.raises(GrantRefused):
        granted(world, "person-signing")


def test_five_questions_take_as_long_as_the_slowest_validation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.acme_settings = AcmeSettings(answer_within_seconds=0)
    looked = threading.Event()
    monkeypatch.setattr(world.acme._validator, "validate", lambda _challenge: looked.wait(30))
    client: AcmeClient = member_of(world, granted(world, AUTHENTICATION))
    url = client.order(SERVER).get_json()["authorizations"][0]
    challenge = client.post(url, None).get_json()["challenges"][0]
    answer = client.post(challenge["url"], {})
    assert answer.get_json()["status"] == "processing"
    assert int(answer.headers["Retry-After"]) * ATTEMPTS >= 25
    looked.set()
