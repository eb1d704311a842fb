"""CMS signatures, with openssl as the second opinion."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.cms import CertificateNotOfKey, sign_cms
from hsm.keys import KeyAlgorithm, SigningKey
from hsm.private_keys import as_private_key
from tests.hsm.test_private_keys import certificate_by

MakeKey = Callable[..., SigningKey]
Require = Callable[[str], str]
CONTENT = b"Deka ministry letter\n" * 50


def own_certificate(key: SigningKey) -> x509.Certificate:
    return certificate_by(as_private_key(key), key.algorithm)


def openssl_verifies(
    openssl: str, folder: Path, signed: bytes, certificate: x509.Certificate, content: bytes | None
) -> subprocess.CompletedProcess[bytes]:
    (folder / "signed.der").write_bytes(signed)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    detached = []
    if content is not None:
        (folder / "content").write_bytes(content)
        detached = ["-content", str(folder / "content")]
    return subprocess.run(
        [
            *(openssl, "cms", "-verify", "-binary", "-inform", "DER"),
            *("-in", str(folder / "signed.der"), "-purpose", "any", "-no_check_time"),
            *("-CAfile", str(folder / "certificate.pem"), *detached),
        ],
        capture_output=True,
        check=False,
    )


def certtool_verifies(
    certtool: str, folder: Path, signed: bytes, certificate: x509.Certificate, content: bytes | None
) -> str:
    (folder / "signed.der").write_bytes(signed)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    detached = []
    if content is not None:
        (folder / "content").write_bytes(content)
        detached = ["--load-data", str(folder / "content")]
    done = subprocess.run(
        [
            *(certtool, "--p7-verify", "--inder", "--infile", str(folder / "signed.der")),
            *("--load-certificate", str(folder / "certificate.pem"), *detached),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


# OpenSSL 3.0 fails on every Ed25519 SignerInfo ("invalid digest"); GnuTLS has the say there.
@pytest.mark.parametrize(
    "algorithm", [one for one in KeyAlgorithm if one is not KeyAlgorithm.ED25519]
)
def test_openssl_verifies_what_we_sign(
    make_key: MakeKey, tmp_path: Path, require: Require, algorithm: KeyAlgorithm
) -> None:
    key = make_key(algorithm)
    certificate = own_certificate(key)
    for detached in (False, True):
        signed = sign_cms(
            signing_key=key,
            certificate=certificate,
            content=CONTENT,
            detached=detached,
            signing_time=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        )
        given = CONTENT if detached else None
        result = openssl_verifies(require("openssl"), tmp_path, signed, certificate, given)
        assert result.returncode == 0, result.stderr
        assert result.stdout == CONTENT
        assert (CONTENT in signed) is not detached


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.ED25519])
@pytest.mark.parametrize("detached", [False, True])
def test_gnutls_verifies_what_we_sign(
    make_key: MakeKey, tmp_path: Path, require: Require, algorithm: KeyAlgorithm, detached: bool
) -> None:
    key = make_key(algorithm)
    certificate = own_certificate(key)
    signed = sign_cms(signing_key=key, certificate=certificate, content=CONTENT, detached=detached)
    certtool = require("certtool")
    given = CONTENT if detached else None
    assert "Signature status: ok" in certtool_verifies(
        certtool, tmp_path, signed, certificate, given
    )
    tampered = signed[:-1] + bytes([signed[-1] ^ 1])
    assert "Signature status: ok" not in certtool_verifies(
        certtool, tmp_path, tampered, certificate, given
    )


def test_openssl_refuses_another_content(
    make_key: MakeKey, tmp_path: Path, require: Require
) -> None:
    key = make_key()
    certificate = own_certificate(key)
    signed = sign_cms(signing_key=key, certificate=certificate, content=CONTENT, detached=True)
    result = openssl_verifies(require("openssl"), tmp_path, signed, certificate, CONTENT + b"!")
    assert result.returncode != 0


def test_the_certificates_stand_in_the_order_of_der(make_key: MakeKey) -> None:
    keys = [make_key() for _ in range(4)]
    certificates = [own_certificate(key) for key in keys]
    signed = sign_cms(
        signing_key=keys[0],
        certificate=certificates[0],
        chain=[*certificates[1:], certificates[0]],
        content=CONTENT,
    )
    parsed = cms.ContentInfo.load(signed, strict=True)
    encoded = [one.dump() for one in parsed["content"]["certificates"]]
    assert encoded == sorted(encoded)
    assert len(encoded) == 4


def test_the_signed_attributes_name_the_certificate_and_the_time(make_key: MakeKey) -> None:
    key = make_key()
    signed = sign_cms(
        signing_key=key,
        certificate=own_certificate(key),
        content=CONTENT,
        signing_time=datetime(2026, 11, 23, 8, 0, 0, 999, tzinfo=UTC),
    )
    signer = cms.ContentInfo.load(signed)["content"]["signer_infos"][0]
    attributes = {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}
    assert set(attributes) == {
        "content_type",
        "message_digest",
        "signing_certificate_v2",
        "signing_time",
    }
    assert attributes["signing_time"].name == "utc_time"
    assert attributes["signing_time"].native == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_from_2050_the_signing_time_is_a_generalized_time(make_key: MakeKey) -> None:
    """RFC 5652, Section 11.3."""
    key = make_key()
    signed = sign_cms(
        signing_key=key,
        certificate=own_certificate(key),
        content=b"",
        signing_time=datetime(2050, 1, 1, tzinfo=UTC),
    )
    signer = cms.ContentInfo.load(signed)["content"]["signer_infos"][0]
    times = [
        one["values"][0] for one in signer["signed_attrs"] if one["type"].native == "signing_time"
    ]
    assert [time.name for time in times] == ["generalized_time"]


def test_other_content_than_data_makes_version_3(make_key: MakeKey) -> None:
    key = make_key()
    signed = sign_cms(
        signing_key=key,
        certificate=own_certificate(key),
        content=b"\x30\x00",
        content_type="tst_info",
    )
    assert cms.ContentInfo.load(signed)["content"]["version"].native == "v3"


def test_a_certificate_of_another_key_is_refused(make_key: MakeKey) -> None:
    key, other = make_key(), make_key()
    with pytest.raises(CertificateNotOfKey):
        sign_cms(signing_key=key, certificate=own_certificate(other), content=CONTENT)
