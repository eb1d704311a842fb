"""A rehearsal's stage: plans and lints every certificate, and signs and stores nothing.

Keys that the ceremony would make, and keys that it would sign with, are stood in for by keys in
memory that vanish with the rehearsal. Whatever depends on them is masked in the transcript.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ca.authorities import Authorities, Authority
from ca.ceremony.changes import living_certificates
from ca.ceremony.requests import HASHES, request_for
from ca.ceremony.stage import Admitted, CertificateOrder, Change, MadeKey, SignedCrl, StateSet
from ca.hierarchy import AuthorityDefinition
from ca.issuance.serial_numbers import new_serial_number
from ca.linting import Linter
from ca.plan import Issuer
from ca.planning import plan_certificate
from ca.profiles import Profile, profile_named
from core.clock import Clock
from core.database import Database
from hsm.keys import KeyAlgorithm, KeyStore, key_id_of

PENDING = "(made at the ceremony)"

_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Rehearsal:
    """Does what acts ask for in memory; reads what exists, and changes none of it."""

    def __init__(
        self,
        *,
        database: Database,
        keys: KeyStore,
        authorities: Authorities,
        profiles: Mapping[str, Profile],
        linter: Linter,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._authorities = authorities
        self._profiles = profiles
        self._linter = linter
        self._clock = clock
        self._standing: dict[str, Authority] = {}
        self._stand_ins: dict[bytes, _PrivateKey] = {}
        self._throwaway: set[str] = set()

    def authority(self, name: str) -> Authority:
        """Return an authority as it would stand by now. Raises AuthorityUnknown."""
        return self._standing.get(name) or self._authorities.authority(name)

    def exists(self, name: str) -> bool:
        """Tell whether an authority of that name would hold a certificate by now."""
        return name in self._standing or any(one.name == name for one in self._authorities.all())

    def make_key(self, *, token: str, label: str, algorithm: KeyAlgorithm) -> MadeKey:
        """Make a stand-in in memory."""
        private_key = _generate(algorithm)
        key_id = key_id_of(private_key.public_key())
        self._stand_ins[key_id] = private_key
        self._throwaway.add(key_id.hex())
        return MadeKey(key_id, token, label, algorithm, private_key.public_key(), "active")

    def key(self, key_id: bytes) -> MadeKey:
        """Return what is known of a key that exists. Raises KeyNotFound."""
        record = self._keys.record(key_id)
        public_key = load_der_public_key(record.public_key_der)
        return MadeKey(
            key_id,
            record.token,
            record.label,
            record.algorithm,
            public_key,  # type: ignore[arg-type]
            str(record.state),
        )

    def reserve_name(self, definition: AuthorityDefinition, key: MadeKey) -> None:
        """Need nothing: no certificate is stored."""

    def issue(self, order: CertificateOrder) -> x509.Certificate:
        """Plan and lint a certificate; return it as a stand-in would have signed it."""
        issuer = None if order.issuer is None else self.authority(order.issuer).issuer
        serial_number = new_serial_number()
        self._throwaway.add(f"{serial_number:x}")
        plan = plan_certificate(
            profile=profile_named(self._profiles, order.profile),
            issuer=issuer,
            request=request_for(order, self._subject_key(order)),
            serial_number=serial_number,
            now=self._clock.now(),
            crl_shard=0,
            authority=order.authority,
        )
        self._linter.lint(plan)
        private_key = self._issuer_key(issuer, order)
        return plan.builder.sign(private_key, _hash_of(private_key))

    def sign_crls(self, authority: str, *, last: bool) -> list[SignedCrl]:
        """Return what would be signed."""
        shards = self.authority(authority).crl_shards
        return [
            SignedCrl(shard, {"last": last, "number": PENDING, "shard": shard}, None)
            for shard in range(shards)
        ]

    def stop_issuing(self, authority: str) -> None:
        """Need nothing: the authority goes on."""

    def living_certificates(self, authority: str) -> int:
        """Return how many certificates of an authority are neither expired nor revoked."""
        with self._database.read() as connection:
            return living_certificates(connection, authority, self._clock.now())

    def destroy_key(self, key_id: bytes, *, reason: str) -> MadeKey:
        """Return how the key would be described."""
        return replace(self.key(key_id), state="destroyed")

    def apply(self, changes: Iterable[Change]) -> None:
        """Let later steps see what an earlier one would have changed."""
        for change in changes:
            if isinstance(change, Admitted):
                self._standing[change.definition.name] = self._admitted(change)
            elif isinstance(change, StateSet):
                standing = self.authority(change.authority)
                self._standing[change.authority] = replace(standing, state=change.state)

    def masked(self, facts: Any) -> Any:
        """Return facts with what only the ceremony will decide masked."""
        if isinstance(facts, Mapping):
            return {name: self.masked(value) for name, value in facts.items()}
        if isinstance(facts, list):
            return [self.masked(value) for value in facts]
        return PENDING if facts in self._throwaway else facts

    def _admitted(self, change: Admitted) -> Authority:
        definition = change.definition
        return Authority(
            name=definition.name,
            role=definition.role,
            parent=definition.parent,
            state="active",
            key_id=change.key_id,
            crl_shards=definition.crl_shards,
            created_at=self._clock.now(),
            certificate=change.certificate,
            earlier=(),
            crossed=(),
        )

    def _subject_key(self, order: CertificateOrder) -> _PrivateKey | None:
        if order.key is None:
            return None
        return self._stand_in(order.key.key_id, order.key.algorithm)

    def _issuer_key(self, issuer: Issuer | None, order: CertificateOrder) -> _PrivateKey:
        if issuer is not None:
            algorithm = self._algorithm(issuer.key_id)
            return self._stand_in(issuer.key_id, algorithm)
        if order.key is None:
            raise ValueError("a self-signed certificate needs a key of ours")
        return self._stand_in(order.key.key_id, order.key.algorithm)

    def _algorithm(self, key_id: bytes) -> KeyAlgorithm:
        private_key = self._stand_ins.get(key_id)
        if private_key is None:
            return self._keys.record(key_id).algorithm
        return _algorithm_of(private_key)

    def _stand_in(self, key_id: bytes, algorithm: KeyAlgorithm) -> _PrivateKey:
        if key_id not in self._stand_ins:
            self._stand_ins[key_id] = _generate(algorithm)
            self._throwaway.add(key_id_of(self._stand_ins[key_id].public_key()).hex())
        return self._stand_ins[key_id]


def _generate(algorithm: KeyAlgorithm) -> _PrivateKey:
    match algorithm:
        case KeyAlgorithm.EC_P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyAlgorithm.EC_P384:
            return ec.generate_private_key(ec.SECP384R1())
        case KeyAlgorithm.RSA_3072:
            return rsa.generate_private_key(public_exponent=65537, key_size=3072)
        case KeyAlgorithm.RSA_4096:
            return rsa.generate_private_key(public_exponent=65537, key_size=4096)
        case KeyAlgorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()


def _algorithm_of(private_key: _PrivateKey) -> KeyAlgorithm:
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        p256 = private_key.curve.name == "secp256r1"
        return KeyAlgorithm.EC_P256 if p256 else KeyAlgorithm.EC_P384
    if isinstance(private_key, rsa.RSAPrivateKey):
        return KeyAlgorithm(f"rsa-{private_key.key_size}")
    return KeyAlgorithm.ED25519


def _hash_of(private_key: _PrivateKey) -> Any:
    return HASHES[_algorithm_of(private_key)]
