"""The authorities that exist: what the database knows, as issuance and status see it.

Ceremonies write these tables; everybody else reads them here, through a cache that is a few
seconds old at most, so that another process's ceremony is noticed without a restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1, sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Row, select

from ca.models import authorities, authority_certificates
from ca.plan import Issuer
from core.clock import Clock, SystemClock
from core.database import Database
from core.errors import Conflict, NotFound

CACHE_SECONDS = 5.0


class AuthorityUnknown(NotFound):
    """No ceremony has made an authority of this name or role."""

    problem = "authority-unknown"
    title = "There is no such authority"


class AuthorityNotIssuing(Conflict):
    """The authority exists, but signs no new certificates."""

    problem = "authority-not-issuing"
    title = "This authority issues no certificates any more"


@dataclass(frozen=True)
class Authority:
    """An authority with every certificate that it holds, the newest of its own first.

    ``certificate`` is the newest that is not a cross certificate; ``crossed`` are those under
    other anchors. ``state`` is active, retired (revokes and signs CRLs only) or terminated.
    """

    name: str
    role: str
    parent: str | None
    state: str
    key_id: bytes
    crl_shards: int
    created_at: datetime
    certificate: x509.Certificate
    earlier: tuple[x509.Certificate, ...]
    crossed: tuple[x509.Certificate, ...]

    @property
    def is_active(self) -> bool:
        """Tell whether it may sign new certificates, as to its state."""
        return self.state == "active"

    @property
    def issuer(self) -> Issuer:
        """The authority as issuance and status see it."""
        return Issuer(self.name, self.role, self.key_id, self.certificate, self.crl_shards)

    def may_use_key(self, at: datetime) -> bool:
        """Tell whether the certificate's private key usage period covers ``at``.

        A GDHCN signer CA issues for one year of its four (RFC 3280, Section 4.2.1.4).
        """
        extensions = self.certificate.extensions
        try:
            period = extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
        except x509.ExtensionNotFound:
            return self.certificate.not_valid_after_utc > at
        return period.not_after is None or _aware(period.not_after, at) > at


class Authorities:
    """Finds authorities by name, role and OCSP CertID; safe in many threads."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cached: dict[str, Authority] = {}
        self._roles: dict[str, str] = {}
        self._certids: dict[tuple[bytes, bytes], str] = {}
        self._good_until = float("-inf")

    def all(self) -> list[Authority]:
        """Return every authority that holds a certificate, oldest first, terminated ones too."""
        return list(self._present().values())

    def authority(self, name: str) -> Authority:
        """Return an authority in whatever state. Raises AuthorityUnknown."""
        found = self._present().get(name)
        if found is None:
            # A ceremony may have made it a moment ago.
            self.forget()
            found = self._present().get(name)
        if found is None:
            raise AuthorityUnknown(f"There is no authority {name}.", authority=name)
        return found

    def known(self, name: str) -> Issuer:
        """Return an authority in whatever state, for CRLs and status. Raises AuthorityUnknown."""
        return self.authority(name).issuer

    def issuer(self, name: str) -> Issuer:
        """Return an authority that may issue. Raises AuthorityUnknown or AuthorityNotIssuing."""
        found = self.authority(name)
        if not found.is_active:
            raise AuthorityNotIssuing(
                f"Authority {name} is {found.state} and issues no certificates.", authority=name
            )
        if not found.may_use_key(self._clock.now()):
            raise AuthorityNotIssuing(
                f"The key of authority {name} is past its time of use; it needs a successor.",
                authority=name,
            )
        return found.issuer

    def issuer_for_role(self, role: str) -> Issuer:
        """Return the newest authority of a role that may issue. Raises AuthorityUnknown."""
        now = self._clock.now()
        for one in reversed(self.all()):
            if one.role == role and one.is_active and one.may_use_key(now):
                return one.issuer
        raise AuthorityUnknown(f"No active authority has the role {role}.", role=role)

    def role(self, name: str) -> str:
        """Return the role of a name, of an anchor without its certificate as yet, too.

        Raises AuthorityUnknown.
        """
        self._present()
        if name not in self._roles:
            self.forget()
            self._present()
        if name not in self._roles:
            raise AuthorityUnknown(f"There is no authority {name}.", authority=name)
        return self._roles[name]

    def chain(self, name: str) -> list[x509.Certificate]:
        """Return the certificates from an authority's own up to its anchor's, both included.

        Raises AuthorityUnknown.
        """
        one = self.authority(name)
        chain = [one.certificate]
        while one.parent is not None:
            one = self.authority(one.parent)
            chain.append(one.certificate)
        return chain

    def issuer_by_certid(self, name_hash: bytes, key_hash: bytes) -> Issuer:
        """Return the authority of an OCSP CertID, hashed with SHA-1 or SHA-256.

        RFC 6960, Section 4.1.1. Raises AuthorityUnknown.
        """
        present = self._present()
        name = self._certids.get((name_hash, key_hash))
        if name is None or name not in present:
            raise AuthorityUnknown("No authority has this name and key.")
        return present[name].issuer

    def forget(self) -> None:
        """Read the tables again at the next question: a ceremony has changed them."""
        with self._lock:
            self._good_until = float("-inf")

    def _present(self) -> dict[str, Authority]:
        with self._lock:
            if self._monotonic() < self._good_until:
                return self._cached
            rows, held = _read(self._database)
            found = [_authority(row, held.get(row.name, [])) for row in rows]
            present = {one.name: one for one in found if one is not None}
            self._cached = present
            self._roles = {row.name: row.role for row in rows}
            self._certids = {pair: one.name for one in present.values() for pair in certids(one)}
            self._good_until = self._monotonic() + CACHE_SECONDS
            return present


