"""Status lists are read by other tools and by a reader written after the draft alone."""

from __future__ import annotations

import base64
import json
import random
import threading
import zlib
from typing import Any

import cbor2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from camtrust.wiring import Services
from signing.passes.codecs.status_bits import packed, status_at, unpacked
from signing.passes.errors import PassRefused
from signing.passes.issuing.issued import IssuedPass
from signing.passes.issuing.signers import HEALTH
from signing.passes.publishing.status_lists import StatusListForm
from tests.signing.passes.issuing.test_issuing import issue
from tests.signing.passes.revocation.world import asked_by, revoke

JWT, CWT = (one.value for one in StatusListForm)
# draft-ietf-oauth-status-list, Section 4.1: sixteen places of one bit.
DRAFT_LIST = "eNrbuRgAAhcBXQ"
DRAFT_STATUSES = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def bit(lst: bytes, index: int) -> int:
    """Read a status as Section 4.1 of the draft tells it, with nothing of ours."""
    octets = zlib.decompress(lst)
    assert len(octets) == 2**20 // 8
    return (octets[index // 8] >> (index % 8)) & 1


def signer_key(services: Services) -> ec.EllipticCurvePublicKey:
    der = services.passes.signers.signer(HEALTH).held.certificate_der
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def decoded(services: Services, token: bytes) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, signer_key(services), algorithms=["ES256"])
    return claims


def current(services: Services, one: IssuedPass) -> bytes:
    return services.passes.lists.statuses.current(one.status_list, StatusListForm.JWT).octets


def marked(services: Services, one: IssuedPass) -> int:
    lst = decoded(services, current(services, one))["status_list"]["lst"]
    return bit(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)), one.status_index)


def test_pyjwt_reads_the_list_and_the_bit_of_a_revoked_pass_is_set(issuer: Services) -> None:
    kept, gone = issue(issuer, "vaccination"), issue(issuer, "vaccination")
    assert marked(issuer, gone) == 0
    revoke(issuer, gone)
    assert (marked(issuer, kept), marked(issuer, gone)) == (0, 1)
    token = current(issuer, gone)
    claims, header = decoded(issuer, token), jwt.get_unverified_header(token)
    assert claims["sub"] == f"https://pki.example/passes/status/{gone.status_list}"
    assert claims["exp"] - claims["iat"] == 3 * 86_400 and claims["ttl"] == 900
    assert claims["status_list"]["bits"] == 1
    assert (header["typ"], header["alg"]) == ("statuslist+jwt", "ES256")
    [enclosed] = header["x5c"]  # the health authority is an anchor: verifiers have it
    held = issuer.passes.signers.signer(HEALTH).held
    assert base64.b64decode(enclosed) == held.certificate_der
    assert base64.b64decode(header["kid"]) == issuer.passes.signers.signer(HEALTH).key_id


def test_the_cwt_says_the_same(issuer: Services) -> None:
    gone = issue(issuer, "health-id")
    revoke(issuer, gone)
    published = issuer.passes.lists.statuses.current(gone.status_list, StatusListForm.CWT)
    message = cbor2.loads(published.octets)
    assert message.tag == 18
    protected, _, payload, signature = message.value
    header, claims = cbor2.loads(protected), cbor2.loads(payload)
    assert header[1] == -7 and header[16] == CWT
    r, s = (int.from_bytes(one, "big") for one in (signature[:32], signature[32:]))
    structure = cbor2.dumps(["Signature1", protected, b"", payload])
    signer_key(issuer).verify(encode_dss_signature(r, s), structure, ec.ECDSA(SHA256()))
    assert claims[2] == f"https://pki.example/passes/status/{gone.status_list}"
    assert claims[4] - claims[6] == 3 * 86_400 and claims[65534] == 900
    assert claims[65533]["bits"] == 1
    assert bit(claims[65533]["lst"], gone.status_index) == 1


def test_the_uri_in_a_code_is_where_its_list_is_published(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    with asked_by(issuer) as http:
        got = http.get(f"/passes/status/{one.status_list}")
        cwt = http.get(f"/passes/status/{one.status_list}", headers={"Accept": CWT})
        missing = http.get("/passes/status/999")
    assert (got.status_code, got.content_type) == (200, JWT)
    assert decoded(issuer, got.data)["sub"].endswith(f"/passes/status/{one.status_list}")
    assert (cwt.content_type, cbor2.loads(cwt.data).tag) == (CWT, 18)
    assert got.headers["Cache-Control"] == "public, max-age=900"
    assert got.headers["Access-Control-Allow-Origin"] == "*" and got.headers["Vary"] == "Accept"
    assert (missing.status_code, missing.json["type"].endswith("pass-status-list-unknown")) == (
        404,
        True,
    )


def test_a_list_is_sent_again_only_when_it_changed(issuer: Services) -> None:
    one = issue(issuer, "vaccination")
    with asked_by(issuer) as http:
        first = http.get(f"/passes/status/{one.status_list}")
        tag = {"If-None-Match": first.headers["ETag"]}
        assert http.get(f"/passes/status/{one.status_list}", headers=tag).status_code == 304
        revoke(issuer, one)
        changed = http.get(f"/passes/status/{one.status_list}", headers=tag)
    assert changed.status_code == 200 and changed.headers["ETag"] != first.headers["ETag"]


def test_every_revocation_of_many_threads_is_in_the_list_that_is_asked_for_after(
    issuer: Services,
) -> None:
    ours = [issue(issuer, "vaccination") for _ in range(12)]
    missed: list[str] = []

    def act(one: IssuedPass) -> None:
        revoke(issuer, one)
        if marked(issuer, one) != 1:
            missed.append(one.id)

    threads = [threading.Thread(target=act, args=(one,)) for one in ours]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert missed == []
    assert all(marked(issuer, one) == 1 for one in ours)


def test_the_example_of_the_draft_is_read_and_written() -> None:
    lst = base64.urlsafe_b64decode(DRAFT_LIST + "==")
    octets = unpacked(lst, most=2)
    assert [status_at(octets, 1, index) for index in range(16)] == DRAFT_STATUSES
    assert status_at(octets, 1, 16) is None
    revoked = [index for index, status in enumerate(DRAFT_STATUSES) if status]
    assert packed(revoked, 16) == lst


def test_a_list_of_a_million_places_has_the_revoked_ones_and_no_other() -> None:
    revoked = {0, 2**20 - 1, *random.Random(20).sample(range(2**20), 5_000)}
    compressed = packed(revoked, 2**20)
    octets = zlib.decompress(compressed)
    assert {index for index in range(2**20) if octets[index // 8] >> index % 8 & 1} == revoked
    assert len(compressed) < 20_000


@pytest.mark.parametrize("width", [0, 3, 16])
def test_other_widths_are_refused(width: int) -> None:
    with pytest.raises(PassRefused):
        status_at(b"\x00", width, 0)


def test_the_list_says_nothing_of_anybody(issuer: Services) -> None:
    one = issue(issuer, "digital-id")
    revoke(issuer, one)
    said = json.dumps(decoded(issuer, current(issuer, one)))
    assert all(word not in said for word in ("Dara", one.number, one.certificate_id, one.id))
