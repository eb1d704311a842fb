"""Authorizations: the signer's PIN and second factor open a key for exactly these hashes.

1. The list is checked, and the key, and its certificate: what could not sign is not asked for.
2. The second factor confirms this very act. Without it no PIN is judged, so that a program that
   knows a key's id cannot lock it.
3. The PIN opens the key.
4. The key is sealed under a secret that its bearer alone gets, bound to all that was authorized.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from hsm.digests import DigestAlgorithm, SigningRequest, check_request
from signing.credentials.activation_data import new_activation_data
from signing.credentials.activation_rows import NewActivation
from signing.credentials.certificates import Certificates
from signing.credentials.credential import (
    Credential,
    CredentialState,
    Holder,
    credential_row,
)
from signing.credentials.credentials import Credentials
from signing.credentials.errors import (
    NOTHING_SIGNED,
    AuthorizationMalformed,
    CredentialStateRefused,
    TooManySignatures,
)
from signing.credentials.log_entries import log_of_key
from signing.credentials.pin_gate import OpenedKey, PinGate
from signing.credentials.sealing import Sealing
from signing.credentials.second_factor import Caller, SecondFactors, SigningAct
from signing.credentials.settings import CredentialSettings


@dataclass(frozen=True)
class Authorization:
    """What its bearer may have signed. ``sad`` is shown once."""

    sad: str
    expires_at: datetime
    signatures: int


class Activations:
    """Authorizes signatures."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        credentials: Credentials,
        certificates: Certificates,
        gate: PinGate,
        sealing: Sealing,
        second_factors: SecondFactors,
        settings: CredentialSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._credentials = credentials
        self._certificates = certificates
        self._gate = gate
        self._sealing = sealing
        self._second_factors = second_factors
        self._settings = settings
        self._clock = clock

    @property
    def most_signatures(self) -> int:
        """How many signatures one authorization gives at most."""
        return self._settings.most_signatures

    def act(
        self,
        credential_id: str,
        *,
        digest_algorithm: DigestAlgorithm,
        hashes: Sequence[bytes],
        holder: Holder | None = None,
        caller: Caller | None = None,
    ) -> SigningAct:
        """Return what would be authorized, if the key could sign it.

        Raises AuthorizationMalformed, TooManySignatures, AlgorithmNotOffered, CredentialUnknown,
        CredentialLocked, CredentialStateRefused, CertificateMissing and CertificateNotValid.
        """
        credential = self._credentials.find(credential_id, holder=holder)
        credential.check_active()
        self._check_hashes(credential, digest_algorithm, hashes)
        self._certificates.usable(credential)
        return SigningAct(
            holder=credential.holder,
            credential_id=credential.id,
            digest_algorithm=digest_algorithm,
            hashes=tuple(hashes),
            caller=caller,
        )

    def question(self, act: SigningAct) -> str | None:
        """Return what the signer's authenticator is asked, None where none is.

        Raises SecondFactorRefused.
        """
        return self._second_factors.of(act.holder).question(act)

    def authorize(self, act: SigningAct, *, pin: str, proof: str | None = None) -> Authorization:
        """Open the key for an act.

        Raises what ``PinGate.open`` raises, SecondFactorRefused, and Unavailable.
        """
        evidence = self._second_factors.of(act.holder).verify(act, proof)
        opened = self._gate.open(act.credential_id, pin, holder=act.holder)
        return self._store(act, opened, evidence)

    def _store(
        self, act: SigningAct, opened: OpenedKey, evidence: Mapping[str, Any]
    ) -> Authorization:
        now = self._clock.now()
        new = NewActivation(
            data=new_activation_data(),
            credential_id=act.credential_id,
            key_id=opened.wrapped.key_id,
            client=None if act.caller is None else act.caller.client,
            certificate_sha256=None if act.caller is None else act.caller.certificate_sha256,
            digest_algorithm=act.digest_algorithm,
            hashes=act.hashes,
            authorized_at=now,
            expires_at=now + self._settings.activation_lifetime,
        )
        sealed = self._sealing.under_secret(
            opened.wrapped.blob, new.data.secret, bound_to=new.bound_to
        )
        with self._database.begin() as connection:
            row = credential_row(connection, act.credential_id, lock=True)
            # Locked, suspended or re-sealed since the PIN was judged.
            if row.state != CredentialState.ACTIVE or row.pin_salt != opened.pin_salt:
                raise CredentialStateRefused(
                    "The signing key was changed by somebody else just now.", kept=NOTHING_SIGNED
                )
            facts = {"signatures": len(act.hashes)}
            index = log_of_key(self._log, connection, "signatures-authorized", now, row, facts)
            new.insert(connection, sealed_key=sealed, evidence=evidence, log_index=index)
        return Authorization(new.data.encode(), new.expires_at, len(act.hashes))

    def _check_hashes(
        self, credential: Credential, algorithm: DigestAlgorithm, hashes: Sequence[bytes]
    ) -> None:
        if not hashes:
            raise _malformed("No hash is named.")
        if len(hashes) > self._settings.most_signatures:
            raise TooManySignatures(
                f"One authorization gives at most {self._settings.most_signatures} signatures.",
                kept=NOTHING_SIGNED,
            )
        if len(set(hashes)) < len(hashes):
            raise _malformed("A hash stands twice in the list.")
        if any(len(one) != algorithm.octets for one in hashes):
            raise _malformed(f"A hash of {algorithm} has {algorithm.octets} octets.")
        check_request(
            credential.algorithm, SigningRequest(hashes[0], algorithm, credential.schemes[0])
        )


def _malformed(detail: str) -> AuthorizationMalformed:
    return AuthorizationMalformed(detail, kept=NOTHING_SIGNED)
