"""Lists of signers in every form, good and broken."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, core, crl, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from signing.passes.codecs import base64url
from signing.passes.errors import PassRefused, PassTrustUnreadable
from signing.passes.statuses import Status
from signing.passes.trust.files import read_trust, trust_from
from signing.passes.trust.revoked import read_revocation_list
from signing.passes.trust.signers import TrustStore
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    ES256,
    NOW,
    Authority,
    Issuer,
    Key,
    card,
    claims,
    icvp,
    identity,
    issuer,
    jwk,
    seal_data,
    verify,
)

HEALTH = issuer()
CSCA = Authority()
CSCA_DER = CSCA.certificate().public_bytes(Encoding.DER)
SEALER = issuer(authority=CSCA, usages=(BARCODE_SIGNER,))


def text64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def read(value: Any) -> TrustStore:
    return read_trust(json.dumps(value).encode(), "list.json")


def gateway(der: bytes, kind: str = "DSC", **more: Any) -> dict[str, Any]:
    """One entry of the EU gateway's answer to /trustList."""
    kid = text64(HEALTH.kid)
    entry = {"kid": kid, "country": "UT", "certificateType": kind, "rawData": text64(der)}
    return entry | {"timestamp": "2026-11-23T08:00:00Z", "signature": "", "thumbprint": ""} | more


def method(one: Issuer, place: str = "-:UTO:DSC", **more: Any) -> dict[str, Any]:
    """One verification method of a DID document of GDHCN."""
    host = "did:web:tng-cdn.example:v2:trustlist"
    kid = text64(one.kid)
    key = jwk(one, pad=b"\0", kid=kid, x5c=[text64(one.der)]) | more
    return {"id": f"{host}:{place}#{kid}", "type": "JsonWebKey2020", "publicKeyJwk": key}


def test_the_eu_gateways_list_gives_signers_and_authorities_and_no_one_else() -> None:
    upload = issuer()
    store = read([gateway(HEALTH.der), gateway(CSCA_DER, "CSCA"), gateway(upload.der, "UPLOAD")])
    assert [one.issuer for one in store.signers] == ["UT"]
    assert len(store.authorities) == 1
    assert verify(HEALTH.hc1(claims()), trust=store).is_verified
    assert verify(SEALER.seal(seal_data()), trust=store).is_verified
    assert verify(upload.hc1(claims()), trust=store).status is Status.ISSUER_NOT_TRUSTED
    # The list is of signers of health certificates, and says nothing of other formats.
    assert verify(HEALTH.shc(card()), trust=store).status is Status.WRONG_KEY_USAGE
    assert verify(HEALTH.claim169(identity()), trust=store).status is Status.WRONG_KEY_USAGE
    yellow = HEALTH.hc1(claims(icvp(), sub_claim=-6))
    assert verify(yellow, trust=store).status is Status.WRONG_KEY_USAGE


def test_a_list_of_certificates_under_a_member_is_the_same_list() -> None:
    store = read({"certificates": [gateway(HEALTH.der)]})
    assert verify(HEALTH.hc1(claims()), trust=store).is_verified


def test_a_did_document_gives_signers_by_domain_and_authorities() -> None:
    yellow, authority = issuer(), Issuer(CSCA.key, CSCA.certificate())
    store = read(
        {
            "id": "did:web:tng-cdn.example:v2:trustlist",
            "verificationMethod": [
                method(HEALTH),
                method(yellow, "ICVP:UTO:DSC"),
                method(authority, "-:UTO:SCA"),
                method(issuer(), "-:UTO:TLS"),
            ],
        }
    )
    assert (len(store.signers), len(store.authorities)) == (2, 1)
    assert verify(HEALTH.hc1(claims()), trust=store).is_verified
    assert verify(yellow.hc1(claims(icvp(), sub_claim=-6)), trust=store).is_verified
    assert verify(yellow.hc1(claims()), trust=store).status is Status.WRONG_KEY_USAGE
    assert verify(SEALER.seal(seal_data()), trust=store).is_verified


