"""Certify service keys, and their successors before the use of a key ends."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, Issuer
from core.clock import Clock
from core.errors import CamtrustError, NotFound
from core.leases import Leases
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore
from hsm.private_keys import as_private_key, hash_for
from signing.service_keys.certificates import ServiceCertificates
from signing.service_keys.definition import SignerDefinition

# Longer than making a key and a certificate takes.
LEASE = timedelta(minutes=5)
_ALGORITHMS = {
    "ec-p256": KeyAlgorithm.EC_P256,
    "ec-p384": KeyAlgorithm.EC_P384,
    "rsa": KeyAlgorithm.RSA_3072,
}
_ALIVE = {KeyState.PRE_ACTIVE, KeyState.ACTIVE, KeyState.DEACTIVATED}


class Issuing(Protocol):
    """Issues certificates (:class:`ca.issuance.path.Issuance`)."""

    def issue(self, request: CertificateRequest) -> object:
        """Issue one certificate."""


class SignerProfile(Protocol):
    """What is asked of a signer's profile."""

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue."""

    def key_types(self, role: str | None) -> tuple[str, ...]:
        """The key types accepted under an issuer of ``role``, the preferred one first."""


class SignerProfiles(Protocol):
    """The profiles by name."""

    def __getitem__(self, name: str) -> SignerProfile:
        """Return a profile."""


class Issuers(Protocol):
    """Knows who issues (:class:`ca.authorities.Authorities`)."""

    def issuer_for_role(self, role: str) -> Issuer:
        """Return the newest authority of a role that may issue. Raises AuthorityUnknown."""


class ServiceKeyRenewal:
    """Makes a signer's key in its token and has an authority certify it."""

    def __init__(
        self,
        *,
        definitions: Sequence[SignerDefinition],
        token: str,
        renew_before: timedelta,
        issuance: Issuing,
        keys: KeyStore,
        authorities: Issuers,
        certificates: ServiceCertificates,
        profiles: SignerProfiles,
        leases: Leases,
        clock: Clock,
    ) -> None:
        self._definitions = {one.name: one for one in definitions}
        self._token = token
        self._renew_before = renew_before
        self._issuance = issuance
        self._keys = keys
        self._authorities = authorities
        self._certificates = certificates
        self._profiles = profiles
        self._leases = leases
        self._clock = clock

    def renew_due(self) -> list[str]:
        """Certify every signer whose key's use ends within ``renew_before``; return which.

        For the scheduler and the console. Raises the first refusal, once all others were tried.
        """
        renewed = []
        refusal: CamtrustError | None = None
        for name in self._definitions:
            try:
                if self.renew(name):
                    renewed.append(name)
            except CamtrustError as error:
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return renewed

    def renew(self, name: str) -> bool:
        """Certify a signer if it is due; False if it is not, or another process is at it.

        Keys whose use has ended are destroyed. Raises what keys and issuance raise.
        """
        definition = self._definitions[name]
        issuer = self._issuer(definition)
        if issuer is None or not (self._is_due(definition) or self._keys_past_use(definition)):
            return False
        # A name for this one act: two threads of a process are two as well.
        lease, me = f"service-key:{definition.holder}", f"{os.getpid()}-{secrets.token_hex(8)}"
        if not self._leases.take(lease, holder=me, duration=LEASE):
            return False
        try:
            is_due = self._is_due(definition)
            if is_due:
                self._certify(definition, issuer, self._clock.now())
            self._end_keys(definition)
        finally:
            self._leases.give_back(lease, holder=me)
        return is_due

    def _is_due(self, definition: SignerDefinition) -> bool:
        until = self._clock.now() + self._renew_before
        lasting = [one for one in self._certificates.of(definition) if one.ends >= until]
        return not any(self._certificates.can_sign(one) for one in lasting)

    def _certify(self, definition: SignerDefinition, issuer: Issuer, now: datetime) -> None:
        record = self._keys.generate(
            token=self._token,
            label=f"{definition.label}{now:%Y%m%dT%H%M%S}",
            algorithm=_ALGORITHMS[self._profiles[definition.profile].key_types(issuer.role)[0]],
        )
        self._keys.change_state(record.key_id, KeyState.ACTIVE, reason=definition.holder)
        subject = issuer.certificate.subject
        self._issuance.issue(
            CertificateRequest(
                profile=definition.profile,
                csr=self._request(record, subject),
                holder=definition.holder,
                facts=definition.facts(subject, at=now),
                authority=issuer.authority,
            )
        )

    def _issuer(self, definition: SignerDefinition) -> Issuer | None:
        try:
            roles = self._profiles[definition.profile].issuer_roles
            return self._authorities.issuer_for_role(roles[0])
        except NotFound:
            # Its ceremony was not held yet.
            return None

    def _request(self, record: KeyRecord, subject: x509.Name) -> VerifiedCsr:
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        key = as_private_key(self._keys.signing_key(record.key_id))
        return verify_csr(builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER))

    def _end_keys(self, definition: SignerDefinition) -> None:
        # ETSI EN 319 421, Section 7.6.3: once its use has ended, a key is destroyed, so that
        # nobody can date anything back with it.
        reason = "the use of the key ended"
        for record in self._keys_past_use(definition):
            if record.state is KeyState.ACTIVE:
                self._keys.change_state(record.key_id, KeyState.DEACTIVATED, reason=reason)
            self._keys.destroy(record.key_id, reason=reason)

    def _keys_past_use(self, definition: SignerDefinition) -> Sequence[KeyRecord]:
        in_use = {one.key_id for one in self._certificates.of(definition)}
        return [
            record
            for record in self._keys.records()
            if record.token == self._token
            and record.label.startswith(definition.label)
            and record.state in _ALIVE
            and record.key_id not in in_use
        ]
