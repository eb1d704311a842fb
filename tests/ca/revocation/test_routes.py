"""Anyone reports a compromised key over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from sqlalchemy import func, select

from ca.models import blocked_keys
from ca.revocation.possession import REPORT_COMMON_NAME, challenge_for

if TYPE_CHECKING:
    from camtrust.wiring import Services

PATH = "/ca/compromised-keys"


@pytest.fixture
def client(initialised_sqlite: Services) -> FlaskClient:
    from camtrust.app import create_app
    from camtrust.listeners import Listener
    from camtrust.web_parts import app_parts

    return create_app(app_parts(initialised_sqlite), Listener.PUBLIC).test_client()


def report_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, REPORT_COMMON_NAME)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def proof_of(key: ec.EllipticCurvePrivateKey, text: bytes | None = None) -> dict[str, str]:
    public = key.public_key()
    signature = key.sign(text or challenge_for(public), ec.ECDSA(SHA256()))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"public_key": pem.decode(), "signature": base64.b64encode(signature).decode()}


def test_a_request_and_a_signature_block_the_key_once(
    client: FlaskClient, initialised_sqlite: Services
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())

    first = client.post(PATH, data=report_of(key), content_type="application/pkcs10")
    second = client.post(PATH, json=proof_of(key))

    assert first.status_code == 201
    assert second.status_code == 200
    assert first.json is not None
    assert second.json is not None
    assert first.json["newly_blocked"]
    assert not second.json["newly_blocked"]
    assert first.json["public_key_sha256"] == second.json["public_key_sha256"]
    with initialised_sqlite.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(blocked_keys)) == 1


@pytest.mark.parametrize(
    "given",
    [{}, [], None, "x", {"public_key": 1, "signature": ""}, {"public_key": "x", "signature": "%"},
     proof_of(ec.generate_private_key(ec.SECP256R1()), b"something else")],
)  # fmt: skip
def test_what_proves_nothing_is_malformed_and_blocks_nothing(
    client: FlaskClient, initialised_sqlite: Services, given: object
) -> None:
    answer = client.post(PATH, json=given)

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["type"].endswith("/problems/possession-not-proven")
    with initialised_sqlite.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(blocked_keys)) == 0


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(b"{", "application/json"), (b"\x30\x00", "application/pkcs10"), (b"hello", "text/plain"),
     (b"[" * 30_000, "application/json"), (b"", "application/pkcs10")],
)  # fmt: skip
def test_nonsense_is_malformed(client: FlaskClient, body: bytes, media_type: str) -> None:
    assert client.post(PATH, data=body, content_type=media_type).status_code == 400


def test_one_address_reports_thirty_times_an_hour(client: FlaskClient) -> None:
    statuses = [client.post(PATH, json={}).status_code for _ in range(31)]
    assert statuses == [400] * 30 + [429]
