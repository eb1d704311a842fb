"""Certify responders anew, well before the old certificate runs out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.authorities import Authorities, Authority
from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest
from ca.revocation.status import HeldCertificate, StatusDirectory
from core.clock import Clock
from core.errors import CamtrustError, Unavailable
from core.leases import Leases
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore
from hsm.private_keys import as_private_key, hash_for
from ocsp.identities import holder_of
from ocsp.settings import OcspSettings

PROFILE = "ocsp-responder"
# Longer than making a key and a certificate takes.
LEASE = timedelta(minutes=5)

_ALGORITHMS = {
    "ec-p256": KeyAlgorithm.EC_P256,
    "ec-p384": KeyAlgorithm.EC_P384,
    "rsa": KeyAlgorithm.RSA_3072,
}


class Issuing(Protocol):
    """Issues certificates (:class:`ca.issuance.path.Issuance`)."""

    def issue(self, request: CertificateRequest) -> object:
        """Issue one certificate."""


class ResponderProfile(Protocol):
    """What renewal asks of the profile ``ocsp-responder``."""

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue."""

    def key_types(self, role: str | None) -> tuple[str, ...]:
        """The key types accepted under an issuer of ``role``, the preferred one first."""


class ResponderRenewal:
    """Makes a responder's key in the status token and has the authority certify it.

    Authorities whose key is offline are left to ceremonies.
    """

    def __init__(
        self,
        *,
        issuance: Issuing,
        keys: KeyStore,
        authorities: Authorities,
        statuses: StatusDirectory,
        profile: ResponderProfile,
        leases: Leases,
        settings: OcspSettings,
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

    def renew_due(self) -> list[str]:
        """Renew every responder that runs out within ``renew_before``; return whose.

        For the scheduler and ``camtrust ocsp renew``. Raises the first refusal, once all others
        were tried.
        """
        renewed = []
        refusal: CamtrustError | None = None
        for authority in self._renewable():
            try:
                if self._is_due(authority.name) and self.renew(authority.name):
                    renewed.append(authority.name)
            except CamtrustError as error:
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return renewed

    def renew(self, authority: str) -> bool:
        """Certify a new responder now; False if it is not ours to do, or another is at it.

        Raises what keys and issuance raise.
        """
        found = self._authorities.authority(authority)
        if found not in self._renewable():
            return False
        lease = f"ocsp-responder:{authority}"[:64]
        # A name for this one act: two threads of a process are two as well.
        me = f"{os.getpid()}-{secrets.token_hex(8)}"
        if not self._leases.take(lease, holder=me, duration=LEASE):
            return False
        try:
            if not self._is_due(authority):
                return True
            self._certify(found, self._clock.now())
            self._retire_keys(authority)
        finally:
            self._leases.give_back(lease, holder=me)
        return True

    def _renewable(self) -> list[Authority]:
        now = self._clock.now()
        return [
            one
            for one in self._authorities.all()
            if one.role in self._profile.issuer_roles and one.is_active and one.may_use_key(now)
        ]

    def _is_due(self, authority: str) -> bool:
        now = self._clock.now()
        held = self._statuses.good_certificates_of(holder_of(authority), at=now)
        lasting = [one for one in held if one.not_after - now >= self._settings.renew_before]
        return not any(self._can_sign(one) for one in lasting)

    def _can_sign(self, held: HeldCertificate) -> bool:
        try:
            self._keys.signing_key(held.key_id)
        except Unavailable:
            # The token is away: it will be back with its keys, or somebody replaces it.
            raise
        except CamtrustError:
            # The key was lost with its token, or is suspended.
            return False
        return True

    def _certify(self, authority: Authority, now: datetime) -> None:
        preferred = self._profile.key_types(authority.role)[0]
        record = self._keys.generate(
            token=self._settings.token,
            label=f"{_label(authority.name)}{now:%Y%m%dT%H%M%S}",
            algorithm=_ALGORITHMS[preferred],
        )
        self._keys.change_state(record.key_id, KeyState.ACTIVE, reason="status responder")
        subject = authority.certificate.subject
        self._issuance.issue(
            CertificateRequest(
                profile=PROFILE,
                csr=self._request(record, subject),
                holder=holder_of(authority.name),
                facts={
                    "organization_name": _value(subject, NameOID.ORGANIZATION_NAME),
                    "common_name": f"{_value(subject, NameOID.COMMON_NAME)} OCSP",
                },
                authority=authority.name,
            )
        )

    def _request(self, record: KeyRecord, subject: x509.Name) -> VerifiedCsr:
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        key = as_private_key(self._keys.signing_key(record.key_id))
        return verify_csr(builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER))

    def _retire_keys(self, authority: str) -> None:
        # The key of a responder that has run out signs nothing any more.
        now = self._clock.now()
        held = self._statuses.good_certificates_of(holder_of(authority), at=now)
        in_use = {one.key_id for one in held}
        for record in self._old_keys(authority):
            if record.key_id not in in_use:
                if record.state is KeyState.ACTIVE:
                    self._keys.change_state(
                        record.key_id, KeyState.DEACTIVATED, reason="replaced status responder"
                    )
                self._keys.destroy(record.key_id, reason="replaced status responder")

    def _old_keys(self, authority: str) -> Sequence[KeyRecord]:
        alive = {KeyState.PRE_ACTIVE, KeyState.ACTIVE, KeyState.DEACTIVATED}
        return [
            record
            for record in self._keys.records()
            if record.token == self._settings.token
            and record.label.startswith(_label(authority))
            and record.state in alive
        ]


def _label(authority: str) -> str:
    return f"ocsp-responder-{authority}-"


def _value(subject: x509.Name, oid: x509.ObjectIdentifier) -> str:
    [attribute] = subject.get_attributes_for_oid(oid)
    return str(attribute.value)
