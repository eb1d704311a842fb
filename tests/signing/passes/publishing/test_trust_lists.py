"""Our own signers, published: our reader takes the lists, and other tools do."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from camtrust.wiring import Services
from signing.passes.codecs import base64url
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.pictures import in_qr
from signing.passes.issuing.signers import BY_NAME, HEALTH, DocumentSigners
from signing.passes.statuses import Status
from signing.passes.trust.files import read_trust
from signing.passes.verification import PassVerifier
from signing.service_keys.certificates import ServiceCertificates
from tests.conftest import SettableClock
from tests.signing.passes.issuing.conftest import signer_certificate
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.revocation.world import asked_by, revoke


def fetched(services: Services, path: str) -> bytes:
    with asked_by(services) as http:
        got = http.get(path)
    assert got.status_code == 200, got.data
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    return bytes(got.data)


def test_every_pass_verifies_by_the_published_key_set(issuer: Services) -> None:
    trust = read_trust(fetched(issuer, "/passes/trust/jwks.json"), "jwks.json")
    verifier = PassVerifier(trust=trust, clock=issuer.clock)
    assert not trust.left_aside
    for type_name in ("vaccination", "yellow-card", "travel-vaccination", "digital-id"):
        for kind, text in issue(issuer, type_name).codes.items():
            assert verifier.verify(in_qr(kind, text)).status is Status.VERIFIED, (type_name, kind)


def test_health_certificates_verify_by_the_did_document_and_others_do_not(
    issuer: Services,
) -> None:
    octets = fetched(issuer, "/passes/trust/did.json")
    trust = read_trust(octets, "did.json")
    verifier = PassVerifier(trust=trust, clock=issuer.clock)
    certificate = issue(issuer, "vaccination").codes[CodeKind.DCC]
    verdict = verifier.verify(certificate)
    assert verdict.status is Status.VERIFIED
    assert verdict.signer is not None and verdict.signer.issuer == "KHM"
    identity = issue(issuer, "digital-id").codes[CodeKind.CLAIM_169]
    assert verifier.verify(identity).status is Status.ISSUER_NOT_TRUSTED
    document = json.loads(octets)
    assert document["id"] == "did:web:pki.example:passes:trust"
    names = [one["id"] for one in document["verificationMethod"]]
    assert [name.partition("#")[0].rpartition(":")[2] for name in names] == ["DSC", "SCA"]
    [authority] = trust.authorities
    assert trust.signers[0].certificate is not None
    assert trust.signers[0].certificate.is_issued_by(authority)


@pytest.mark.parametrize("name", ["jwks", "did"])
def test_pyjwt_finds_the_list_within_its_signature(issuer: Services, name: str) -> None:
    signed = fetched(issuer, f"/passes/trust/{name}.jws")
    key: Any = signer_certificate(issuer, HEALTH).public_key()
    told = jwt.api_jws.PyJWS().decode_complete(signed, key, algorithms=["ES256"])
    assert told["payload"] == fetched(issuer, f"/passes/trust/{name}.json")
    header = told["header"]
    assert header["typ"] == "trustlist+jws"
    assert header["exp"] - header["iat"] == 3 * 86_400
    assert base64.b64decode(header["x5c"][0]) == (
        issuer.passes.signers.signer(HEALTH).held.certificate_der
    )


def test_pyjwt_reads_the_key_set(issuer: Services) -> None:
    keys = jwt.PyJWKSet.from_json(fetched(issuer, "/passes/trust/jwks.json").decode()).keys
    ours = [signer_certificate(issuer, name).public_key() for name in BY_NAME]
    assert [one.key.public_numbers() for one in keys] == [one.public_numbers() for one in ours]  # type: ignore[union-attr]


@pytest.mark.parametrize(("days", "signs", "counts"), [(0, 1, 1), (200, 0, 1), (731, 0, 0)])
def test_a_signer_counts_after_its_keys_use_and_not_after_its_certificate(
    issuer: Services, days: int, signs: int, counts: int
) -> None:
    clock = SettableClock()
    clock.instant = issuer.clock.now() + timedelta(days=days)
    certificates = ServiceCertificates(
        statuses=issuer.statuses, keys=issuer.keys, authorities=issuer.authorities, clock=clock
    )
    signers = DocumentSigners(certificates=certificates, clock=clock)
    assert (len(signers.all(HEALTH)), len(signers.counting(HEALTH))) == (signs, counts)


def test_cards_are_verified_by_the_keys_below_their_issuers_address(issuer: Services) -> None:
    text = issue(issuer, "vaccination").codes[CodeKind.SHC]
    header = jwt.get_unverified_header(text)
    keys = json.loads(fetched(issuer, "/passes/cards/.well-known/jwks.json"))["keys"]
    [key] = [one for one in keys if one["kid"] == header["kid"]]
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert "x5c" not in key and "d" not in key
    jwt.api_jws.PyJWS().decode(text, jwt.PyJWK(key).key, algorithms=["ES256"])
    snapshot = {
        "participatingIssuers": [],
        "issuerInfo": [{"issuer": {"iss": "https://pki.example/passes/cards"}, "keys": keys}],
    }
    trust = read_trust(json.dumps(snapshot).encode(), "vci.json")
    verifier = PassVerifier(trust=trust, clock=issuer.clock)
    assert verifier.verify(in_qr(CodeKind.SHC, text)).status is Status.VERIFIED


def test_a_card_that_was_taken_back_is_in_its_keys_list(issuer: Services) -> None:
    kept, gone = issue(issuer, "vaccination"), issue(issuer, "vaccination")
    kid = jwt.get_unverified_header(gone.codes[CodeKind.SHC])["kid"]
    path = f"/passes/cards/.well-known/crl/{kid}.json"
    before = json.loads(fetched(issuer, path))
    revoke(issuer, gone)
    after = json.loads(fetched(issuer, path))
    assert (after["kid"], after["method"]) == (kid, "rid")
    assert set(after["rids"]) == {*before["rids"], gone.number}
    assert kept.number not in after["rids"]
    assert after["ctr"] > before["ctr"]
    [key] = json.loads(fetched(issuer, "/passes/cards/.well-known/jwks.json"))["keys"]
    assert key["crlVersion"] == after["ctr"]
    assert base64url.decode(kid)
    with asked_by(issuer) as http:
        assert http.get("/passes/cards/.well-known/crl/nobody.json").status_code == 404