def test_a_did_document_of_references_is_refused_with_advice() -> None:
    with pytest.raises(Exception, match="embedded form"):
        read({"verificationMethod": ["did:web:tng-cdn.example:v2:trustlist:DCC:UTO:DSC"]})


def test_a_jwk_set_gives_keys_with_and_without_certificates() -> None:
    other = issuer()
    store = read({"keys": [jwk(HEALTH, kid="k"), jwk(other, x5c=[text64(other.der)])]})
    assert verify(HEALTH.shc(card()), trust=store).is_verified
    assert verify(other.hc1(claims()), trust=store).is_verified


def test_an_rsa_key_in_a_jwk_set_is_found_by_its_kid() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = issuer(key=key)
    modulus = key.public_key().public_numbers().n.to_bytes(256, "big")
    store = read(
        {"keys": [{"kty": "RSA", "n": base64url.encode(modulus), "e": "AQAB", "kid": "r1"}]}
    )
    code = signer.hc1(claims(), protected={1: -37, 4: b"r1"})
    assert verify(code, trust=store).is_verified


def test_a_certificate_of_another_key_in_x5c_is_refused() -> None:
    store = read({"keys": [jwk(HEALTH), jwk(HEALTH, x5c=[text64(issuer().der)])]})
    assert len(store.signers) == 1
    assert "another key's certificate" in store.left_aside[0]


def test_the_vci_directory_ties_each_key_to_its_issuer() -> None:
    entries = [
        {"issuer": {"iss": "https://health.example", "name": "H"}, "keys": [jwk(HEALTH)]},
        {"issuer": {"iss": "https://other.example", "name": "O"}, "keys": [jwk(issuer())]},
    ]
    store = read({"directory": "https://vci.example", "issuerInfo": entries})
    assert verify(HEALTH.shc(card()), trust=store).is_verified
    stolen = HEALTH.shc(card(iss="https://other.example"))
    assert verify(stolen, trust=store).status is Status.ISSUER_NOT_TRUSTED
    # A hospital is no country.
    kid = HEALTH.signer().thumbprint.encode()
    foreign = HEALTH.hc1(claims(claim_1="FR"), protected={1: -7, 4: kid})
    assert verify(foreign, trust=store).status is Status.ISSUER_NOT_TRUSTED
    disguised = HEALTH.hc1(claims(claim_1="https://health.example"), protected={1: -7, 4: kid})
    assert verify(disguised, trust=store).status is Status.WRONG_KEY_USAGE


@pytest.mark.parametrize("address", ["http://health.example", "", "FR", "HTTPS://health.example"])
def test_an_issuer_of_the_vci_directory_without_an_https_address_is_left_aside(
    address: str,
) -> None:
    good = {"issuer": {"iss": "https://other.example"}, "keys": [jwk(issuer())]}
    odd = {"issuer": {"iss": address}, "keys": [jwk(HEALTH)]}
    store = read({"directory": "https://vci.example", "issuerInfo": [good, odd]})
    (sentence,) = store.left_aside
    assert sentence == f"list.json, entry 2: the issuer {address} is no https address"
    stolen = HEALTH.shc(card(iss="https://other.example"))
    assert verify(stolen, trust=store).status is Status.ISSUER_NOT_TRUSTED


def test_one_broken_entry_takes_nothing_from_the_others_and_is_said() -> None:
    store = read([gateway(HEALTH.der), gateway(b"no certificate"), {"kid": "x"}, 7])
    assert len(store.signers) == 1
    assert len(store.left_aside) == 3
    assert store.left_aside[0].startswith("list.json, entry 2:")


