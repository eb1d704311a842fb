"""The browser's verifier says what the other one says, over published and over damaged passes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding

from signing.passes.codecs import base64url, strict_json
from signing.passes.errors import PassRefused
from signing.passes.pass_format import PassFormat
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.files import trust_from
from signing.passes.trust.revoked import read_revocation_list
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verdict import Verdict
from tests.signing.passes import test_eu_vectors, vectors
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    VACCINATION,
    Authority,
    Issuer,
    claims,
    hc1_of,
    identity,
    issuer,
    seal_data,
    verify,
)
from tests.signing.passes.page.browser_verdicts import BrowserVerifier, Cases, browser_verifier
from tests.signing.passes.page.mutations import Mutations

__all__ = ["browser_verifier"]
SETTINGS = PassSettings()
HASHES = {"ES384": SHA384(), "ES512": SHA512()}
UNREAD = {Status.INVALID_ENCODING, Status.INVALID_COMPRESSION}
UNREADABLE = "The signer's certificate cannot be read."


def compare(verifier: BrowserVerifier, cases: Cases) -> Counter[Status]:
    """Return how many cases have each status; fail where the two verifiers differ."""
    statuses: Counter[Status] = Counter()
    different = []
    for (store, codes, at), browser in zip(cases.asked, verifier.judge(cases), strict=True):
        ours = verify(*codes, trust=cases.stores[store], at=at)
        statuses[ours.status] += 1
        if not agree(ours, browser):
            different.append((codes, at, browser, ours))
    assert different == [], f"{len(different)} of {len(cases.asked)} differ"
    return statuses


def agree(ours: Verdict, browser: dict[str, Any]) -> bool:
    if browser["status"] != ours.status:
        return is_damaged_certificate(ours, browser)
    # What cannot be read has many faults, and two readers stumble over different ones.
    return ours.status in UNREAD or (
        browser["reasons"] == list(ours.reasons)
        and browser["notes"] == list(ours.notes)
        and subject_of(browser) == ours.facts()["subject"]
    )


def subject_of(browser: dict[str, Any]) -> dict[str, str] | None:
    """The subject in the other verifier's names."""
    found = browser["subject"]
    if found is None:
        return None
    names = {
        "name": "name",
        "standardisedName": "standardised_name",
        "dateOfBirth": "date_of_birth",
        "documentNumber": "document_number",
    }
    return {names[key]: value for key, value in found.items() if value is not None}


def is_damaged_certificate(ours: Verdict, browser: dict[str, Any]) -> bool:
    # Of a certificate that no authority signed, asn1crypto may read less or more than our reader
    # does: ADR 0063. Neither verdict trusts it.
    pair = {Status.INVALID_ENCODING, Status.ISSUER_NOT_TRUSTED}
    reasons = (*ours.reasons, *browser["reasons"])
    return {ours.status, browser["status"]} == pair and UNREADABLE in reasons


def published() -> Iterator[tuple[list[str], TrustStore, datetime | None]]:
    for name in test_eu_vectors.NAMES:
        if not (vectors.VECTORS / name).exists():
            continue
        vector = test_eu_vectors.Vector(name)
        codes = [vector.code]
        if vector.has("COSE"):
            codes.append(hc1_of(vector.octets("COSE")))
        for code in codes:
            yield [code], vector.trust, vector.clock
    key_set = trust_from(vectors.path("shc/generate-examples/issuer/.well-known/jwks.json"))
    australia = trust_from(vectors.path("vdsnc/apo-android/csca-AUS.b64"))
    for folder, trust in (
        ("shc", key_set), ("vdsnc", australia), ("who-ddcc", key_set), ("divoc", key_set),
        ("statuslist", key_set), ("sdjwt", key_set),
    ):  # fmt: skip
        for path in sorted((vectors.VECTORS / folder).rglob("*")):
            if path.is_file() and path.suffix != ".md":
                try:
                    yield codes_of(path.read_bytes(), SETTINGS), trust, None
                except PassRefused:
                    continue


def test_published_passes_get_the_same_verdict(browser_verifier: BrowserVerifier) -> None:
    cases = Cases()
    for codes, trust, at in published():
        cases.add(*codes, trust=trust, **({} if at is None else {"at": at}))
    if not cases.asked:
        pytest.skip(f"{vectors.VECTORS} holds no published passes")
    statuses = compare(browser_verifier, cases)
    assert {Status.VERIFIED, Status.EXPIRED, Status.INVALID_SIGNATURE} <= set(statuses)


