"""A small world for the tests of status: authorities with software keys, and a real log.

The keys are ``cryptography``'s own, behind the port that the token's keys have; what a token
does is tested in tests/hsm and end to end.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import insert, select

from ca.authorities import Authorities
from ca.models import authorities, authority_certificates, certificates
from ca.publication import PublicationUrls
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from core.transparency.models import log_entries
from core.transparency.settings import LogSettings
from hsm.errors import KeyNotFound
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyRecord, KeyState, PublicKey, key_id_of

URLS = PublicationUrls("http://pki.example.com")
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class LogKey:
    """A checkpoint key in memory."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def make_log(database: Database, folder: Path, clock: Clock) -> TransparencyLog:
    """A log whose key any process of the test can make again."""
    settings = LogSettings(folder=folder)
    signer = LogKey(settings.origin, sha256(str(folder).encode()).digest())
    return TransparencyLog(database=database, settings=settings, signer=signer, clock=clock)


def entries_of(database: Database) -> list[LogEntry]:
    """Every entry of the log, oldest first."""
    with database.read() as connection:
        octets = connection.scalars(
            select(log_entries.c.entry).order_by(log_entries.c.entry_index)
        ).all()
    return [LogEntry.decode(one) for one in octets]


@dataclass
class Keeps:
    """Retention as a test wants it: these authorities keep expired revocations."""

    authorities: frozenset[str] = frozenset()
    since: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def keeps_expired(self, authority: str) -> bool:
        return authority in self.authorities

    def kept_since(self, authority: str) -> datetime:
        return self.since


@dataclass
class SoftwareKey:
    """A ``SigningKey`` without a token."""

    private: PrivateKey
    algorithm: KeyAlgorithm

    @property
    def public_key(self) -> PublicKey:
        return self.private.public_key()

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), SHA256())
        hashed = SHA384() if self.algorithm is KeyAlgorithm.EC_P384 else SHA256()
        return self.private.sign(message, ec.ECDSA(hashed))

    def sign_parts(self, parts: Iterable[bytes]) -> bytes:
        return self.sign(b"".join(parts))


@cache
def _rsa_key(_number: int) -> rsa.RSAPrivateKey:
    # Slow to make: the tests of one process share them.
    return rsa.generate_private_key(65537, 3072)


@dataclass
class SoftwareKeys:
    """What CRLs and responders ask of a ``KeyStore``."""

    held: dict[bytes, SoftwareKey] = field(default_factory=dict)
    offline: set[bytes] = field(default_factory=set)

    def is_online(self, key_id: bytes) -> bool:
        return key_id not in self.offline

    def add(self, algorithm: KeyAlgorithm) -> SoftwareKey:
        private: PrivateKey
        if algorithm is KeyAlgorithm.RSA_3072:
            private = _rsa_key(len(self.held))
        else:
            p384 = algorithm is KeyAlgorithm.EC_P384
            private = ec.generate_private_key(ec.SECP384R1() if p384 else ec.SECP256R1())
        key = SoftwareKey(private, algorithm)
        self.held[key.key_id] = key
        return key

    def signing_key(self, key_id: bytes) -> SoftwareKey:
        try:
            return self.held[key_id]
        except KeyError:
            raise KeyNotFound("No such key.") from None

    def record(self, key_id: bytes) -> KeyRecord:
        key = self.signing_key(key_id)
        return KeyRecord(
            key_id=key_id,
            token="software",
            label="test",
            algorithm=key.algorithm,
            public_key_der=key.public_key.public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            ),
            state=KeyState.ACTIVE,
            policy=KeyPolicy(),
            created_at=datetime.now(UTC),
        )


