"""Refuse keys that others can compute, or already have."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from badkeys import checkrsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.constraints.blocklists import BadkeysBlocklist, read_hashes
from ca.constraints.refusals import KEPT, CompromisedKey, WeakKey
from ca.settings import CaSettings
from hsm.keys import PublicKey

# CA/Browser Forum Baseline Requirements, Section 6.1.1.3: ROCA, close primes (Fermat), and
# what else badkeys finds without its blocklist. ``smalld`` is moot: our exponents are small.
_RSA_CHECKS = {
    "roca": "its primes have the structure of the ROCA flaw",
    "fermat": "its primes are too close to each other",
    "sharedprimes": "it shares a prime with other keys",
    "smallfactors": "it has a small factor",
    "rsapoly": "its modulus has a pattern that lets it be factored",
    "rsainvalid": "its numbers are invalid",
}
BADKEYS_FILE = "blocklist.dat"


class WeakKeys:
    """Knows weak and compromised keys. Safe to share between threads."""

    def __init__(self, *, settings: CaSettings, home: Path) -> None:
        self._missing: list[str] = []
        self._hashes: frozenset[bytes] = frozenset()
        for file in settings.blocklists:
            if (home / file).exists():
                self._hashes |= read_hashes(home / file)
            else:
                self._missing.append(f"The blocklist {file} is configured, but not there.")
        self._badkeys = self._open_badkeys(settings, home)

    def missing_blocklists(self) -> list[str]:
        """Return a sentence for each blocklist that is configured or wanted, but not there."""
        return list(self._missing)

    def check(self, public_key: PublicKey) -> None:
        """Raise WeakKey or CompromisedKey with the reason."""
        der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        blocked = sha256(der).digest() in self._hashes
        if blocked or (self._badkeys is not None and public_key in self._badkeys):
            raise CompromisedKey(
                "The private half of this key is known to others. Make a new key.", kept=KEPT
            )
        if isinstance(public_key, RSAPublicKey):
            _check_rsa(public_key)

    def _open_badkeys(self, settings: CaSettings, home: Path) -> BadkeysBlocklist | None:
        if settings.badkeys_directory is None:
            self._missing.append(
                "No badkeys_directory is configured: keys known to be compromised are not refused."
            )
            return None
        file = home / settings.badkeys_directory / BADKEYS_FILE
        if not file.exists():
            self._missing.append(
                f"{settings.badkeys_directory / BADKEYS_FILE} is not there: put badkeys' "
                "blocklist where badkeys_directory says."
            )
            return None
        return BadkeysBlocklist(file)


def _check_rsa(key: RSAPublicKey) -> None:
    numbers = key.public_numbers()
    found = checkrsa(numbers.n, e=numbers.e, checks=list(_RSA_CHECKS))
    for check in found:
        raise WeakKey(
            f"The RSA key is weak: {_RSA_CHECKS[check]}. Make a new key with another program.",
            kept=KEPT,
            check=check,
        )