def test_one_odd_certificate_in_a_bundle_takes_nothing_from_the_others(tmp_path: Path) -> None:
    odd = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "bundle.pem").write_bytes(odd + HEALTH.certificate.public_bytes(Encoding.PEM))
    store = trust_from(tmp_path)
    assert len(store.signers) == 1
    assert store.left_aside[0].startswith("bundle.pem, entry 1:")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        b"[",
        b"[7]",
        b'{"keys": [{"kty": "oct", "k": "AAAA"}]}',
        b'{"keys": [], "keys": []}',
        b'{"verificationMethod": [{"id": "did:web:other#1", "publicKeyJwk": {}}]}',
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
        b"\x30\x03\x02\x01\x01",
        b"hello",
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    file.write_bytes(octets)
    with pytest.raises(PassTrustUnreadable, match=r"trust\.json"):
        trust_from(file)


def test_a_folder_holds_every_form_side_by_side_and_other_files_are_left_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.pem").write_bytes(
        HEALTH.certificate.public_bytes(Encoding.PEM)
        + CSCA.certificate().public_bytes(Encoding.PEM)
    )
    (tmp_path / "b.der").write_bytes(issuer().der)
    (tmp_path / "c.b64").write_text(text64(issuer().der))
    (tmp_path / "d.crl").write_bytes(CSCA.revoke(SEALER.certificate))
    (tmp_path / "e.jwks").write_text(json.dumps({"keys": [jwk(issuer())]}))
    (tmp_path / "README.md").write_text("no list")
    store = trust_from(tmp_path)
    assert (len(store.signers), len(store.authorities), len(store.revocation_lists)) == (4, 1, 1)
    revoked = verify(SEALER.seal(seal_data()), trust=store)
    assert revoked.status is Status.ISSUER_NOT_TRUSTED
    assert "revoked" in revoked.reasons[0]


def test_a_revocation_list_of_another_authority_of_the_same_name_counts_for_nothing() -> None:
    forged = Authority().revoke(SEALER.certificate)
    csca = Issuer(CSCA.key, CSCA.certificate()).parsed
    store = TrustStore(authorities=(csca,), revocation_lists=(read_revocation_list(forged, "crl"),))
    assert verify(SEALER.seal(seal_data()), trust=store).is_verified


@pytest.mark.parametrize("listing", ["pem", "gateway", "jwk"])
def test_a_revoked_signer_is_not_trusted_however_it_is_listed(listing: str, tmp_path: Path) -> None:
    signer = issuer(authority=CSCA)
    forms = {
        "pem": signer.certificate.public_bytes(Encoding.PEM),
        "gateway": json.dumps([gateway(signer.der)]).encode(),
        "jwk": json.dumps({"keys": [jwk(signer, x5c=[text64(signer.der)])]}).encode(),
    }
    listed = read_trust(forms[listing], "list")
    crl = TrustStore(revocation_lists=(read_revocation_list(CSCA.revoke(signer.certificate), "c"),))
    authority = read_trust(CSCA_DER, "csca.der")
    code = signer.hc1(claims())
    assert verify(code, trust=listed + authority).is_verified
    revoked = verify(code, trust=listed + crl + authority)
    assert revoked.status is Status.ISSUER_NOT_TRUSTED
    assert "revoked" in revoked.reasons[0]
    # Without its authority a CRL could be anybody's.
    assert verify(code, trust=listed + crl).is_verified


def test_a_revoked_signer_takes_nothing_from_another_one_of_the_same_kid() -> None:
    old, new = (issuer(authority=CSCA) for _ in range(2))
    signers = tuple(one.signer(named_key_ids=frozenset({b"8 octets"})) for one in (old, new))
    crl = read_revocation_list(CSCA.revoke(old.certificate), "crl")
    csca = Issuer(CSCA.key, CSCA.certificate()).parsed
    trust = TrustStore(signers, authorities=(csca,), revocation_lists=(crl,))
    protected = {1: ES256, 4: b"8 octets"}
    assert verify(new.hc1(claims(), protected=protected), trust=trust).is_verified
    assert not verify(old.hc1(claims(), protected=protected), trust=trust).is_verified