def algorithms() -> Cases:
    """Each algorithm that a format may have, once right and once over something else."""
    cases = Cases()
    edwards = ed25519.Ed25519PrivateKey.generate()
    listed = Signer(edwards.public_key(), "list", named_key_ids=frozenset({b"edwards!"}))
    for sign in (edwards.sign, lambda octets: edwards.sign(octets + b"x")):
        header = {1: -8, 4: b"edwards!"}
        code = issuer().claim169(identity(), protected=header, sign=sign)
        cases.add(code, trust=TrustStore((listed,)))
    rsa_key = rsa.generate_private_key(65537, 2048)
    health = issuer(key=rsa_key)
    for sign in (health.sign, lambda octets: health.sign(octets + b"x")):
        cases.add(health.hc1(claims(), sign=sign), trust=TrustStore((health.signer(),)))
    curves = {"ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    for name, curve in curves.items():
        for key in (rsa_key, ec.generate_private_key(ec.SECP384R1())):
            authority = Authority(key=key)
            signer_key = ec.generate_private_key(curve)
            one = issuer(key=signer_key, authority=authority, usages=(BARCODE_SIGNER,))
            csca = read_certificate(authority.certificate().public_bytes(Encoding.DER))
            data = seal_data()
            signature = signer_key.sign(strict_json.canonical(data), ec.ECDSA(HASHES[name]))
            half = (curve.key_size + 7) // 8
            raw = b"".join(n.to_bytes(half, "big") for n in decode_dss_signature(signature))
            for octets in (raw, raw[:-1] + bytes([raw[-1] ^ 1])):
                seal = one.seal(data, alg=name, sigvl=base64url.encode(octets))
                cases.add(seal, trust=TrustStore((), (csca,)))
    return cases


def test_every_algorithm_is_verified_by_both(browser_verifier: BrowserVerifier) -> None:
    statuses = compare(browser_verifier, algorithms())
    assert statuses == {Status.VERIFIED: 6, Status.INVALID_SIGNATURE: 6}


def stores(authority: Authority, one: Issuer) -> list[TrustStore]:
    """Ways to trust an issuer, or not to."""
    other = issuer(authority=Authority(), usages=(BARCODE_SIGNER,)).signer(issuer="CH")
    csca = read_certificate(authority.certificate().public_bytes(Encoding.DER))
    crl = read_revocation_list(authority.revoke(one.certificate), "CRL")
    collides = other.named_key_ids | {one.kid}
    return [
        TrustStore((one.signer(), other)),
        TrustStore((dataclasses.replace(other, named_key_ids=collides), one.signer())),
        TrustStore((other,), (csca,)),
        TrustStore((one.signer(),), (csca,), (crl,)),
        TrustStore((one.signer(certificate=None, issuer="https://health.example"),)),
        TrustStore((one.signer(domain="DCC", formats=frozenset({PassFormat.HC1})),)),
        TrustStore((one.signer(formats=frozenset({PassFormat.SHC})), one.signer(source="second"))),
    ]


def damaged(verifier: BrowserVerifier, count: int, seed: int) -> Counter[Status]:
    authority, cases = Authority(), Cases()
    for share, usages in ((8, (BARCODE_SIGNER,)), (2, (BARCODE_SIGNER, VACCINATION))):
        one = issuer(authority=authority, usages=usages)
        trusts = stores(authority, one)
        for number, (code, at) in enumerate(Mutations(one, seed).codes(count * share // 10)):
            # By the first store a damaged pass gets as far as it can.
            cases.add(code, trust=trusts[max(0, number % 14 - 7)], at=at)
    return compare(verifier, cases)


def test_damaged_passes_get_the_same_verdict(browser_verifier: BrowserVerifier) -> None:
    statuses = damaged(browser_verifier, 3_000, seed=63)
    # Every status that two stores of trust can lead to, and none of them by chance alone.
    for status in set(Status) - {Status.REVOKED}:
        assert statuses[status] >= 10, (status, statuses)


@pytest.mark.long
def test_many_damaged_passes_get_the_same_verdict(browser_verifier: BrowserVerifier) -> None:
    for seed in range(4):
        damaged(browser_verifier, 10_000, seed=seed)
