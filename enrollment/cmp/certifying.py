"""The key and certificate with which the server signs its answers, renewed before they end.

RFC 9810, Section 4.5: the certificate says id-kp-cmcRA. A client believes it because it leads up
to the anchor that the client has, as every certificate of ours does.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.authorities import Authorities
from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, Issuer
from ca.revocation.status import HeldCertificate, StatusDirectory
from core.clock import Clock
from core.errors import CamtrustError, NotFound, Unavailable
from core.leases import Leases
from enrollment.cmp.settings import CmpSettings
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore, SigningKey
from hsm.private_keys import as_private_key, hash_for

PROFILE = "cmp-server"
HOLDER = "cmp-server"
LABEL = "cmp-server-"
COMMON_NAME = "Cambodia Registration Authority"
# Longer than making a key and a certificate takes.
LEASE = timedelta(minutes=5)
_LEASE_NAME = "cmp-server"
_ALGORITHMS = {"ec-p256": KeyAlgorithm.EC_P256, "ec-p384": KeyAlgorithm.EC_P384}
_ALIVE = {KeyState.PRE_ACTIVE, KeyState.ACTIVE, KeyState.DEACTIVATED}


class ServerCertificateMissing(Unavailable):
    """Nobody may sign answers to clients just now."""

    problem = "cmp-server-certificate-missing"
    title = "The server has no certificate to sign answers with"


class Issuing(Protocol):
    """Issues certificates (:class:`ca.issuance.path.Issuance`)."""

    def issue(self, request: CertificateRequest) -> object:
        """Issue one certificate."""


class ServerProfile(Protocol):
    """What is asked of the profile ``cmp-server``."""

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue."""

    def key_types(self, role: str | None) -> tuple[str, ...]:
        """The key types accepted, the preferred one first."""


@dataclass(frozen=True)
class ServerSigner:
    """Who signs answers: a key, its certificate, and the chain above it without the anchor."""

    key: SigningKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


class ServerCertificates:
    """Finds the certificate that signs, and certifies a new key when it is due."""

    def __init__(
        self,
        *,
        issuance: Issuing,
        keys: KeyStore,
        authorities: Authorities,
        statuses: StatusDirectory,
        profile: ServerProfile,
        leases: Leases,
        settings: CmpSettings,
        clock: Clock,
    ) -> None:
        self._issuance = issuance
        self._keys = keys
        self._authorities = authorities
        self._statuses = statuses
        self._profile = profile
        self._leases = leases
        self._settings = settings
        self._clock = clock

    def signer(self) -> ServerSigner:
        """Return who signs, certified on the spot where there is nobody.

        Raises ServerCertificateMissing and TokenUnavailable.
        """
        found = self._find()
        if found is None and self.renew_due():
            found = self._find()
        if found is None:
            raise ServerCertificateMissing("Try again shortly, or protect the message by a MAC.")
        return found

    def name(self) -> bytes | None:
        """Return the DER of the subject under which the server signs, None as yet."""
        held = self._held(self._clock.now())
        return _load(held[0]).subject.public_bytes() if held else None

    def renew_due(self) -> bool:
        """Certify a new key if none lasts for ``renew_before``; tell whether one does then.

        For the scheduler. False while another is at it, or there is no authority to ask. Raises
        what keys and issuance raise.
        """
        if not self._is_due():
            return True
        issuer = self._issuer()
        if issuer is None:
            return False
        # A name for this one act: two threads of a process are two as well.
        me = f"{os.getpid()}-{secrets.token_hex(8)}"
        if not self._leases.take(_LEASE_NAME, holder=me, duration=LEASE):
            return False
        try:
            if self._is_due():
                self._certify(issuer, self._clock.now())
                self._retire_keys()
        finally:
            self._leases.give_back(_LEASE_NAME, holder=me)
        return True

    def _held(self, now: datetime) -> list[HeldCertificate]:
        return self._statuses.good_certificates_of(HOLDER, at=now)

    def _find(self) -> ServerSigner | None:
        for held in self._held(self._clock.now()):
            if (key := self._key(held)) is not None:
                certificate = _load(held)
                return ServerSigner(key, certificate, self._chain(certificate))
        return None

    def _chain(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        for one in self._authorities.all():
            if one.certificate.subject == certificate.issuer:
                return tuple(self._authorities.chain(one.name)[:-1])
        return ()

    def _is_due(self) -> bool:
        now = self._clock.now()
        lasting = [
            one for one in self._held(now) if one.not_after - now >= self._settings.renew_before
        ]
        return not any(self._key(one) for one in lasting)

    def _key(self, held: HeldCertificate) -> SigningKey | None:
        try:
            return self._keys.signing_key(held.key_id)
        except Unavailable:
            # The token is away: it will be back with its keys, or somebody replaces it.
            raise
        except CamtrustError:
            # The key was lost with its token, or is suspended.
            return None

    def _certify(self, issuer: Issuer, now: datetime) -> None:
        record = self._keys.generate(
            token=self._settings.token,
            label=f"{LABEL}{now:%Y%m%dT%H%M%S}",
            algorithm=_ALGORITHMS[self._profile.key_types(issuer.role)[0]],
        )
        self._keys.change_state(record.key_id, KeyState.ACTIVE, reason="CMP server")
        subject = issuer.certificate.subject
        [organization] = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        self._issuance.issue(
            CertificateRequest(
                profile=PROFILE,
                csr=self._request(record, subject),
                holder=HOLDER,
                facts={
                    "organization_name": str(organization.value),
                    "common_name": COMMON_NAME,
                },
                authority=issuer.authority,
            )
        )

    def _issuer(self) -> Issuer | None:
        try:
            return self._authorities.issuer_for_role(self._profile.issuer_roles[0])
        except NotFound:
            # Its ceremony was not held yet.
            return None

    def _request(self, record: KeyRecord, subject: x509.Name) -> VerifiedCsr:
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        key = as_private_key(self._keys.signing_key(record.key_id))
        return verify_csr(builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER))

    def _retire_keys(self) -> None:
        # The key of a certificate that has run out signs nothing any more.
        in_use = {one.key_id for one in self._held(self._clock.now())}
        for record in self._own_keys():
            if record.key_id in in_use:
                continue
            reason = "replaced CMP server key"
            if record.state is KeyState.ACTIVE:
                self._keys.change_state(record.key_id, KeyState.DEACTIVATED, reason=reason)
            self._keys.destroy(record.key_id, reason=reason)

    def _own_keys(self) -> Sequence[KeyRecord]:
        return [
            record
            for record in self._keys.records()
            if record.token == self._settings.token
            and record.label.startswith(LABEL)
            and record.state in _ALIVE
        ]


def _load(held: HeldCertificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(held.certificate_der)
