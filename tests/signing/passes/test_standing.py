"""Lists of revoked passes: whose counts, what it says, and what is none."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from signing.passes.codecs import base45, base64url, compression, strict_json
from signing.passes.codecs.status_bits import packed
from signing.passes.errors import PassRefused
from signing.passes.statuses import Status
from signing.passes.trust.files import read_trust
from signing.passes.trust.signers import TrustStore
from tests.signing.passes.issuers import NOW, Issuer, claims, identity, issuer, seconds, verify

URI = "https://pki.example/passes/status/1"
PLACE, OTHER = 1_234, 77
UCI = "URN:UVCI:01:UT:187/37512422923"


@pytest.fixture(scope="module")
def ours() -> Issuer:
    return issuer()


@pytest.fixture(scope="module")
def other() -> Issuer:
    return issuer()


def token(maker: Issuer, payload: Mapping[str, Any], typ: str, **header: Any) -> bytes:
    head = {"alg": "ES256", "typ": typ, "kid": base64.b64encode(maker.kid).decode()} | header
    parts = [base64url.encode(strict_json.compact(one)) for one in (head, payload)]
    signature = base64url.encode(maker.sign(".".join(parts).encode()))
    return ".".join([*parts, signature]).encode()


def status_list(
    maker: Issuer,
    revoked: tuple[int, ...] = (PLACE,),
    *,
    at: datetime = NOW,
    places: int = 4_096,
    **changes: Any,
) -> bytes:
    lst = base64url.encode(packed(revoked, places))
    payload = {
        "sub": URI,
        "iat": seconds(at),
        "exp": seconds(at + timedelta(days=1)),
        "status_list": {"bits": 1, "lst": lst},
    }
    kept = {key: value for key, value in (payload | changes).items() if value is not None}
    return token(maker, kept, "statuslist+jwt")


def hash_list(maker: Issuer, hashed: bytes, hash_type: str, **changes: Any) -> bytes:
    entry = {"hash": base64.b64encode(hashlib.sha256(hashed).digest()[:16]).decode()}
    batch = {
        "country": "KH",
        "expires": "2027-01-01T00:00:00Z",
        "kid": "UNKNOWN_KID",
        "hashType": hash_type,
        "entries": [entry],
    }
    payload = {"iat": seconds(NOW), "batches": [batch | changes]}
    return token(maker, payload, "dcc-revocations+jwt")


def code(maker: Issuer, place: Any = PLACE) -> str:
    return maker.hc1(claims(claim_65535={"status_list": {"idx": place, "uri": URI}}, claim_1="KH"))


def trust(*signers: tuple[Issuer, str | None], lists: tuple[bytes, ...]) -> TrustStore:
    store = TrustStore(tuple(one.signer(issuer=country) for one, country in signers))
    return sum((read_trust(one, f"list {n}") for n, one in enumerate(lists)), store)


@pytest.mark.parametrize(
    ("ours_is", "makers_is", "status"),
    [
        ("KH", "KHM", Status.REVOKED),
        ("KH", "TH", Status.VERIFIED),
        ("KH", None, Status.VERIFIED),
        (None, None, Status.VERIFIED),
    ],
)
def test_only_lists_of_the_issuers_country_count(
    ours: Issuer, other: Issuer, ours_is: str | None, makers_is: str | None, status: Status
) -> None:
    store = trust((ours, ours_is), (other, makers_is), lists=(status_list(other),))
    assert store.left_aside == ()
    assert verify(code(ours), trust=store).status is status


def test_the_passs_own_key_may_make_its_list_without_a_country(ours: Issuer) -> None:
    store = trust((ours, None), lists=(status_list(ours),))
    verdict = verify(code(ours), trust=store)
    assert verdict.status is Status.REVOKED
    assert verdict.reasons == ("Its issuer took it back: status list of 2026-11-23 08:00 UTC.",)
    assert verify(code(ours, OTHER), trust=store).status is Status.VERIFIED


def test_an_identity_code_is_looked_up_too(ours: Issuer) -> None:
    store = trust((ours, "KH"), lists=(status_list(ours),))
    place = {"status_list": {"idx": PLACE, "uri": URI}}
    text = ours.claim169(identity(claim_65535=place))
    assert verify(text, trust=store).status is Status.REVOKED


def test_a_suspended_pass_is_revoked_for_the_time(ours: Issuer) -> None:
    octets = bytearray(2_048)
    octets[PLACE // 4] |= 2 << 2 * (PLACE % 4)
    lst = base64url.encode(compression.deflate(bytes(octets)))
    wide = status_list(ours, status_list={"bits": 2, "lst": lst})
    verdict = verify(code(ours), trust=trust((ours, "KH"), lists=(wide,)))
    assert verdict.status is Status.REVOKED and "suspended" in verdict.reasons[0]
    assert verify(code(ours, OTHER), trust=trust((ours, "KH"), lists=(wide,))).is_verified


@pytest.mark.parametrize("newer_first", [True, False])
def test_of_two_lists_the_newer_one_counts(ours: Issuer, newer_first: bool) -> None:
    older = status_list(ours, (), at=NOW - timedelta(hours=1))
    newer = status_list(ours)
    lists = (newer, older) if newer_first else (older, newer)
    assert verify(code(ours), trust=trust((ours, "KH"), lists=lists)).status is Status.REVOKED


def test_an_old_list_is_a_note_and_its_revocations_stand(ours: Issuer) -> None:
    store = trust((ours, "KH"), lists=(status_list(ours, at=NOW - timedelta(days=2)),))
    verdict = verify(code(ours, OTHER), trust=store)
    assert verdict.status is Status.VERIFIED
    assert verdict.notes == (
        "Whether it was revoked is known until 2026-11-22 08:00 UTC alone: list 0 is too old.",
    )
    assert verify(code(ours), trust=store).status is Status.REVOKED


def test_a_place_beyond_the_list_is_a_note(ours: Issuer) -> None:
    store = trust((ours, "KH"), lists=(status_list(ours),))
    verdict = verify(code(ours, 4_096), trust=store)
    assert verdict.status is Status.VERIFIED
    assert "does not tell" in verdict.notes[0]


@pytest.mark.parametrize("place", [-1, "1", 1.5, True, None])
def test_a_place_that_cannot_be_read_is_a_fault_of_the_pass(ours: Issuer, place: Any) -> None:
    verdict = verify(code(ours, place), trust=trust((ours, "KH"), lists=()))
    assert verdict.status is Status.INVALID_SCHEMA


@pytest.mark.parametrize("hash_type", ["UCI", "COUNTRYCODEUCI", "SIGNATURE"])
def test_a_hash_of_each_type_revokes(ours: Issuer, hash_type: str) -> None:
    text = code(ours)
    message = compression.inflate(base45.decode(text.removeprefix("HC1:")), most=10_000)
    hashed = {
        "UCI": UCI.encode(),
        "COUNTRYCODEUCI": b"KH" + UCI.encode(),
        # The message ends with r and s.
        "SIGNATURE": message[-64:-32],
    }[hash_type]
    store = trust((ours, "KH"), lists=(hash_list(ours, hashed, hash_type),))
    assert verify(text, trust=store).status is Status.REVOKED
    elsewhere = trust((ours, "KH"), lists=(hash_list(ours, hashed + b"?", hash_type),))
    assert verify(text, trust=elsewhere).status is Status.VERIFIED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.REVOKED),
        ({"kid": "AAAAAAAAAAA="}, Status.VERIFIED),
        ({"country": "TH"}, Status.VERIFIED),
        ({"country": "KHM"}, Status.REVOKED),
    ],
)
def test_a_hash_is_about_one_country_and_signer(
    ours: Issuer, changes: dict[str, Any], status: Status
) -> None:
    listed = hash_list(ours, UCI.encode(), "UCI", **changes)
    assert verify(code(ours), trust=trust((ours, "KH"), lists=(listed,))).status is status


def test_lists_of_nobody_and_of_a_certificate_that_was_not_valid_are_left_aside(
    ours: Issuer, other: Issuer
) -> None:
    early = status_list(ours, at=NOW - timedelta(days=500), exp=seconds(NOW))
    store = trust((ours, "KH"), lists=(status_list(other), early))
    assert verify(code(ours), trust=store).status is Status.VERIFIED
    assert store.left_aside == (
        "list 0: no signer is known here that signed this list.",
        "list 1: no signer is known here that signed this list.",
    )


def test_a_pass_is_no_list_and_a_list_is_no_pass(ours: Issuer) -> None:
    with pytest.raises(PassRefused):
        read_trust(token(ours, {"iss": "KH"}, "JWT"), "a token")
    listed = status_list(ours).decode()
    assert verify(listed, trust=trust((ours, "KH"), lists=())).status is not Status.VERIFIED


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": None},
        {"iat": "yesterday"},
        {"exp": -1},
        {"sub": None},
        {"status_list": {"bits": 3, "lst": "eNoDAAAAAAE"}},
        {"status_list": {"bits": 1, "lst": 7}},
        {"status_list": {"bits": 1, "lst": "AAAA"}},
        {"status_list": [1]},
        {"status_list": {"bits": 1, "lst": base64url.encode(packed((), (4 << 23) + 8))}},
    ],
)
def test_broken_status_lists_are_refused(ours: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(PassRefused):
        read_trust(status_list(ours, **changes), "list")


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "?"},
        {"kid": None},
        {"hashType": 1},
        {"country": None},
        {"entries": {}},
        {"entries": ["x"]},
        {"entries": [{"hash": "AAAA"}]},
        {"entries": [{"hash": "?"}]},
    ],
)
def test_broken_lists_of_hashes_are_refused(ours: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(PassRefused):
        read_trust(hash_list(ours, b"", "UCI", **changes), "list")
