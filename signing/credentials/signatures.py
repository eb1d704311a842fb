"""Signatures under an authorization: each authorized hash once, and no other.

1. The request is checked against the key, its certificate and the authorization, and the bearer's
   secret opens the key: what cannot be signed is refused while nothing is used up.
2. In one transaction the hashes are taken and the log is told. What is taken is never given back:
   a process that dies after this has signed nothing twice, and the signer authorizes anew.
3. The key is unwrapped in the HSM, used, and destroyed there.
4. That it was signed is noted, for those who look at what step 2 took.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, commitment
from core.transparency.log import TransparencyLog
from hsm.digests import DigestAlgorithm, SignatureScheme, SigningRequest, check_request
from hsm.portable_keys import PortableKeys
from signing.credentials.certificates import Certificates, SigningCertificate
from signing.credentials.contents import Content
from signing.credentials.credential import wrapped_key_of
from signing.credentials.credentials import Credentials
from signing.credentials.errors import (
    NOTHING_SIGNED,
    AuthorizationMalformed,
    HashNotAuthorized,
    NotAuthorized,
)
from signing.credentials.log_entries import log_of_key
from signing.credentials.sealing import Sealing
from signing.credentials.second_factor import Caller
from signing.credentials.taking import (
    Bearer,
    OpenActivation,
    bearer_of,
    find_open,
    note_signed,
    take,
    untaken,
)


class Signatures:
    """Signs what was authorized."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        keys: PortableKeys,
        credentials: Credentials,
        certificates: Certificates,
        sealing: Sealing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._credentials = credentials
        self._certificates = certificates
        self._sealing = sealing
        self._clock = clock

    def certificate(self, credential_id: str) -> SigningCertificate:
        """Return the certificate that a key signs with now.

        Raises CredentialUnknown, CertificateMissing and CertificateNotValid.
        """
        return self._certificates.usable(self._credentials.find(credential_id))

    def sign(
        self,
        credential_id: str,
        sad: str,
        requests: Sequence[SigningRequest],
        *,
        caller: Caller | None = None,
    ) -> list[bytes]:
        """Sign digests, in their order, as CMS carries signatures.

        Raises AuthorizationMalformed, NotAuthorized, HashNotAuthorized, AlgorithmNotOffered,
        CredentialUnknown, CredentialLocked, CredentialStateRefused, CertificateMissing,
        CertificateNotValid and Unavailable.
        """
        hashes = [request.digest for request in requests]
        return self._sign(credential_id, sad, hashes, requests, caller)

    def sign_contents(
        self,
        credential_id: str,
        sad: str,
        contents: Sequence[tuple[Content, DigestAlgorithm, SignatureScheme]],
        *,
        caller: Caller | None = None,
    ) -> list[bytes]:
        """Sign CMS attributes about documents whose hashes were authorized, in their order.

        All of them or none. Raises as :meth:`sign`.
        """
        hashes, requests = [], []
        for content, algorithm, scheme in contents:
            document_hash, digest = content.judged(algorithm)
            hashes.append(document_hash)
            requests.append(SigningRequest(digest, algorithm, scheme))
        return self._sign(credential_id, sad, hashes, requests, caller)

    def _sign(
        self,
        credential_id: str,
        sad: str,
        hashes: Sequence[bytes],
        requests: Sequence[SigningRequest],
        caller: Caller | None,
    ) -> list[bytes]:
        credential = self._credentials.find(credential_id)
        if not requests:
            raise AuthorizationMalformed("No hash is named.", kept=NOTHING_SIGNED)
        for request in requests:
            check_request(credential.algorithm, request)
        self._certificates.usable(credential)
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
        named = {request.digest_algorithm for request in requests}
        self._take(credential_id, sad, hashes, named, caller)
        wrapped = wrapped_key_of(found.credential, blob)
        signatures = self._keys.sign_digests(wrapped, requests, token=found.credential.token)
        with self._database.begin() as connection:
            note_signed(connection, found.activation.id, hashes, now=self._clock.now())
        return signatures

    def check_open(self, credential_id: str, sad: str, *, caller: Caller | None = None) -> int:
        """Return how many hashes an open authorization has left, before work is done for it.

        Raises as :meth:`sign`.
        """
        with self._database.read() as connection:
            found = find_open(
                connection,
                sad,
                credential_id=credential_id,
                caller=caller,
                now=self._clock.now(),
                lock=False,
            )
            return len(untaken(connection, found.activation.id))

    def bearer(self, sad: str) -> Bearer | None:
        """Return what a SAD is for whose time is not over, None for what is none."""
        with self._database.read() as connection:
            return bearer_of(connection, sad, now=self._clock.now())

    def _take(
        self,
        credential_id: str,
        sad: str,
        hashes: Sequence[bytes],
        named: Collection[DigestAlgorithm],
        caller: Caller | None,
    ) -> None:
        now = self._clock.now()
        with self._database.begin() as connection:
            found = find_open(connection, sad, credential_id=credential_id, caller=caller, now=now)
            if any(one != found.activation.digest_algorithm for one in named):
                raise HashNotAuthorized(
                    "Hash is not authorized by the SAD: it names another hash algorithm.",
                    kept=NOTHING_SIGNED,
                )
            take(connection, found, hashes, now=now)
            facts: dict[str, JsonValue] = {
                "hashes": commitment(found.credential.salt, b"".join(hashes)),
                "signatures": len(hashes),
            }
            log_of_key(self._log, connection, "signing-key-used", now, found.credential, facts)


def open_seal(sealing: Sealing, found: OpenActivation) -> bytes:
    """Return the wrapped key of an authorization, if its rows say what was authorized.

    Raises NotAuthorized, TokenUnavailable.
    """
    blob = sealing.open_with_secret(
        found.activation.sealed_key, found.data.secret, bound_to=found.bound_to
    )
    if blob is None:
        raise NotAuthorized(
            "What is kept of this authorization is not what was authorized.", kept=NOTHING_SIGNED
        )
    return blob
