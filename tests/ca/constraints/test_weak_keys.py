"""Keys that others can compute or already have."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ca.constraints.blocklists import BlocklistRefused
from ca.constraints.refusals import CompromisedKey, WeakKey
from ca.constraints.weak_keys import WeakKeys
from ca.profiles import load_profiles
from ca.settings import CaSettings
from hsm.keys import PublicKey
from tests.ca.csr.forge import public_key_info
from tests.ca.software_hierarchy import private_key, readable_hierarchy


def weak_keys(home: Path, **settings: object) -> WeakKeys:
    return WeakKeys(settings=CaSettings(**settings), home=home)  # type: ignore[arg-type]


def rsa_of(p: int, q: int) -> PublicKey:
    return RSAPublicNumbers(65537, int(p * q)).public_key()


def close_primes() -> PublicKey:
    p = gmpy2.next_prime((1 << 1535) + (1 << 1534))
    return rsa_of(int(p), int(gmpy2.next_prime(p + 1000)))


def roca() -> PublicKey:
    """A modulus with the fingerprint of ROCA: a power of 65537 modulo the product of primes."""
    primes = 0x924CBA6AE99DFA084537FACC54948DF0C23DA044D8CABE0EDD75BC6
    modulus = pow(65537, 123456789, primes) + primes * ((1 << 3071) // primes + 1)
    while modulus % 2 == 0:
        modulus += primes
    return RSAPublicNumbers(65537, modulus).public_key()


def test_close_primes_are_found(tmp_path: Path) -> None:
    with pytest.raises(WeakKey) as refusal:
        weak_keys(tmp_path).check(close_primes())
    assert refusal.value.data["check"] == "fermat"


def test_the_roca_flaw_is_found(tmp_path: Path) -> None:
    with pytest.raises(WeakKey) as refusal:
        weak_keys(tmp_path).check(roca())
    assert refusal.value.data["check"] == "roca"


def test_a_small_factor_is_found(tmp_path: Path) -> None:
    with pytest.raises(WeakKey):
        weak_keys(tmp_path).check(rsa_of(65521, (1 << 3060) + 1))


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa", "ed25519"])
def test_an_honest_key_passes(kind: str, tmp_path: Path) -> None:
    weak_keys(tmp_path).check(private_key(kind).public_key())


@pytest.mark.parametrize("kind", ["ec-p256", "rsa", "ed25519"])
def test_a_blocklist_of_hashes_is_obeyed(kind: str, tmp_path: Path) -> None:
    key = private_key(kind)
    digest = sha256(public_key_info(key)).hexdigest()
    (tmp_path / "blocked.txt").write_text(f"# found in firmware\n\n{digest.upper()}  # router\n")
    keys = weak_keys(tmp_path, blocklists=("blocked.txt",))
    with pytest.raises(CompromisedKey):
        keys.check(key.public_key())
    keys.check(private_key(kind, 7).public_key())


@pytest.mark.parametrize("kind", ["ec-p256", "rsa", "ed25519"])
def test_badkeys_own_blocklist_is_obeyed(kind: str, tmp_path: Path) -> None:
    key = private_key(kind).public_key()
    if kind == "rsa":
        number = key.public_numbers().n  # type: ignore[union-attr]
    elif kind == "ec-p256":
        number = key.public_numbers().x  # type: ignore[union-attr]
    else:
        number = int.from_bytes(key.public_bytes_raw(), "big")  # type: ignore[union-attr]
    digest = sha256(number.to_bytes((number.bit_length() + 7) // 8, "big")).digest()
    others = [sha256(bytes((n,))).digest() for n in range(200)]
    records = b"".join(sorted(one[:15] + b"\x07" for one in [digest, *others]))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "blocklist.dat").write_bytes(records)
    keys = weak_keys(tmp_path, badkeys_directory="bad")
    with pytest.raises(CompromisedKey):
        keys.check(key)
    keys.check(private_key(kind, 7).public_key())
    assert keys.missing_blocklists() == []


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    assert len(weak_keys(tmp_path).missing_blocklists()) == 1
    keys = weak_keys(tmp_path, blocklists=("a.txt", "b.txt"), badkeys_directory="bad")
    missing = keys.missing_blocklists()
    assert len(missing) == 3
    assert "a.txt" in missing[0]
    assert "blocklist.dat" in missing[2]
    profiles = load_profiles(CaSettings(blocklists=(Path("a.txt"),)), home=tmp_path)
    assert any("a.txt" in one for one in profiles.missing_blocklists())


def test_a_broken_blocklist_is_refused_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_text("# fine\nnot a hash\n")
    with pytest.raises(BlocklistRefused, match=r"blocked.txt: line 2"):
        weak_keys(tmp_path, blocklists=("blocked.txt",))
    (tmp_path / "blocklist.dat").write_bytes(b"123")
    with pytest.raises(BlocklistRefused, match=r"blocklist.dat"):
        weak_keys(tmp_path, badkeys_directory=".")


def test_planning_asks_for_weak_keys(tmp_path: Path) -> None:
    hierarchy = readable_hierarchy()
    digest = sha256(public_key_info(private_key("ec-p256"))).hexdigest()
    (tmp_path / "blocked.txt").write_text(digest)
    profiles = load_profiles(CaSettings(blocklists=(Path("blocked.txt"),)), home=tmp_path)
    guarded = type(hierarchy)(profiles, hierarchy.issuers, hierarchy.keys)
    with pytest.raises(CompromisedKey):
        guarded.plan("person-signing")