@dataclass
class World:
    """Authorities by name, their keys and certificates, and the means to add more."""

    database: Database
    clock: Clock
    log: TransparencyLog
    keys: SoftwareKeys = field(default_factory=SoftwareKeys)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    signers: dict[str, SoftwareKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.authorities = Authorities(
            database=self.database, clock=self.clock, monotonic=_never_cached()
        )

    def add_authority(
        self,
        name: str,
        *,
        parent: str | None = None,
        shards: int = 1,
        algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
    ) -> x509.Certificate:
        """Make an authority; its certificate is signed by its parent, or by itself."""
        key = self.keys.add(algorithm)
        subject = name_of(name)
        issuer_name = subject if parent is None else self.certificates[parent].subject
        issuer_key = key if parent is None else self.signers[parent]
        now = self.clock.now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(key.public_key)
            .serial_number(secrets.randbits(159))
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_ca_key_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), False)
            .add_extension(_authority_key(issuer_key), critical=False)
        )
        certificate = builder.sign(issuer_key.private, _hash(issuer_key))
        self.certificates[name], self.signers[name] = certificate, key
        with self.database.begin() as connection:
            connection.execute(
                insert(authorities).values(
                    name=name,
                    role=name.rpartition("-")[0],
                    parent=parent,
                    subject_der=subject.public_bytes(),
                    key_id=key.key_id,
                    state="active",
                    crl_shards=shards,
                    created_at=now,
                )
            )
            connection.execute(
                insert(authority_certificates).values(
                    sha256=certificate.fingerprint(SHA256()),
                    authority=name,
                    kind="root" if parent is None else "issued",
                    not_after=certificate.not_valid_after_utc,
                    certificate_der=certificate.public_bytes(Encoding.DER),
                    added_at=now,
                )
            )
        if parent is not None:
            self._store(parent, certificate, profile="issuing-ca", holder=f"authority:{name}")
        return certificate

    def issue(
        self,
        authority: str,
        *,
        profile: str = "person-authentication",
        holder: str = "person:1",
        days: int = 365,
        state: str = "issued",
        public_key: PublicKey | None = None,
        responder: bool = False,
    ) -> x509.Certificate:
        """Issue a certificate the short way and store its row in ``state``."""
        issuer, signer = self.certificates[authority], self.signers[authority]
        now = self.clock.now()
        public_key = public_key or ec.generate_private_key(ec.SECP256R1()).public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(holder))
            .issuer_name(issuer.subject)
            .public_key(public_key)
            .serial_number(secrets.randbits(159))
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(_authority_key(signer), critical=False)
        )
        if responder:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
            builder = builder.add_extension(usage, False).add_extension(x509.OCSPNoCheck(), False)
        else:
            builder = builder.add_extension(self._point(authority, 0), critical=False)
        certificate = builder.sign(signer.private, _hash(signer))
        self._store(authority, certificate, profile=profile, holder=holder, state=state)
        return certificate

    def issue_many(self, authority: str, count: int, *, profile: str = "device") -> list[int]:
        """Store rows of certificates that nobody looks at, quickly; return their serials."""
        serial_numbers = [secrets.randbits(150) + 1 for _ in range(count)]
        now = self.clock.now()
        shards = self.authorities.authority(authority).crl_shards
        rows = [
            _row(authority, one, one % shards, profile, "device:1", now, b"\x30\x00")
            for one in serial_numbers
        ]
        with self.database.begin() as connection:
            connection.execute(insert(certificates), rows)
        return serial_numbers

    def _point(self, authority: str, shard: int) -> x509.CRLDistributionPoints:
        url = x509.UniformResourceIdentifier(URLS.crl(authority, shard))
        return x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)])

    def _store(
        self,
        authority: str,
        certificate: x509.Certificate,
        *,
        profile: str,
        holder: str,
        state: str = "issued",
    ) -> None:
        row = _row(
            authority,
            certificate.serial_number,
            0,
            profile,
            holder,
            self.clock.now(),
            certificate.public_bytes(Encoding.DER),
        )
        public_key = certificate.public_key()
        row |= {
            "state": state,
            "public_key_sha256": key_id_of(public_key),  # type: ignore[arg-type]
            "not_before": certificate.not_valid_before_utc,
            "not_after": certificate.not_valid_after_utc,
        }
        if state != "issued":
            row |= {"certificate_der": None}
        with self.database.begin() as connection:
            connection.execute(insert(certificates).values(**row))


def name_of(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KH"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _row(
    authority: str,
    serial_number: int,
    shard: int,
    profile: str,
    holder: str,
    now: datetime,
    der: bytes,
) -> dict[str, object]:
    return {
        "authority": authority,
        "serial_number": serial_number,
        "state": "issued",
        "profile": profile,
        "profile_version": 1,
        "holder": holder,
        "public_key_sha256": secrets.token_bytes(32),
        "tbs_sha256": secrets.token_bytes(32),
        "not_before": now,
        "not_after": now + timedelta(days=365),
        "crl_shard": shard,
        "reserved_at": now,
        "certificate_der": der,
    }


def _authority_key(signer: SoftwareKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key)


def _hash(signer: SoftwareKey) -> SHA256 | SHA384:
    return SHA384() if signer.algorithm is KeyAlgorithm.EC_P384 else SHA256()


def _ca_key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _never_cached() -> Callable[[], float]:
    # Each look is a minute after the last, so that the cache is always too old.
    instant = 0.0

    def tick() -> float:
        nonlocal instant
        instant += 60.0
        return instant

    return tick
