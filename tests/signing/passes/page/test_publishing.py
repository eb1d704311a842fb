"""What browsers are told of whom to trust, and how often it is made."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from core.database import DatabaseUnavailable
from signing.passes.codecs import base64url
from signing.passes.codecs.status_bits import packed
from signing.passes.errors import PassTrustUnreadable
from signing.passes.formats.revocation_hashes import shortened
from signing.passes.page.bundle import bundle_of
from signing.passes.page.publishing import ListPublisher, ListsAway
from signing.passes.page.statuses import OwnStatuses
from signing.passes.settings import PassSettings
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.files import trust_from
from signing.passes.trust.revoked import read_revocation_list
from signing.passes.trust.signers import Signer, TrustStore
from tests.conftest import SettableClock
from tests.signing.passes.issuers import NOW, Authority, issuer, jwk
from tests.signing.passes.test_standing import PLACE, URI, hash_list, status_list, trust

WEEK = timedelta(days=7)


def bundle(trust: TrustStore) -> dict[str, Any]:
    return bundle_of(trust, PassSettings(), signed_at=NOW, lifetime=WEEK)


def test_a_signer_is_told_by_its_key_and_what_it_may_sign() -> None:
    one = issuer(usages=("1.3.6.1.4.1.1847.2021.1.2",))
    [found] = bundle(TrustStore((one.signer(domain="DCC"),)))["signers"]
    assert found["domain"] == "DCC"
    assert found["thumbprint"] == one.signer().thumbprint
    assert found["certificate"]["usages"] == ["1.3.6.1.4.1.1847.2021.1.2"]
    assert found["certificate"]["until"] == "2027-11-23T08:00:00.000Z"
    assert found["certificate"]["is_revoked"] is False
    assert {"issuer", "formats"} & set(found) == set()


def test_what_an_authority_took_back_is_told_and_by_whom_it_was_is_proven() -> None:
    authority = Authority()
    one = issuer(authority=authority)
    csca = read_certificate(authority.certificate().public_bytes(Encoding.DER))
    crl = read_revocation_list(authority.revoke(one.certificate), "crl")
    found = bundle(TrustStore((one.signer(),), (csca,), (crl,)))
    number = one.certificate.serial_number
    assert [int(n, 16) for n in found["revocation_lists"][0]["serial_numbers"]] == [number]
    assert found["signers"][0]["certificate"]["is_revoked"] is True
    # Nobody is known who signed it.
    assert bundle(TrustStore((one.signer(),), (), (crl,)))["revocation_lists"] == []


def test_thousands_of_keys_are_small_enough_for_a_phone() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(2_000)]
    trust = TrustStore(tuple(Signer(one, "EU trust list", issuer="DE") for one in keys))
    octets = json.dumps(bundle(trust), separators=(",", ":")).encode()
    assert len(octets) < 600_000
    assert len(gzip.compress(octets)) < 350_000


def test_lists_of_revoked_passes_are_told_with_their_makers_and_those_of_nobody_are_not() -> None:
    ours, nobody = issuer(), issuer()
    made = (
        status_list(ours, exp=None), hash_list(ours, b"1", "UCI"), hash_list(ours, b"2", "UCI"),
        status_list(nobody), hash_list(nobody, b"3", "UCI"),
    )  # fmt: skip
    found = bundle(trust((ours, "KH"), lists=made))
    [statuses], [first, second] = found["status_lists"], found["hash_lists"]
    maker = {"thumbprint": ours.signer().thumbprint, "issuer": "KH"}
    assert statuses["makers"] == first["makers"] == second["makers"] == [maker]
    assert (statuses["uri"], statuses["bits"], statuses["expires_at"]) == (URI, 1, None)
    assert statuses["issued_at"] == "2026-11-23T08:00:00.000Z"
    array = zlib.decompress(base64url.decode(statuses["lst"]))
    assert array[PLACE // 8] == 1 << PLACE % 8
    hashes = base64url.encode(shortened(b"1"))
    batch = {"type": "UCI", "country": "KH", "kid": None, "hashes": hashes}
    assert first["batches"] == [batch]


def test_a_status_list_of_a_million_places_is_small_enough_for_a_phone() -> None:
    own = OwnStatuses(URI, packed(range(0, 1 << 20, 60), 1 << 20), ())
    found = bundle_of(TrustStore(), PassSettings(), signed_at=NOW, lifetime=WEEK, own=[own])
    assert len(json.dumps(found["status_lists"])) < 60_000


def test_own_statuses_count_until_the_whole_does_and_in_place_of_others() -> None:
    ours = issuer()
    store = trust((ours, "KH"), lists=(status_list(ours), status_list(ours, sub=f"{URI}0")))
    own = OwnStatuses(URI, packed([7], 8), store.signers)
    found = bundle_of(store, PassSettings(), signed_at=NOW, lifetime=WEEK, own=[own])
    first, second = found["status_lists"]
    assert (first["uri"], second["uri"]) == (URI, f"{URI}0")
    assert first["expires_at"] == found["expires_at"]
    assert base64url.decode(first["lst"]) == packed([7], 8)


class Home:
    """A folder of trust, and what publishes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SettableClock()
        self.read = 0
        self.is_database_away = False
        self.publisher = ListPublisher(
            trust=self.trust,
            state=lambda: frozenset((one.name, one.stat().st_size) for one in folder.iterdir()),
            own=self.own,
            clock=self.clock,
            settings=PassSettings(),
        )

    def own(self) -> Sequence[OwnStatuses]:
        if self.is_database_away:
            raise DatabaseUnavailable("The database is away.")
        return ()

    def trust(self) -> TrustStore:
        self.read += 1
        return trust_from(self.folder)

    def keep(self, *keys: dict[str, Any]) -> None:
        self.folder.joinpath("keys.jwks").write_text(json.dumps({"keys": keys}))

    def lists(self) -> Any:
        return json.loads(self.publisher.lists())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_lists_are_made_once_an_hour_and_when_trust_changes(home: Home) -> None:
    home.keep(jwk(issuer()))
    first = home.publisher.lists()
    home.clock.advance(timedelta(minutes=30))
    assert home.publisher.lists() == first
    assert home.read == 1
    home.keep(jwk(issuer()), jwk(issuer()))
    assert len(home.lists()["signers"]) == 2
    home.clock.advance(timedelta(minutes=30))
    assert home.lists()["signed_at"] == "2026-11-23T09:00:00.000Z"
    assert home.lists()["expires_at"] == "2026-11-30T09:00:00.000Z"
    assert home.read == 3


def test_two_processes_make_the_same_octets_within_an_hour(home: Home) -> None:
    home.keep(jwk(issuer()))
    first = home.publisher.lists()
    home.clock.advance(timedelta(minutes=1))
    assert Home(home.folder).publisher.lists() == first


def test_lists_that_cannot_be_renewed_are_given_as_old_as_they_are(home: Home) -> None:
    home.keep(jwk(issuer()))
    before = home.publisher.lists()
    home.folder.joinpath("keys.jwks").write_text("{broken")
    home.clock.advance(timedelta(hours=2))
    assert home.publisher.lists() == before
    with pytest.raises(PassTrustUnreadable):
        home.trust()
    with pytest.raises(ListsAway):
        Home(home.folder).publisher.lists()


def test_lists_stay_while_the_database_is_away(home: Home) -> None:
    home.keep(jwk(issuer()))
    before = home.publisher.lists()
    home.is_database_away = True
    home.clock.advance(timedelta(hours=2))
    assert home.publisher.lists() == before
    home.is_database_away = False
    assert home.lists()["signed_at"] == "2026-11-23T10:00:00.000Z"
