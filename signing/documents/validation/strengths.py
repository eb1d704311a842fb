"""Which algorithms are strong enough, and until when (ETSI EN 319 102-1, Section 5.2.8)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, keys
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

POLICY = Path(__file__).parent / "policy.toml"


@dataclass(frozen=True)
class KeyStrength:
    """Keys of an algorithm with at least ``bits``; None in ``until`` means without end."""

    algorithm: str
    bits: int
    until: datetime | None


class Strengths(CMSAlgorithmUsagePolicy):
    """The policy's algorithms, in the form that path validation asks for."""

    def __init__(self, *, digests: frozenset[str], keys: tuple[KeyStrength, ...]) -> None:
        self._digests = digests
        self._keys = keys

    def digest_algorithm_allowed(
        self,
        algo: algos.DigestAlgorithm,
        moment: datetime | None,
    ) -> AlgorithmUsageConstraint:
        """Say whether a hash function is accepted."""
        return self._digest(algo["algorithm"].native)

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        """Say whether a signature algorithm with this key is accepted at ``moment``."""
        name = algo["algorithm"].native
        # CMS may name the key's algorithm alone (RFC 8017: rsaEncryption); the hash stands beside.
        if name not in ("ed25519", "ed448", "rsassa_pkcs1v15"):
            try:
                digest = self._digest(algo.hash_algo)
            except ValueError:
                digest = _refused(f"The signature algorithm {name} is not accepted.")
            if not digest:
                return digest
        if public_key is None:
            return AlgorithmUsageConstraint(allowed=True)
        return self._key(public_key, moment)

    def message_allowed(
        self, signer_info: cms.SignerInfo, moment: datetime, public_key: keys.PublicKeyInfo
    ) -> AlgorithmUsageConstraint:
        """Say whether both algorithms of a CMS signature are accepted at ``moment``."""
        digest = self.digest_algorithm_allowed(signer_info["digest_algorithm"], moment)
        if not digest:
            return digest
        return self.signature_algorithm_allowed(
            signer_info["signature_algorithm"], moment, public_key
        )

    def _digest(self, name: str) -> AlgorithmUsageConstraint:
        if name in self._digests:
            return AlgorithmUsageConstraint(allowed=True)
        return _refused(f"The hash function {name} is not accepted.")

    def _key(
        self, public_key: keys.PublicKeyInfo, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        algorithm = "rsa" if public_key.algorithm == "rsassa_pss" else public_key.algorithm
        bits = public_key.bit_size if algorithm in ("rsa", "ec") else _FIXED_BITS.get(algorithm, 0)
        fitting = [one for one in self._keys if one.algorithm == algorithm and one.bits <= bits]
        if not fitting:
            return _refused(f"A key of {bits} bits for {algorithm} is not accepted.")
        if any(one.until is None for one in fitting):
            return AlgorithmUsageConstraint(allowed=True)
        until = max(one.until for one in fitting if one.until is not None)
        if moment is None or moment <= until:
            return AlgorithmUsageConstraint(allowed=True, not_allowed_after=until)
        return AlgorithmUsageConstraint(
            allowed=False,
            not_allowed_after=until,
            failure_reason=f"{algorithm} keys of {bits} bits are accepted until {until:%Y-%m-%d}.",
        )


_FIXED_BITS = {"ed25519": 256, "ed448": 448}


def _refused(reason: str) -> AlgorithmUsageConstraint:
    return AlgorithmUsageConstraint(allowed=False, failure_reason=reason)


@dataclass(frozen=True)
class ValidationPolicy:
    """The policy that a report names."""

    name: str
    oid: str
    clock_skew: timedelta
    strengths: Strengths


def load_policy(path: Path = POLICY) -> ValidationPolicy:
    """Read the policy file that lies beside this module."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    strengths = Strengths(
        digests=frozenset(data["digests"]["accepted"]),
        keys=tuple(_key_strength(one) for one in data["keys"]),
    )
    return ValidationPolicy(
        name=data["name"],
        oid=data["oid"],
        clock_skew=timedelta(seconds=data["clock_skew_seconds"]),
        strengths=strengths,
    )


def _key_strength(one: Mapping[str, Any]) -> KeyStrength:
    return KeyStrength(one["algorithm"], one["bits"], one.get("until"))
