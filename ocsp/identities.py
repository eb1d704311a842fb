"""Who signs answers: for each authority a delegate of its own, renewed before it runs out.

RFC 6960, Section 4.2.2.2: the delegate's certificate comes from the authority itself and says
id-kp-OCSPSigning; since nobody asks for its status (id-pkix-ocsp-nocheck) it is short-lived.
Certificates are found by their holder, ``responder:{authority}``, wherever they came from: from
issuance for issuing authorities, from a ceremony for those whose key is offline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from typing import Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.der import BIT_STRING, SEQUENCE, read_bits, read_fields, read_only
from ca.revocation.status import HeldCertificate, StatusDirectory
from core.clock import Clock
from core.errors import CamtrustError, Unavailable
from hsm.keys import KeyStore
from ocsp.response import Signer

# How long an identity is used without looking whether there is a newer one.
LOOK_AGAIN_SECONDS = 60.0


class ResponderMissing(Unavailable):
    """Nobody may sign answers for this authority just now."""

    problem = "ocsp-responder-missing"
    title = "No responder can answer for this authority"


@dataclass(frozen=True)
class Identity:
    """A delegate: who signs, until when, and when that was found out (a monotonic second)."""

    signer: Signer
    not_after: datetime
    found_at: float


class Renewal(Protocol):
    """Gets a new delegate certified."""

    def renew(self, authority: str) -> bool:
        """Certify a new delegate; False if that is not for us to do, or another is doing it."""


def holder_of(authority: str) -> str:
    """Return the name under which an authority's delegates are certified."""
    return f"responder:{authority}"


class Identities:
    """Finds the delegate of an authority; safe in many threads."""

    def __init__(
        self,
        *,
        statuses: StatusDirectory,
        keys: KeyStore,
        renewal: Renewal,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._statuses = statuses
        self._keys = keys
        self._renewal = renewal
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, Identity] = {}
        self._events = structlog.get_logger("ocsp")

    def identity(self, authority: str) -> Identity:
        """Return who signs for an authority. Raises ResponderMissing, TokenUnavailable.

        Where there is nobody, a delegate is certified on the spot, if that may be done.
        """
        now = self._clock.now()
        known = self._known.get(authority)
        fresh = known is not None and known.found_at + LOOK_AGAIN_SECONDS > self._monotonic()
        if known is not None and fresh and known.not_after > now:
            return known
        with self._lock:
            found = self._find(authority, now)
            if found is None and self._renewal.renew(authority):
                found = self._find(authority, self._clock.now())
            if found is None:
                self._known.pop(authority, None)
                raise ResponderMissing(
                    f"There is no valid responder certificate for {authority}.",
                    authority=authority,
                )
            self._known[authority] = found
            return found

    def forget(self, authority: str) -> None:
        """Look again at the next question: the delegate was revoked or replaced."""
        self._known.pop(authority, None)

    def not_after(self, authority: str) -> datetime | None:
        """Return until when the newest delegate may sign; None for none."""
        found = self._find(authority, self._clock.now())
        return None if found is None else found.not_after

    def _find(self, authority: str, now: datetime) -> Identity | None:
        held = self._statuses.good_certificates_of(holder_of(authority), at=now)
        refusal: CamtrustError | None = None
        for one in held:
            try:
                return self._use(one)
            except Unavailable:
                # The token is away: an older delegate in the same token would not help.
                raise
            except CamtrustError as error:
                # Its key is gone or suspended: perhaps an older delegate still works.
                refusal = error
        if refusal is not None:
            self._events.warning("no-responder-key", authority=authority, problem=refusal.problem)
        return None

    def _use(self, held: HeldCertificate) -> Identity:
        signer = Signer(
            key=self._keys.signing_key(held.key_id),
            certificate_der=held.certificate_der,
            key_hash=key_hash_of(x509.load_der_x509_certificate(held.certificate_der)),
        )
        return Identity(signer, held.not_after, self._monotonic())


def serial_number_of(certificate_der: bytes) -> int:
    """Return a certificate's serial number."""
    return x509.load_der_x509_certificate(certificate_der).serial_number


def key_hash_of(certificate: x509.Certificate) -> bytes:
    """Return KeyHash: SHA-1 of the subjectPublicKey's bits (RFC 6960, Section 4.2.1)."""
    info = read_only(_public_key_info(certificate), SEQUENCE)
    _algorithm, bits = read_fields(info, SEQUENCE, BIT_STRING)
    # SHA-1 is what the standard says; it names the key and protects nothing.
    return sha1(read_bits(bits)).digest()  # noqa: S324


def _public_key_info(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
