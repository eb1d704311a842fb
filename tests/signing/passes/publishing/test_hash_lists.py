"""Hashes of revoked certificates, found by a verifier that computes them from the code alone."""

from __future__ import annotations

import base64
import hashlib
import zlib
from datetime import datetime
from typing import Any

import cbor2
import jwt
from sqlalchemy import insert, select

from camtrust.wiring import Services
from signing.passes.codecs import base45
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.models import pass_revocation_hashes
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.signers import HEALTH
from tests.signing.passes.issuing.conftest import signer_certificate
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.revocation.world import asked_by, revoke


def claims_of(services: Services) -> dict[str, Any]:
    with asked_by(services) as http:
        got = http.get("/passes/revocation-lists")
    assert (got.status_code, got.content_type) == (200, "application/jwt")
    assert jwt.get_unverified_header(got.data)["typ"] == "dcc-revocations+jwt"
    key: Any = signer_certificate(services, HEALTH).public_key()
    claims: dict[str, Any] = jwt.decode(got.data, key, algorithms=["ES256"])
    return claims


def hashed(octets: bytes) -> str:
    return base64.b64encode(hashlib.sha256(octets).digest()[:16]).decode()


def expected(one: IssuedPass) -> dict[str, str]:
    """The hashes of a certificate by the gateway's words, with nothing of ours but base45."""
    text = one.codes[CodeKind.DCC].removeprefix("HC1:")
    message = cbor2.loads(zlib.decompress(base45.decode(text))).value
    claims = cbor2.loads(message[2])
    uci = claims[-260][1]["v"][0]["ci"]
    return {
        "UCI": hashed(uci.encode()),
        "COUNTRYCODEUCI": hashed((claims[1] + uci).encode()),
        "SIGNATURE": hashed(message[3][:32]),
    }


def listed(claims: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (batch["hashType"], entry["hash"])
        for batch in claims["batches"]
        for entry in batch["entries"]
    }


def test_a_revoked_certificate_is_found_by_each_of_its_hashes(issuer: Services) -> None:
    kept, gone = issue(issuer, "vaccination"), issue(issuer, "vaccination")
    revoke(issuer, gone)
    claims = claims_of(issuer)
    found = listed(claims)
    assert set(expected(gone).items()) <= found
    assert not set(expected(kept).items()) & found
    assert (claims["iss"], claims["sub"]) == ("KH", "https://pki.example/passes/revocation-lists")
    assert claims["exp"] > claims["iat"]
    kid = base64.b64encode(issuer.passes.signers.signer(HEALTH).key_id).decode()
    for batch in claims["batches"]:
        assert set(batch) == {"country", "expires", "kid", "hashType", "entries"}
        assert (batch["country"], batch["kid"]) == ("KH", kid)
        assert datetime.fromisoformat(batch["expires"]) >= gone.expires_at


def test_a_pass_of_another_kind_is_in_no_list(issuer: Services) -> None:
    before = listed(claims_of(issuer))
    revoke(issuer, issue(issuer, "digital-id"))
    assert listed(claims_of(issuer)) == before


def test_batches_have_a_thousand_entries_at_most(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    table = pass_revocation_hashes
    key_id = issuer.passes.signers.signer(HEALTH).key_id
    more = [hashlib.sha256(bytes([n // 256, n % 256])).digest()[:16] for n in range(1_500)]
    with issuer.database.begin() as connection:
        connection.execute(
            insert(table),
            [
                {"pass_id": one.id, "hash_type": "UCI", "hash": each, "signer_key_id": key_id}
                for each in more
            ],
        )
    revoke(issuer, one)
    claims = claims_of(issuer)
    sizes = [len(batch["entries"]) for batch in claims["batches"]]
    assert max(sizes) == 1_000 and sum(sizes) == len(listed(claims)) > 1_500
    with issuer.database.read() as connection:
        assert connection.execute(select(table).where(table.c.pass_id == one.id)).all()
