"""An X-Road security server's questions about every certificate below its anchor, camdx-1.

Where the root is registered as the anchor instead, camdx-1 itself is one of them.

They are asked and judged as X-Road 7's OcspClient and OcspVerifier do: POST, unsigned, without
a nonce, one SHA-1 CertID; only ``responses[0]`` is read, and its CertID compared as a whole.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, OCSPExtensionOID
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.serving.status.mounting import status_front
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from hsm.softhsm import provision
from tests.end_to_end.interop.conftest import MORE_OF_CAMDX, Nation, run

Require = Callable[[str], str]
ANCHOR = "camdx-1"
FRESH = timedelta(seconds=3600)
GOOD = ["camdx-1-good", *(f"camdx-1-{name}" for name in MORE_OF_CAMDX)]


def post(
    require: Require, live: Nation, name: str, folder: Path, issuer: str = ANCHOR
) -> tuple[Any, Any]:
    """Ask as X-Road does; return CertID asked and response, as asn1crypto reads them."""
    asked, answer = folder / "asked", folder / "answer"
    builder = x509_ocsp.OCSPRequestBuilder()
    request = builder.add_certificate(live.certificate(name), live.certificate(issuer), SHA1())
    asked.write_bytes(request.build().public_bytes(Encoding.DER))
    done = run(
        require("curl"), "--silent", "--fail", "--data-binary", f"@{asked}", "--output", answer,
        "--header", "Content-Type: application/ocsp-request",
        "--header", "Accept: application/ocsp-response",
        "--write-out", "%{content_type}", f"{live.url}/ocsp",
    )  # fmt: skip
    assert done.stdout == "application/ocsp-response"
    question = asn1_ocsp.OCSPRequest.load(asked.read_bytes(), strict=True)
    response = asn1_ocsp.OCSPResponse.load(answer.read_bytes(), strict=True)
    return question["tbs_request"]["request_list"][0]["req_cert"], response


def verify_signer(live: Nation, response: Any) -> None:
    """The signer is a delegate that the anchor itself certified (RFC 6960, Section 4.2.2.2)."""
    anchor, basic = live.certificate(ANCHOR), response.basic_ocsp_response
    delegate = x509.load_der_x509_certificate(basic["certs"][0].dump())
    delegate.verify_directly_issued_by(anchor)
    purposes = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    key, algorithm = delegate.public_key(), delegate.signature_hash_algorithm
    # X-Road before 7.6 verifies RSA alone.
    assert isinstance(key, rsa.RSAPublicKey)
    assert algorithm is not None
    signed = response.response_data.dump()
    key.verify(basic["signature"].native, signed, padding.PKCS1v15(), algorithm)


@pytest.fixture
def signed_ahead(nation: Nation, tmp_path: Path) -> Iterator[Nation]:
    """The nation with all its answers signed ahead, and nobody who could sign another."""
    home = tmp_path / "home"
    shutil.copytree(nation.home, home)
    provision(home)
    services = Services(home=home)
    services.responder_renewal.renew_due()
    services.ahead.follower.follow()
    walker = services.ahead.walker()
    walker.divide()
    while walker.walk_one():
        pass
    services.__dict__["ocsp"] = None
    front = status_front(create_app(app_parts(services), Listener.PUBLIC), services)
    server = make_server("127.0.0.1", 0, front, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield replace(nation, home=home, url=f"http://127.0.0.1:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()
    services.close()


def test_answers_that_were_signed_ahead_are_taken_too(
    require: Require, signed_ahead: Nation, tmp_path: Path
) -> None:
    for name in GOOD:
        cert_id, response = post(require, signed_ahead, name, tmp_path)
        check_good(cert_id, response)
        verify_signer(signed_ahead, response)
    check_good(*post(require, signed_ahead, ANCHOR, tmp_path, issuer="root-1"))
    _cert_id, response = post(require, signed_ahead, "camdx-1-revoked", tmp_path)
    assert response.response_data["responses"][0]["cert_status"].name == "revoked"


@pytest.mark.parametrize("name", GOOD)
def test_every_certificate_below_the_anchor_is_good(
    require: Require, live: Nation, name: str, tmp_path: Path
) -> None:
    cert_id, response = post(require, live, name, tmp_path)

    check_good(cert_id, response)
    verify_signer(live, response)


def check_good(cert_id: Any, response: Any) -> None:
    """Judge the first response as X-Road does."""
    now = datetime.now(UTC)
    assert response["response_status"].native == "successful"
    single = response.response_data["responses"][0]
    assert single["cert_id"].dump() == cert_id.dump()
    assert single["cert_status"].name == "good"
    assert now - FRESH < single["this_update"].native <= now
    assert single["next_update"].native > now
    # Nobody asked for one.
    extensions = response.response_data["response_extensions"]
    nonce = OCSPExtensionOID.NONCE.dotted_string
    assert all(one["extn_id"].dotted != nonce for one in extensions)


def test_the_authority_is_good_below_the_root(
    require: Require, live: Nation, tmp_path: Path
) -> None:
    check_good(*post(require, live, ANCHOR, tmp_path, issuer="root-1"))


def test_the_revoked_is_told_in_the_first_response(
    require: Require, live: Nation, tmp_path: Path
) -> None:
    cert_id, response = post(require, live, "camdx-1-revoked", tmp_path)

    single = response.response_data["responses"][0]
    assert single["cert_id"].dump() == cert_id.dump()
    assert single["cert_status"].name == "revoked"
    assert single["cert_status"].chosen["revocation_reason"].native == "key_compromise"
    verify_signer(live, response)


def test_a_chain_ends_at_the_registered_anchor(require: Require, nation: Nation) -> None:
    for name in GOOD:
        done = run(
            require("openssl"), "verify", "-x509_strict", "-partial_chain",
            "-trusted", nation.folder / f"{ANCHOR}.pem", nation.folder / f"{name}.pem",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_no_signature_below_the_anchor_needs_anything_but_rsa_and_sha_256(nation: Nation) -> None:
    for name in GOOD:
        certificate = nation.certificate(name)
        assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
        assert certificate.signature_algorithm_oid == x509.SignatureAlgorithmOID.RSA_WITH_SHA256
