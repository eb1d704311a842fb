"""The EST server, through HTTP: enrol, renew, and everything that is refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from flask.testing import FlaskClient

from ca.revocation.reasons import RevocationReason
from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.secrets import as_text
from tests.enrollment.grants.world import SERVER, active_grant
from tests.enrollment.world import World, front_header, slug

EST = "/.well-known/est"
PKCS10 = {"Content-Type": "application/pkcs10"}


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def request_of(
    private: Any = None, *names: str, subject: x509.Name | None = None
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject or x509.Name([]))
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(private or key(), SHA256())


def body(request: x509.CertificateSigningRequest) -> bytes:
    return b64encode(request.public_bytes(Encoding.DER))


def issued(answer: Any) -> x509.Certificate:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "application/pkcs7-mime; smime-type=certs-only"
    [certificate] = load_der_pkcs7_certificates(b64decode(answer.data))
    return certificate


def password(world: World, grant: Grant) -> tuple[str, str]:
    return grant.id, as_text(world.grant_secrets.secret_of(grant.id, "est-password"))


@pytest.fixture
def grant(world: World) -> Grant:
    return active_grant(world, protocol=GrantProtocol.EST)


@pytest.fixture
def public(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.PUBLIC).test_client()


@pytest.fixture
def with_certificates(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.OFFICERS).test_client()


def enroll(client: FlaskClient, auth: Any, data: bytes | None = None, **options: Any) -> Any:
    data = body(request_of()) if data is None else data
    headers = options.pop("headers", PKCS10)
    return client.post(f"{EST}/simpleenroll", data=data, headers=headers, auth=auth, **options)


def re_enroll(client: FlaskClient, present: x509.Certificate, data: bytes) -> Any:
    headers = PKCS10 | {"X-SSL-Client-Cert": front_header(present)}
    return client.post(f"{EST}/simplereenroll", data=data, headers=headers)


def successor(present: x509.Certificate, private: Any = None) -> bytes:
    return body(request_of(private, SERVER, subject=present.subject))


def test_the_authorities_certificates_come_with_the_anchor_first(public: FlaskClient) -> None:
    answer = public.get(f"{EST}/cacerts")
    found = load_der_pkcs7_certificates(b64decode(answer.data))
    assert any(one.subject == one.issuer for one in found)
    assert len(found) > 2


def test_a_client_enrols_with_the_password_of_its_grant(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    private = key()
    certificate = issued(enroll(public, password(world, grant), body(request_of(private, SERVER))))
    assert certificate.public_key() == private.public_key()
    assert world.grants.find(grant.id).certificates_used == 1


def test_a_request_without_names_gets_those_of_the_grant(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    certificate = issued(enroll(public, password(world, grant)))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [SERVER]


def test_the_same_request_gets_the_same_certificate(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    data = body(request_of())
    answers = [issued(enroll(public, password(world, grant), data)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert world.grants.find(grant.id).certificates_used == 1


def test_a_password_for_one_certificate_is_spent_by_it(world: World, public: FlaskClient) -> None:
    grant = active_grant(world, protocol=GrantProtocol.EST, certificates_allowed=1)
    issued(enroll(public, password(world, grant)))
    assert slug(enroll(public, password(world, grant))) == "grant-exhausted"


def test_a_client_renews_with_its_certificate_and_a_new_key(
    world: World, grant: Grant, public: FlaskClient, with_certificates: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    private = key()
    data = successor(present, private)
    renewed = issued(re_enroll(with_certificates, present, data))
    assert renewed.public_key() == private.public_key()
    assert renewed.subject == present.subject
    assert world.grants.find(grant.id).certificates_used == 1
    # Its answer lost, the client asks again.
    assert issued(re_enroll(with_certificates, present, data)) == renewed
    # And the successor renews in its turn.
    issued(re_enroll(with_certificates, renewed, successor(renewed)))


def test_a_renewal_needs_the_same_subject_and_names(
    world: World, grant: Grant, public: FlaskClient, with_certificates: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    other = x509.Name.from_rfc4514_string("CN=other.gov.kh,C=KH")
    wrong = (
        request_of(None, SERVER, subject=other),
        request_of(None, subject=present.subject),
        request_of(None, SERVER, "other.gov.kh", subject=present.subject),
    )
    for asked in wrong:
        refused = re_enroll(with_certificates, present, body(asked))
        assert slug(refused) == "est-renewal-mismatch"


def test_a_revoked_certificate_renews_nothing(
    world: World, grant: Grant, public: FlaskClient, with_certificates: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    world.revocation.revoke(
        serial_number=present.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    refused = re_enroll(with_certificates, present, successor(present))
    assert slug(refused) == "client-certificate-revoked"


def test_an_expired_certificate_renews_nothing(
    world: World, grant: Grant, public: FlaskClient, with_certificates: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    world.clock.advance(timedelta(days=91))
    refused = re_enroll(with_certificates, present, successor(present))
    assert slug(refused) == "client-certificate-expired"


def test_a_withdrawn_grant_renews_nothing(
    world: World, grant: Grant, public: FlaskClient, with_certificates: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    world.grants.withdraw(grant.id, withdrawn_by="granter-0")
    refused = re_enroll(with_certificates, present, successor(present))
    assert slug(refused) == "grant-not-active"


def test_an_officers_certificate_renews_nothing_here(
    world: World, with_certificates: FlaskClient
) -> None:
    world.enroll("somebody")
    present = world.held["somebody"]
    refused = re_enroll(with_certificates, present, successor(present))
    assert slug(refused) == "est-not-renewable"


def test_a_certificate_claimed_at_the_public_listener_counts_for_nothing(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    present = issued(enroll(public, password(world, grant)))
    refused = re_enroll(public, present, successor(present))
    assert (refused.status_code, slug(refused)) == (401, "est-credentials-refused")


@pytest.mark.parametrize(
    "auth",
    [
        None,
        ("", ""),
        ("0" * 32, "guess"),
        ("ឈ្មោះ", "ពាក្យសម្ងាត់"),
        ("x" * 5000, "y" * 5000),
    ],
)
def test_wrong_credentials_are_refused_in_the_same_words(public: FlaskClient, auth: Any) -> None:
    refused = enroll(public, auth)
    assert (refused.status_code, slug(refused)) == (401, "est-credentials-refused")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_password_of_another_grant_or_another_protocol_is_refused(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    other = active_grant(world, protocol=GrantProtocol.EST)
    acme = active_grant(world)
    pairs = [
        (grant.id, password(world, other)[1]),
        (grant.id, as_text(world.grant_secrets.secret_of(grant.id, "cmp-mac"))),
        password(world, acme),
    ]
    for auth in pairs:
        assert slug(enroll(public, auth)) == "est-credentials-refused"


def test_a_bearer_token_is_no_password(public: FlaskClient) -> None:
    refused = enroll(public, None, headers=PKCS10 | {"Authorization": "Bearer abc"})
    assert slug(refused) == "est-credentials-refused"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "csr-truncated"),
        (b"not base64!", "est-body-malformed"),
        (b64encode(b"not DER"), "csr-malformed"),
        (b64encode(b"\x30\x82\xff\xff"), "csr-truncated"),
    ],
)
def test_what_is_no_request_is_refused(
    world: World, grant: Grant, public: FlaskClient, data: bytes, problem: str
) -> None:
    assert slug(enroll(public, password(world, grant), data)) == problem
    assert world.grants.find(grant.id).certificates_used == 0


def test_another_content_type_is_refused(world: World, grant: Grant, public: FlaskClient) -> None:
    headers = {"Content-Type": "application/json"}
    refused = enroll(public, password(world, grant), headers=headers)
    assert slug(refused) == "unsupported-media-type"


def test_a_name_outside_the_grant_is_refused(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    data = body(request_of(None, "other.gov.kh"))
    assert slug(enroll(public, password(world, grant), data)) == "est-name-not-granted"


def test_a_grant_for_names_below_needs_the_name_in_the_request(
    world: World, public: FlaskClient
) -> None:
    grant = active_grant(world, protocol=GrantProtocol.EST, dns_names=("*.moh.gov.kh",))
    assert slug(enroll(public, password(world, grant))) == "est-name-not-granted"
    issued(enroll(public, password(world, grant), body(request_of(None, "a.moh.gov.kh"))))


def test_the_key_of_another_holder_is_refused_and_not_counted(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    private = key()
    issued(enroll(public, password(world, grant), body(request_of(private))))
    other = active_grant(world, protocol=GrantProtocol.EST, holder="organization:NTRKH-777")
    refused = enroll(public, password(world, other), body(request_of(private)))
    assert slug(refused) == "key-belongs-to-another"
    assert world.grants.find(other.id).certificates_used == 0


def test_the_server_makes_no_keys(public: FlaskClient) -> None:
    refused = public.post(f"{EST}/serverkeygen", data=b"", headers=PKCS10)
    assert (refused.status_code, slug(refused)) == (403, "server-key-not-offered")


def test_plain_http_from_elsewhere_is_refused(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    refused = enroll(public, password(world, grant), environ_base=elsewhere)
    assert slug(refused) == "transport-not-secure"
    issued(
        enroll(
            public,
            password(world, grant),
            environ_base=elsewhere,
            environ_overrides={"wsgi.url_scheme": "https"},
        )
    )


def test_the_attributes_name_the_key_that_the_profile_takes(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    assert public.get(f"{EST}/csrattrs").status_code == 204
    answer = public.get(f"{EST}/csrattrs", auth=password(world, grant))
    assert answer.content_type == "application/csrattrs"
    der = b64decode(answer.data)
    # SEQUENCE { SEQUENCE { ecPublicKey, SET { secp256r1 } }, subjectAltName }
    wanted = "301c301506072a8648ce3d0201310a06082a8648ce3d0301070603551d11"
    assert der.hex() == wanted


def test_a_profile_of_rsa_keys_asks_for_3072_bits(world: World, public: FlaskClient) -> None:
    grant = active_grant(world, protocol=GrantProtocol.EST, profile="xroad-authentication")
    answer = public.get(f"{EST}/csrattrs", auth=password(world, grant))
    assert bytes.fromhex("02020c00") in b64decode(answer.data)
    private = rsa.generate_private_key(65537, 3072)
    issued(enroll(public, password(world, grant), body(request_of(private, SERVER))))


def test_a_token_that_is_away_is_said_to_be_away_and_the_same_request_succeeds_later(
    world: World, grant: Grant, public: FlaskClient
) -> None:
    data = body(request_of())
    world.keys.away = True
    away = enroll(public, password(world, grant), data)
    assert away.status_code == 503
    assert away.headers["Retry-After"]
    world.keys.away = False
    world.recovery.recover()
    issued(enroll(public, password(world, grant), data))
