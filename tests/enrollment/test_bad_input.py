"""What strangers and broken clients send: each defect has its problem, and none is a 500."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import insert

from ca.models import blocked_keys
from hsm.keys import key_id_of
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import Caller, World, facts_of, pem_csr, slug

MakeCaller = Callable[..., Caller]


@pytest.fixture
def clerk(caller: MakeCaller) -> Caller:
    return caller("clerk")


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"


def send(clerk: Caller, csr: str, profile: str = "person-signing", /, **changed: Any) -> Any:
    body = {
        "profile": profile,
        "csr": csr,
        "holder": "person:IDCKH-012345678",
        "facts": facts_of("person-signing"),
        **changed,
    }
    return clerk.post("/applications", json=body)


def flipped(der: bytes) -> bytes:
    return der[:-1] + bytes([der[-1] ^ 1])


def with_extension(extension: x509.ExtensionType) -> bytes:
    return csr_for(key(), extension)


def named(*attributes: x509.NameAttribute[str]) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    return builder.sign(key(), SHA256()).public_bytes(Encoding.DER)


def long_name() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return named(x509.NameAttribute(NameOID.COMMON_NAME, "x" * 300, _validate=False))


DEFECTS: dict[str, tuple[Callable[[], str], int]] = {
    "csr-truncated": (lambda: pem(csr_for(key())[:-10]), 400),
    "csr-trailing-data": (lambda: pem(csr_for(key()) + b"\x00"), 400),
    "csr-pem-malformed": (lambda: pem_csr(csr_for(key())).replace("M", "!", 1), 400),
    "csr-malformed": (lambda: "hello", 400),
    "csr-signature-wrong": (lambda: pem(flipped(csr_for(key()))), 422),
    "csr-rsa-too-small": (
        lambda: pem(csr_for(rsa.generate_private_key(65537, 2048))),
        422,
    ),
    "csr-rsa-exponent": (lambda: pem(csr_for(rsa.generate_private_key(3, 3072))), 422),
    "csr-curve": (lambda: pem(csr_for(ec.generate_private_key(ec.SECP256K1()))), 422),
    "csr-name-too-long": (
        lambda: pem(long_name()),
        422,
    ),
    "csr-name-character": (
        lambda: pem(named(x509.NameAttribute(NameOID.COMMON_NAME, "a\x00b"))),
        422,
    ),
    "csr-name-bidi": (lambda: pem(named(x509.NameAttribute(NameOID.COMMON_NAME, "a\u202eb"))), 422),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_of_a_request_has_its_own_problem(clerk: Caller, defect: str) -> None:
    make, status = DEFECTS[defect]
    answer = send(clerk, make())
    assert (slug(answer), answer.status_code) == (defect, status)


def test_a_request_to_become_an_authority_is_refused(clerk: Caller) -> None:
    answer = send(clerk, pem(with_extension(x509.BasicConstraints(ca=True, path_length=None))))
    assert answer.status_code == 422
    assert slug(answer) not in {"unacceptable", "internal-error"}


def test_a_foreign_extension_is_refused(clerk: Caller) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    answer = send(clerk, pem(with_extension(unknown)))
    assert answer.status_code == 422
    assert slug(answer) not in {"unacceptable", "internal-error"}


def test_a_key_that_is_certified_for_someone_else_is_refused(
    clerk: Caller, caller: MakeCaller
) -> None:
    first, second, shared = caller("first"), caller("second"), key()
    application = clerk.submit(key=shared).get_json()["id"]
    first.approve(application)
    assert second.approve(application).get_json()["state"] == "issued"
    answer = clerk.submit(key=shared, holder="person:IDCKH-999999999")
    assert (answer.status_code, slug(answer)) == (409, "key-belongs-to-another")


def test_a_key_that_is_known_to_be_compromised_is_refused(clerk: Caller, world: World) -> None:
    bad = key()
    with world.database.begin() as connection:
        connection.execute(
            insert(blocked_keys).values(
                public_key_sha256=key_id_of(bad.public_key()),
                reason="compromised",
                blocked_at=world.clock.now(),
            )
        )
    answer = clerk.submit(key=bad)
    assert (answer.status_code, slug(answer)) == (409, "key-blocked")


def test_a_body_of_ten_megabytes_is_refused_unread(clerk: Caller) -> None:
    answer = clerk.post(
        "/applications", data=b"\x30" * 10_000_000, content_type="application/pkcs10"
    )
    assert (answer.status_code, slug(answer)) == (413, "content-too-large")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"profile": "Person Signing"}, "profile"),
        ({"profile": None}, "profile"),
        ({"holder": "Sokha"}, "holder"),
        ({"holder": "person:" + "x" * 200}, "holder"),
        ({"facts": {"surname": "a\x00b"}}, "facts.surname"),
        ({"facts": {"surname": "x" * 5000}}, "facts.surname"),
        ({"facts": {"surname": {"deep": 1}}}, "facts.surname"),
        ({"facts": {"Sur Name": "x"}}, "facts"),
        ({"facts": {f"f{n}": "x" for n in range(51)}}, "facts"),
        ({"csr": ""}, "csr"),
        ({"csr": 7}, "csr"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(
    clerk: Caller, changed: dict[str, Any], place: str
) -> None:
    answer = send(clerk, pem_csr(csr_for(key())), **changed)
    assert (answer.status_code, slug(answer)) == (422, "invalid-fields")
    errors = answer.get_json()["errors"]["json"]
    assert any(name.startswith(place) for name in errors)
    assert "xxxx" not in answer.get_data(as_text=True)


def test_a_lone_surrogate_is_refused(clerk: Caller) -> None:
    body = (
        b'{"profile": "person-signing", "csr": "x", "holder": "person:1",'
        b' "facts": {"surname": "\\ud800"}}'
    )
    answer = clerk.post("/applications", data=body, content_type="application/json")
    assert (answer.status_code, slug(answer)) == (422, "invalid-fields")


def test_json_that_is_no_object_is_refused(clerk: Caller) -> None:
    for body in (b"[]", b"null", b'"x"', b"7"):
        answer = clerk.post("/applications", data=body, content_type="application/json")
        assert (answer.status_code, slug(answer)) == (422, "invalid-fields")


def test_a_fact_that_the_profile_does_not_take_is_refused(clerk: Caller) -> None:
    facts = {**facts_of("person-signing"), "dns_names": ["x.gov.kh"]}
    answer = send(clerk, pem_csr(csr_for(key())), facts=facts)
    assert (answer.status_code, slug(answer)) == (422, "fact-unknown")


@pytest.mark.parametrize("profile", ["root-ca", "issuing-ca", "ocsp-responder", "moon"])
def test_a_profile_that_is_not_open_is_refused(clerk: Caller, profile: str) -> None:
    answer = send(clerk, pem_csr(csr_for(key())), profile=profile, facts={})
    assert (answer.status_code, slug(answer)) == (422, "profile-not-open")


@pytest.mark.parametrize("application", ["x", "0" * 31, "0" * 33, "A" * 32, "%2e", "0" * 32])
def test_an_application_that_does_not_exist_is_not_found(clerk: Caller, application: str) -> None:
    for answer in (
        clerk.get(f"/applications/{application}"),
        clerk.get(f"/applications/{application}/certificate"),
        clerk.approve(application),
        clerk.refuse(application),
        clerk.post(f"/applications/{application}/revocation", json={"reason": "superseded"}),
    ):
        assert (answer.status_code, slug(answer)) == (404, "application-unknown")


def test_a_nul_in_the_address_is_refused(clerk: Caller) -> None:
    answer = clerk.get("/applications/%00")
    assert (answer.status_code, slug(answer)) == (400, "address-malformed")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "state=gone", "colour=red", "cursor=" + "x" * 300]
)
def test_a_wrong_query_is_refused(clerk: Caller, query: str) -> None:
    answer = clerk.get(f"/applications?{query}")
    assert (answer.status_code, slug(answer)) == (422, "invalid-fields")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "certificateHold"}, 422),
        ({"reason": "cACompromise"}, 422),
        ({"reason": "superseded", "invalidity_date": "2026-01-01T00:00:00"}, 422),
        ({"reason": "superseded", "invalidity_date": "yesterday"}, 422),
        ({}, 422),
    ],
)
def test_a_wrong_revocation_is_refused(clerk: Caller, body: dict[str, Any], status: int) -> None:
    application = clerk.submit().get_json()["id"]
    answer = clerk.post(f"/applications/{application}/revocation", json=body)
    assert (answer.status_code, slug(answer)) == (status, "invalid-fields")


def test_a_replayed_submission_is_answered_as_before(clerk: Caller) -> None:
    headers = {"Idempotency-Key": "7d5f"}
    same = key()
    # The body has to be the same to the octet: one signature, sent twice.
    csr = pem_csr(csr_for(same))
    body = {
        "profile": "person-signing",
        "csr": csr,
        "holder": "person:1",
        "facts": facts_of("person-signing"),
    }
    first = clerk.post("/applications", json=body, headers=headers)
    again = clerk.post("/applications", json=body, headers=headers)
    assert again.get_json() == first.get_json()
    assert len(clerk.get("/applications").get_json()["applications"]) == 1
    other = clerk.post("/applications", json={**body, "holder": "person:2"}, headers=headers)
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


def test_nothing_personal_reaches_the_event_log(clerk: Caller, caller: MakeCaller) -> None:
    import io

    from core.event_log import set_up_event_log

    lines = io.StringIO()
    set_up_event_log(stream=lines)
    application = clerk.submit().get_json()["id"]
    caller("first").refuse(application, "Sokha's photo")
    clerk.get(f"/applications/{application}?surname=Sokha")
    clerk.get("/applications/Sokha")
    clerk.submit(holder="Sokha")
    assert lines.getvalue().count("\n") >= 5
    for personal in ("Sokha", "IDCKH", "012345678"):
        assert personal not in lines.getvalue()