def certids(authority: Authority) -> list[tuple[bytes, bytes]]:
    """Return (issuerNameHash, issuerKeyHash) under SHA-1 and under SHA-256.

    RFC 6960, Section 4.1.1: over the DER of the issuer's name, and over the value of its
    subjectPublicKey BIT STRING without tag, length and unused bits.
    """
    name = authority.certificate.subject.public_bytes()
    key = _key_bits(authority.certificate)
    return [
        # SHA-1 is what X-Road asks with; here it names, and protects nothing.
        (sha1(name).digest(), sha1(key).digest()),  # noqa: S324
        (sha256(name).digest(), sha256(key).digest()),
    ]


def _key_bits(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if hasattr(key, "public_numbers"):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _read(database: Database) -> tuple[Sequence[Row[Any]], dict[str, list[Any]]]:
    held: dict[str, list[Any]] = {}
    with database.read() as connection:
        rows = connection.execute(
            select(authorities).order_by(authorities.c.created_at, authorities.c.name)
        ).all()
        certificates = connection.execute(
            select(
                authority_certificates.c.authority,
                authority_certificates.c.kind,
                authority_certificates.c.certificate_der,
            ).order_by(authority_certificates.c.added_at, authority_certificates.c.not_after)
        ).all()
    for one in certificates:
        held.setdefault(one.authority, []).append(one)
    return rows, held


def _authority(row: Row[Any], held: Sequence[Any]) -> Authority | None:
    own = [_load(one) for one in held if one.kind != "cross"]
    if not own:
        # Its ceremony has not come so far, or was interrupted: it cannot act yet.
        return None
    return Authority(
        name=row.name,
        role=row.role,
        parent=row.parent,
        state=row.state,
        key_id=row.key_id,
        crl_shards=row.crl_shards,
        created_at=row.created_at,
        certificate=own[-1],
        earlier=tuple(reversed(own[:-1])),
        crossed=tuple(_load(one) for one in held if one.kind == "cross"),
    )


def _load(row: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(row.certificate_der)


def _aware(instant: datetime, like: datetime) -> datetime:
    # cryptography gives these instants naive, in UTC.
    return instant if instant.tzinfo else instant.replace(tzinfo=like.tzinfo)
