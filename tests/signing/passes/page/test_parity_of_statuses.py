"""The browser's verifier says of revoked passes what the other one says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from signing.passes.codecs import base45, base64url, compression
from signing.passes.formats.revocation_hashes import shortened
from signing.passes.statuses import Status
from signing.passes.trust.signers import TrustStore
from tests.signing.passes.issuers import (
    NOW,
    VACCINATION,
    Issuer,
    claims,
    ddcc,
    hc1_of,
    icvp,
    identity,
    issuer,
    seconds,
)
from tests.signing.passes.page.browser_verdicts import BrowserVerifier, Cases, browser_verifier
from tests.signing.passes.page.mutations import IN_CBOR, Mutations
from tests.signing.passes.page.test_parity import compare
from tests.signing.passes.test_standing import (
    OTHER,
    PLACE,
    UCI,
    URI,
    code,
    hash_list,
    status_list,
    trust,
)

__all__ = ["browser_verifier"]
DAYS = timedelta(days=180)
HASH_TYPES = ("UCI", "COUNTRYCODEUCI", "SIGNATURE")


@pytest.fixture(scope="module")
def ours() -> Issuer:
    return issuer()


@pytest.fixture(scope="module")
def other() -> Issuer:
    return issuer()


def wide(maker: Issuer, width: int, **statuses: int) -> bytes:
    """A list of more bits a place: ``place_7=2`` is the status 2 of the place 7."""
    array = bytearray(512 * width)
    for name, status in statuses.items():
        first = int(name.removeprefix("place_")) * width
        array[first // 8] |= status << first % 8
    lst = base64url.encode(compression.deflate(bytes(array)))
    return status_list(maker, status_list={"bits": width, "lst": lst})


def hashed(text: str, hash_type: str) -> bytes:
    """What is hashed of a certificate by the issuer KH; its message ends with the signature."""
    message = compression.inflate(base45.decode(text.removeprefix("HC1:")), most=10_000)
    found = {"UCI": UCI, "COUNTRYCODEUCI": f"KH{UCI}"}
    return found[hash_type].encode() if hash_type in found else message[-64:-32]


def test_status_lists_are_read_alike(
    browser_verifier: BrowserVerifier, ours: Issuer, other: Issuer
) -> None:
    cases = Cases()
    hidden = status_list(ours, (), at=NOW - timedelta(hours=1))
    old = status_list(ours, at=NOW - timedelta(days=2))
    places = {f"place_{PLACE}": 1, "place_76": 2, "place_77": 3, "place_78": 1}
    for lists in (
        [status_list(ours)],
        [status_list(ours), hidden],
        [hidden, status_list(ours)],
        [status_list(ours, exp=None)],
        [old],
        [wide(ours, 2, **places)],
        [wide(ours, 4, **places)],
        [wide(ours, 8, **places)],
        [status_list(ours, sub=f"{URI}0")],
        # Of a maker whom nobody trusts, and of one that is of another country.
        [status_list(issuer())],
        [status_list(other), status_list(ours, ())],
    ):
        store = trust((ours, "KH"), (other, "TH"), lists=tuple(lists))
        for place in (PLACE, 0, 76, OTHER, 78, 4_095, 4_096, 2**40, 2**64, -1, "1", 1.0, True):
            cases.add(code(ours, place), trust=store)
    statuses = compare(browser_verifier, cases)
    assert statuses[Status.REVOKED] == 5 + 3 * 3
    assert statuses[Status.VERIFIED] == 11 * 8 - 14
    assert statuses[Status.INVALID_SCHEMA] == 11 * 4


def test_the_country_of_a_list_and_of_a_pass_are_compared_alike(
    browser_verifier: BrowserVerifier, ours: Issuer, other: Issuer
) -> None:
    cases = Cases()
    for ours_is in ("KH", "khm", None):
        for makers_is in ("KH", "KHM", "TH", None, "https://health.example"):
            for made in (status_list(other), hash_list(other, UCI.encode(), "UCI")):
                store = trust((ours, ours_is), (other, makers_is), lists=(made,))
                cases.add(code(ours), trust=store)
                identified = {"status_list": {"idx": PLACE, "uri": URI}}
                cases.add(ours.claim169(identity(claim_65535=identified)), trust=store)
    assert compare(browser_verifier, cases)[Status.REVOKED] == 3 * 4


def test_hashes_of_each_type_are_found_alike(
    browser_verifier: BrowserVerifier, ours: Issuer, other: Issuer
) -> None:
    cases = Cases()
    kid = base64.b64encode(ours.kid).decode()
    for hash_type in HASH_TYPES:
        text = code(ours)
        for changes in (
            {}, {"kid": kid}, {"kid": "AAAAAAAAAAA="}, {"kid": ""}, {"country": "KHM"},
            {"country": "TH"}, {"hashType": "OTHER"},
        ):  # fmt: skip
            listed = hash_list(ours, hashed(text, hash_type), hash_type, **changes)
            cases.add(text, trust=trust((ours, "KH"), lists=(listed,)))
            cases.add(text, trust=trust((ours, "KH"), (other, "TH"), lists=(listed,)))
        foreign = hash_list(other, hashed(text, hash_type), hash_type)
        cases.add(text, trust=trust((ours, "KH"), (other, "TH"), lists=(foreign,)))
    statuses = compare(browser_verifier, cases)
    assert statuses == {Status.REVOKED: 3 * 3 * 2, Status.VERIFIED: 3 * (4 * 2 + 1)}


def test_signatures_by_rsa_and_contents_without_a_uci_are_hashed_alike(
    browser_verifier: BrowserVerifier,
) -> None:
    cases = Cases()
    one = issuer(key=rsa.generate_private_key(65537, 2048))
    for content in (
        claims(),
        claims(icvp(), sub_claim=-6),
        claims(ddcc(hcid="HC-1"), sub_claim=3),
        claims(ddcc(), sub_claim=3),
    ):
        text = one.hc1(content)
        message = compression.inflate(base45.decode(text.removeprefix("HC1:")), most=10_000)
        maker = issuer()
        for octets, hash_type in (
            (message[-256:], "SIGNATURE"), (message[-256:-128], "SIGNATURE"),
            (b"HC-1", "UCI"), (UCI.encode(), "UCI"), (b"UT" + UCI.encode(), "COUNTRYCODEUCI"),
        ):  # fmt: skip
            made = hash_list(maker, octets, hash_type, country="UTO")
            cases.add(text, trust=trust((one, "UT"), (maker, "UT"), lists=(made,)))
    assert compare(browser_verifier, cases)[Status.REVOKED] == 4 + 2 + 1


def test_many_hashes_are_searched_alike(browser_verifier: BrowserVerifier, ours: Issuer) -> None:
    def entry(octets: bytes) -> dict[str, str]:
        return {"hash": base64.b64encode(octets).decode()}

    mine = entry(shortened(UCI.encode()))
    others = [entry(bytes([n]) * 16) for n in range(256)]
    cases = Cases()
    for entries in ([*others, mine], [mine, *others], [mine], others, [], [mine, mine]):
        listed = hash_list(ours, b"", "UCI", entries=entries)
        cases.add(code(ours), trust=trust((ours, "KH"), lists=(listed,)))
    statuses = compare(browser_verifier, cases)
    assert statuses == {Status.REVOKED: 4, Status.VERIFIED: 2}


def stores(mutations: Mutations, ours: Issuer, other: Issuer) -> Iterator[TrustStore]:
    """Trust with lists that are about the passes, or not, or not any more."""
    pick = mutations.chance.choice
    for _ in range(16):
        width = pick([1, 2, 4, 8])
        places = [PLACE, OTHER, *mutations.chance.sample(range(4_096), 50)]
        marks = {
            f"place_{place}": pick([0, 1, mutations.chance.randrange(1 << width)])
            for place in places
        }
        ages = [timedelta(), timedelta(hours=1), timedelta(days=2), timedelta(days=400)]
        made_at = NOW - pick(ages)
        lists = [
            wide(pick([ours, ours, other]), width, **marks),
            status_list(
                pick([ours, ours, other]), at=made_at, exp=pick([None, seconds(NOW) - 0.5])
            ),
            hash_list(
                pick([ours, other]),
                pick([UCI, f"KH{UCI}", f"UT{UCI}", "HC-1"]).encode(),
                pick(HASH_TYPES[:2]),
                country=pick(["KH", "UT", "TH", "khm"]),
                kid=pick(["UNKNOWN_KID", base64.b64encode(ours.kid).decode(), "AAAA"]),
            ),
        ]
        mutations.chance.shuffle(lists)
        countries = [pick(["KH", "UT", None]), pick(["KH", "UT", "TH"])]
        yield trust((ours, countries[0]), (other, countries[1]), lists=tuple(lists))


def damaged_code(mutations: Mutations) -> tuple[str, datetime]:
    """A pass with a place in a list, of which something is changed before it is signed."""
    pick = mutations.chance.choice
    index = pick([PLACE, PLACE, PLACE, OTHER, OTHER, 0, 4_095, 4_096, 2**53, 2**63])
    found: dict[Any, Any] = {
        65535: {"status_list": {"idx": index, "uri": pick([URI, URI, URI, URI, ""])}}
    }
    # As many members as are left when three of them are taken away.
    found |= {1: pick(["KH", "UT", "", 7]), 4: seconds(NOW + DAYS), 6: seconds(NOW - DAYS)}
    found = mutations.damaged(found, IN_CBOR) if mutations.chance.random() < 0.5 else found
    is_health = mutations.chance.random() < 0.7
    content = claims(claim_1=None) if is_health else identity()
    payload = cbor2.dumps(content | found)
    if mutations.chance.random() < 0.2:
        payload = mutations.octets(payload)
    message = mutations.signed(payload)
    text = hc1_of(message) if is_health else base45.encode(compression.deflate(message))
    return text, pick([NOW, NOW, NOW + timedelta(days=2), NOW - timedelta(days=3)])


def compare_damaged(verifier: BrowserVerifier, ours: Issuer, count: int, seed: int) -> None:
    mutations, cases = Mutations(ours, seed), Cases()
    trusts = list(stores(mutations, ours, issuer(usages=(VACCINATION,))))
    for number in range(count):
        text, at = damaged_code(mutations)
        cases.add(text, trust=trusts[number % len(trusts)], at=at)
    statuses = compare(verifier, cases)
    for status in (Status.REVOKED, Status.VERIFIED, Status.INVALID_SCHEMA):
        assert statuses[status] >= count // 20, (status, statuses)


def test_damaged_places_get_the_same_verdict(
    browser_verifier: BrowserVerifier, ours: Issuer
) -> None:
    compare_damaged(browser_verifier, ours, 600, seed=64)


@pytest.mark.long
def test_many_damaged_places_get_the_same_verdict(
    browser_verifier: BrowserVerifier, ours: Issuer
) -> None:
    for seed in range(4):
        compare_damaged(browser_verifier, ours, 5_000, seed=seed)
