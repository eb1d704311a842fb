"""The real stage: keys in tokens, certificates through issuance, CRLs as everywhere else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import Connection, select, update

from ca.authorities import CACHE_SECONDS, Authorities, Authority, AuthorityUnknown
from ca.ceremony.changes import authority_row, living_certificates
from ca.ceremony.requests import request_for
from ca.ceremony.stage import CertificateOrder, MadeKey, SignedCrl, signed_crl
from ca.crl.crls import Crls
from ca.hierarchy import AuthorityDefinition
from ca.issuance import Issuance, IssuedCertificate
from ca.issuance.record import find_by_reference
from ca.models import authorities as authority_table
from ca.plan import CertificateRequest
from core.clock import Clock
from core.database import Database
from core.errors import Conflict
from hsm.errors import KeyStateRefused
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore
from hsm.private_keys import as_private_key


class KeyLabelTaken(Conflict):
    """A key of this label exists in the token and belongs to an authority already."""

    problem = "ceremony-key-label-taken"
    title = "A key of this name exists already"


class CeremonyKeys(KeyStore, Protocol):
    """A key store that can also say what a token says of a key, and clear up after a crash."""

    def attributes(self, key_id: bytes) -> Mapping[str, bool]:
        """Return CKA_ attributes of a private key by name. Raises KeyNotFound."""

    def erase_unrecorded(self, *, token: str, label: str) -> int:
        """Erase keys of this label that are in no record; return how many."""


class Performance:
    """Does what acts ask for, so that it can be done again after an interruption."""

    def __init__(
        self,
        *,
        database: Database,
        keys: CeremonyKeys,
        authorities: Authorities,
        issuance: Issuance,
        crls: Crls,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._keys = keys
        self._authorities = authorities
        self._issuance = issuance
        self._crls = crls
        self._clock = clock
        self._pause = pause

    def authority(self, name: str) -> Authority:
        """Return an authority as it stands. Raises AuthorityUnknown."""
        return self._authorities.authority(name)

    def exists(self, name: str) -> bool:
        """Tell whether an authority of that name holds a certificate."""
        try:
            self._authorities.authority(name)
        except AuthorityUnknown:
            return False
        return True

    def make_key(self, *, token: str, label: str, algorithm: KeyAlgorithm) -> MadeKey:
        """Make a key and activate it, or find the one that an interrupted run made."""
        record = self._key_left_behind(token, label, algorithm)
        if record is None:
            # A run that died between token and database left a key that nothing can use.
            self._keys.erase_unrecorded(token=token, label=label)
            record = self._keys.generate(token=token, label=label, algorithm=algorithm)
        if record.state is KeyState.PRE_ACTIVE:
            record = self._keys.change_state(
                record.key_id, KeyState.ACTIVE, reason=f"key ceremony: {label}"
            )
        return self._made(record)

    def key(self, key_id: bytes) -> MadeKey:
        """Return a key that exists, destroyed or not. Raises KeyNotFound."""
        return self._made(self._keys.record(key_id))

    def reserve_name(self, definition: AuthorityDefinition, key: MadeKey) -> None:
        """Let the database know an anchor's name, so that its certificate has an issuer."""
        with self._database.begin() as connection:
            if not _is_known(connection, definition.name):
                connection.execute(
                    authority_table.insert().values(
                        **authority_row(definition, key.key_id, self._clock.now())
                    )
                )

    def issue(self, order: CertificateOrder) -> x509.Certificate:
        """Lint and issue a certificate, or find the one that an interrupted run issued."""
        before = self._issued_before(order.reference)
        if before is None:
            before = self._issue(order)
        return x509.load_der_x509_certificate(before.certificate_der)

    def sign_crls(self, authority: str, *, last: bool) -> list[SignedCrl]:
        """Sign the complete CRL of every shard."""
        if last:
            issued = self._crls.issue_last(authority)
        else:
            shards = range(self._authorities.authority(authority).crl_shards)
            issued = [self._crls.issue(authority, shard) for shard in shards]
        return [signed_crl(crl.shard, crl.crl_der) for crl in issued]

    def stop_issuing(self, authority: str) -> None:
        """Retire an authority, and wait until every process has noticed."""
        with self._database.begin() as connection:
            stopped = connection.execute(
                update(authority_table)
                .where(authority_table.c.name == authority, authority_table.c.state == "active")
                .values(state="retired")
            ).rowcount
        self._authorities.forget()
        if stopped:
            # Other processes read the tables again after this long at most.
            self._pause(CACHE_SECONDS)

    def living_certificates(self, authority: str) -> int:
        """Return how many certificates of an authority are neither expired nor revoked."""
        with self._database.read() as connection:
            return living_certificates(connection, authority, self._clock.now())

    def destroy_key(self, key_id: bytes, *, reason: str) -> MadeKey:
        """Erase a private key from its token; done before is done."""
        # A run that was interrupted may have recorded the end and not come to erasing.
        with contextlib.suppress(KeyStateRefused):
            self._keys.destroy(key_id, reason=reason)
        return self._made(self._keys.record(key_id))

    def _issue(self, order: CertificateOrder) -> IssuedCertificate:
        signing_key = None if order.key is None else self._keys.signing_key(order.key.key_id)
        request = request_for(order, None if signing_key is None else as_private_key(signing_key))
        if order.issuer is not None or order.key is None:
            return self._issuance.issue(request)
        return self._self_sign(request, order.authority, order.key)

    def _self_sign(
        self, request: CertificateRequest, authority: str, key: MadeKey
    ) -> IssuedCertificate:
        return self._issuance.issue_self_signed(request, authority=authority, key_id=key.key_id)

    def _issued_before(self, reference: str) -> IssuedCertificate | None:
        with self._database.read() as connection:
            return find_by_reference(connection, [reference]).get(reference)

    def _key_left_behind(self, token: str, label: str, algorithm: KeyAlgorithm) -> KeyRecord | None:
        named = [
            record
            for record in self._keys.records()
            if (record.token, record.label) == (token, label)
            and record.state is not KeyState.DESTROYED
        ]
        if not named:
            return None
        if len(named) > 1 or named[0].algorithm is not algorithm or self._is_in_use(named[0]):
            raise KeyLabelTaken(
                f"Token {token} holds a key named {label} already, which this step did not make.",
                kept="No key was made.",
            )
        return named[0]

    def _is_in_use(self, record: KeyRecord) -> bool:
        return any(one.key_id == record.key_id for one in self._authorities.all())

    def _made(self, record: KeyRecord) -> MadeKey:
        destroyed = record.state is KeyState.DESTROYED
        public_key = load_der_public_key(record.public_key_der)
        return MadeKey(
            key_id=record.key_id,
            token=record.token,
            label=record.label,
            algorithm=record.algorithm,
            public_key=public_key,  # type: ignore[arg-type]
            state=str(record.state),
            attributes={} if destroyed else dict(self._keys.attributes(record.key_id)),
        )


def _is_known(connection: Connection, name: str) -> bool:
    row = connection.execute(
        select(authority_table.c.name).where(authority_table.c.name == name)
    ).first()
    return row is not None
