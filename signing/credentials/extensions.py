"""More time for an authorization: its SAD is exchanged for another, for what remains of it.

And less use of a stolen one: it is bound to the client certificate of the program that fetches it.

Nothing is authorized by this that the signer did not authorize: a hash that is new needs the
signer's PIN and second factor, whatever protocol asks (ADR 0050).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, update

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.credentials.activation_data import new_activation_data
from signing.credentials.activation_rows import NewActivation
from signing.credentials.activations import Authorization
from signing.credentials.certificates import Certificates
from signing.credentials.credentials import Credentials
from signing.credentials.errors import NOTHING_SIGNED, HashNotAuthorized, NotAuthorized
from signing.credentials.log_entries import log_of_key
from signing.credentials.models import signature_activations
from signing.credentials.sealing import Sealing
from signing.credentials.second_factor import Caller
from signing.credentials.settings import CredentialSettings
from signing.credentials.signatures import open_seal
from signing.credentials.taking import (
    OpenActivation,
    find_open,
    hash_not_authorized,
    take,
    untaken,
)


class Extensions:
    """Exchanges SADs."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        credentials: Credentials,
        certificates: Certificates,
        sealing: Sealing,
        settings: CredentialSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._credentials = credentials
        self._certificates = certificates
        self._sealing = sealing
        self._settings = settings
        self._clock = clock

    def extend(
        self,
        credential_id: str,
        sad: str,
        *,
        hashes: Sequence[bytes] | None = None,
        caller: Caller | None = None,
    ) -> Authorization:
        """Return a new SAD for hashes that were authorized and are not signed; the old one ends.

        ``hashes``: only these of them; None for all. Raises as :meth:`Signatures.sign`.
        """
        self._certificates.usable(self._credentials.find(credential_id))
        now = self._clock.now()
        with self._database.read() as connection:
            found = find_open(
                connection, sad, credential_id=credential_id, caller=caller, now=now, lock=False
            )
            remaining = untaken(connection, found.activation.id)
        new = self._new(found, _kept(remaining, hashes), now)
        sealed = self._sealing.under_secret(
            open_seal(self._sealing, found), new.data.secret, bound_to=new.bound_to
        )
        with self._database.begin() as connection:
            found = find_open(connection, sad, credential_id=credential_id, caller=caller, now=now)
            self._exchange(connection, found, remaining, new, sealed)
        return Authorization(new.data.encode(), new.expires_at, len(new.hashes))

    def bind(self, credential_id: str, sad: str, *, client: str, certificate_sha256: bytes) -> None:
        """Let a SAD be used with one client certificate alone (RFC 8705, Section 3).

        Raises NotAuthorized, CredentialLocked, CredentialStateRefused and TokenUnavailable.
        """
        caller = Caller(client, None, certificate_sha256)
        with self._database.read() as connection:
            found = find_open(
                connection,
                sad,
                credential_id=credential_id,
                caller=caller,
                now=self._clock.now(),
                lock=False,
            )
        blob = open_seal(self._sealing, found)
        bound_to = replace(found, certificate_sha256=certificate_sha256).bound_to
        sealed = self._sealing.under_secret(blob, found.data.secret, bound_to=bound_to)
        with self._database.begin() as connection:
            # Whoever ended it meanwhile, ended it: the seal is replaced as it was read, or not.
            connection.execute(
                update(signature_activations)
                .where(
                    signature_activations.c.id == found.activation.id,
                    signature_activations.c.sealed_key == found.activation.sealed_key,
                )
                .values(sealed_key=sealed, certificate_sha256=certificate_sha256)
            )

    def _new(self, found: OpenActivation, kept: Sequence[bytes], now: datetime) -> NewActivation:
        authorized_at: datetime = found.activation.authorized_at
        end = authorized_at + self._settings.longest_activation
        if end <= now:
            raise NotAuthorized(
                "This authorization was extended as often as it can be.", kept=NOTHING_SIGNED
            )
        return NewActivation(
            data=new_activation_data(),
            credential_id=found.credential.id,
            key_id=found.credential.key_id,
            client=found.activation.client,
            certificate_sha256=found.activation.certificate_sha256,
            digest_algorithm=found.activation.digest_algorithm,
            hashes=tuple(kept),
            authorized_at=authorized_at,
            expires_at=min(now + self._settings.activation_lifetime, end),
        )

    def _exchange(
        self,
        connection: Connection,
        found: OpenActivation,
        remaining: Sequence[bytes],
        new: NewActivation,
        sealed: bytes,
    ) -> None:
        # All that remained is taken from the old one: with its last hash its key is erased.
        take(connection, found, remaining, now=self._clock.now())
        index = log_of_key(
            self._log,
            connection,
            "signatures-extended",
            self._clock.now(),
            found.credential,
            {"signatures": len(new.hashes)},
        )
        evidence = {**found.activation.evidence, "extends": found.activation.id}
        new.insert(connection, sealed_key=sealed, evidence=evidence, log_index=index)


def _kept(remaining: Sequence[bytes], wanted: Sequence[bytes] | None) -> list[bytes]:
    if wanted is None:
        kept = list(remaining)
    else:
        kept = [one for one in remaining if one in set(wanted)]
        if len(kept) != len(wanted):
            raise hash_not_authorized()
    if not kept:
        raise HashNotAuthorized("No hash is left to be signed.", kept=NOTHING_SIGNED)
    return kept