def test_an_authority_takes_back_with_its_new_key_what_it_signed_with_the_old_one() -> None:
    renewed = Authority()
    authorities = tuple(Issuer(one.key, one.certificate()).parsed for one in (CSCA, renewed))
    crl = read_revocation_list(renewed.revoke(SEALER.certificate), "crl")
    trust = TrustStore(authorities=authorities, revocation_lists=(crl,))
    assert trust.left_aside == ()
    assert verify(SEALER.seal(seal_data()), trust=trust).status is Status.ISSUER_NOT_TRUSTED


def test_a_revocation_list_of_nobody_who_is_known_is_left_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "own.crl").write_bytes(CSCA.revoke(SEALER.certificate))
    (tmp_path / "other.crl").write_bytes(Authority("Other").revoke(SEALER.certificate))
    (tmp_path / "csca.der").write_bytes(CSCA_DER)
    (sentence,) = trust_from(tmp_path).left_aside
    assert sentence.startswith("other.crl: no authority is known")
    assert "Other" in sentence


def test_a_revocation_list_whose_signature_or_issuer_cannot_be_read_is_no_list() -> None:
    whole = CSCA.revoke(SEALER.certificate)
    signature = crl.CertificateList.load(whole)["signature"].contents
    # Its first octet counts the bits of the last one that are not used.
    damaged = whole.replace(signature, b"\xff" + signature[1:])
    odd = Authority("Utopia CSC\ufffd").revoke(SEALER.certificate)
    for octets in (damaged, odd):
        with pytest.raises(PassRefused, match="no CRL"):
            read_revocation_list(octets, "crl")


def as_japan_writes_it(certificate: bytes, key: Key) -> bytes:
    """NULL where ecdsa-with-SHA256 has no parameters, and octets behind the end."""
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    parsed = x509.Certificate.load(certificate)
    odd = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa", "parameters": core.Null()})
    inner = x509.TbsCertificate.load(parsed["tbs_certificate"].dump())
    inner["signature"] = odd
    to_be_signed = inner.dump(force=True)
    signature = key.sign(to_be_signed, ec.ECDSA(SHA256()))
    whole = x509.Certificate(
        {
            "tbs_certificate": x509.TbsCertificate.load(to_be_signed),
            "signature_algorithm": odd,
            "signature_value": signature,
        }
    )
    return whole.dump() + b"\0\0"


def test_a_certificate_that_cryptography_refuses_is_read_all_the_same() -> None:
    odd = as_japan_writes_it(SEALER.der, CSCA.key)
    with pytest.raises(ValueError, match="parsing"):
        pyca.load_der_x509_certificate(odd)
    csca = Issuer(CSCA.key, CSCA.certificate()).parsed
    sealed = SEALER.seal(seal_data(), cer=base64.urlsafe_b64encode(odd).decode())
    verdict = verify(sealed, trust=TrustStore(authorities=(csca,)))
    assert verdict.status is Status.VERIFIED, verdict.reasons


@pytest.mark.parametrize("usages", [(), (BARCODE_SIGNER,)])
def test_openssl_agrees_on_which_signer_its_authority_issued(
    usages: tuple[str, ...], tmp_path: Path, require: Any
) -> None:
    openssl = require("openssl")
    (tmp_path / "csca.pem").write_bytes(CSCA.certificate().public_bytes(Encoding.PEM))
    csca = Issuer(CSCA.key, CSCA.certificate()).parsed
    for authority in (CSCA, Authority()):
        signer = issuer(authority=authority, usages=usages)
        (tmp_path / "signer.pem").write_bytes(signer.certificate.public_bytes(Encoding.PEM))
        command = [openssl, "verify", "-attime", str(int(NOW.timestamp())), "-CAfile", "csca.pem"]
        done = subprocess.run([*command, "signer.pem"], cwd=tmp_path, capture_output=True)
        assert signer.parsed.is_issued_by(csca) == (done.returncode == 0)
