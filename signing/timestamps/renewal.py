"""Certify the units, and their successors before the use of a key ends."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest, Issuer
from core.clock import Clock
from core.errors import CamtrustError, NotFound, Unavailable
from core.leases import Leases
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore
from hsm.private_keys import as_private_key, hash_for
from signing.timestamps.definitions import BY_NAME, UNITS, UnitDefinition
from signing.timestamps.settings import TimestampSettings
from signing.timestamps.units import UnitCertificate, Units

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


class UnitProfile(Protocol):
    """What is asked of a unit's profile."""

    @property
    def issuer_roles(self) -> tuple[str, ...]:
        """The roles of the authorities that may issue."""

    def key_types(self, role: str | None) -> tuple[str, ...]:
        """The key types accepted under an issuer of ``role``, the preferred one first."""


class UnitProfiles(Protocol):
    """The profiles by name."""

    def __getitem__(self, name: str) -> UnitProfile:
        """Return a profile."""


class Issuers(Protocol):
    """Knows who issues (:class:`ca.authorities.Authorities`)."""

    def issuer_for_role(self, role: str) -> Issuer:
        """Return the newest authority of a role that may issue. Raises AuthorityUnknown."""


class UnitRenewal:
    """Makes a unit's key in its token and has an authority certify it."""

    def __init__(
        self,
        *,
        issuance: Issuing,
        keys: KeyStore,
        authorities: Issuers,
        units: Units,
        profiles: UnitProfiles,
        leases: Leases,
        settings: TimestampSettings,
        clock: Clock,
    ) -> None:
        self._issuance = issuance
        self._keys = keys
        self._authorities = authorities
        self._units = units
        self._profiles = profiles
        self._leases = leases
        self._settings = settings
        self._clock = clock

    def renew_due(self) -> list[str]:
        """Certify every unit whose key's use ends within ``renew_before``; return which.

        For the scheduler and `camtrust tsa renew`. Raises the first refusal, once all others
        were tried.
        """
        renewed = []
        refusal: CamtrustError | None = None
        for definition in UNITS:
            try:
                if self.renew(definition.name):
                    renewed.append(definition.name)
            except CamtrustError as error:
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return renewed

    def renew(self, name: str) -> bool:
        """Certify a unit if it is due; False if it is not, or another process is at it.

        Keys whose use has ended are destroyed. Raises what keys and issuance raise.
        """
        definition = BY_NAME[name]
        issuer = self._issuer(definition)
        if issuer is None or not (self._is_due(definition) or self._keys_past_use(definition)):
            return False
        # A name for this one act: two threads of a process are two as well.
        lease, me = f"tsa-unit:{name}", f"{os.getpid()}-{secrets.token_hex(8)}"
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

    def _is_due(self, definition: UnitDefinition) -> bool:
        until = self._clock.now() + self._settings.renew_before
        lasting = [one for one in self._units.certificates(definition) if one.ends >= until]
        return not any(self._can_sign(one) for one in lasting)

    def _can_sign(self, one: UnitCertificate) -> bool:
        try:
            self._keys.signing_key(one.key_id)
        except Unavailable:
            # The token is away: it will be back with its keys, or somebody replaces it.
            raise
        except CamtrustError:
            # The key was lost with its token, or is suspended or ended.
            return False
        return True

    def _certify(self, definition: UnitDefinition, issuer: Issuer, now: datetime) -> None:
        record = self._keys.generate(
            token=self._settings.token,
            label=f"{definition.label}{now:%Y%m%dT%H%M%S}",
            algorithm=_ALGORITHMS[self._profiles[definition.profile].key_types(issuer.role)[0]],
        )
        self._keys.change_state(record.key_id, KeyState.ACTIVE, reason="time-stamping unit")
        subject = issuer.certificate.subject
        [organization] = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        self._issuance.issue(
            CertificateRequest(
                profile=definition.profile,
                csr=self._request(record, subject),
                holder=definition.holder,
                facts={
                    "organization_name": str(organization.value),
                    # Whoever has to tell two units of one name apart sees when each began.
                    "common_name": f"{definition.common_name} {now:%Y-%m}",
                },
                authority=issuer.authority,
            )
        )

    def _issuer(self, definition: UnitDefinition) -> Issuer | None:
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

    def _end_keys(self, definition: UnitDefinition) -> None:
        # ETSI EN 319 421, Section 7.6.3: once its use has ended, a key is destroyed, so that
        # nobody can date anything back with it.
        reason = "the use of a time-stamping key ended"
        for record in self._keys_past_use(definition):
            if record.state is KeyState.ACTIVE:
                self._keys.change_state(record.key_id, KeyState.DEACTIVATED, reason=reason)
            self._keys.destroy(record.key_id, reason=reason)

    def _keys_past_use(self, definition: UnitDefinition) -> Sequence[KeyRecord]:
        in_use = {one.key_id for one in self._units.certificates(definition)}
        return [
            record
            for record in self._keys.records()
            if record.token == self._settings.token
            and record.label.startswith(definition.label)
            and record.state in _ALIVE
            and record.key_id not in in_use
        ]
