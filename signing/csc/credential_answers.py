"""The methods under ``credentials/``: what keys there are, and their authorization (explicit)."""

from __future__ import annotations

from typing import Any

from core.clock import Clock
from signing.credentials.activations import Activations, Authorization
from signing.credentials.certificates import Certificates
from signing.credentials.credential import Credential, CredentialState, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.errors import CertificateMissing
from signing.credentials.extensions import Extensions
from signing.csc.access import Access, Accesses
from signing.csc.algorithms import digest_algorithm, digest_algorithm_of_length
from signing.csc.describing import (
    ASSERTION_OBJECT,
    PIN_OBJECT,
    describe_auth,
    describe_certificate,
    describe_key,
)
from signing.csc.errors import CscNotOffered, CscRequestRefused
from signing.csc.fields import Fields

Body = dict[str, Any]


class CredentialAnswers:
    """Answers; each method takes the request's members and returns the answer's."""

    def __init__(
        self,
        *,
        accesses: Accesses,
        credentials: Credentials,
        certificates: Certificates,
        activations: Activations,
        extensions: Extensions,
        clock: Clock,
    ) -> None:
        self._accesses = accesses
        self._credentials = credentials
        self._certificates = certificates
        self._activations = activations
        self._extensions = extensions
        self._clock = clock

    def list(self, access: Access, fields: Fields) -> Body:
        """credentials/list."""
        user = fields.optional_text("userID")
        # CSC 2.0, Section 11.4: not for a token that says whose keys these are.
        if user is not None and (access.holder is None or user != access.holder.id):
            raise CscRequestRefused("Invalid parameter userID: the access token says it.")
        held = [] if access.holder is None else self._credentials.of_holder(access.holder)
        only_valid = fields.flag("onlyValid")
        if only_valid:
            held = [one for one in held if self._is_valid(one)]
        body: Body = {"credentialIDs": [one.id for one in held]}
        if fields.flag("credentialInfo"):
            body["credentialInfos"] = [
                {"credentialID": one.id, **self._info(one, fields)} for one in held
            ]
        if fields.has("onlyValid"):
            body["onlyValid"] = only_valid
        return body

    def info(self, access: Access, fields: Fields) -> Body:
        """credentials/info."""
        return self._info(self._accesses.credential(access, fields), fields)

    def authorize(self, access: Access, fields: Fields) -> Body:
        """credentials/authorize: a seal, by PIN and the program's proof."""
        credential = self._explicit(access, fields)
        hashes = fields.hashes()
        if fields.number("numSignatures") not in {None, len(hashes)}:
            raise CscRequestRefused("Invalid parameter numSignatures: it is the number of hashes.")
        oid = fields.optional_text("hashAlgorithmOID", "hashAlgo")
        algorithm = digest_algorithm(oid) if oid else digest_algorithm_of_length(len(hashes[0]))
        given = {one.text("id"): one.text("value") for one in fields.objects("authData")}
        pin = given.get(PIN_OBJECT) or fields.text("PIN")
        act = self._activations.act(
            credential.id,
            digest_algorithm=algorithm,
            hashes=hashes,
            holder=credential.holder,
            caller=access.caller,
        )
        proof = given.get(ASSERTION_OBJECT)
        return self._authorized(self._activations.authorize(act, pin=pin, proof=proof))

    def challenge(self, access: Access, fields: Fields) -> None:
        """credentials/getChallenge: neither a PIN nor an assertion asks for one."""
        self._explicit(access, fields)
        if fields.text("authObjectID") not in {PIN_OBJECT, ASSERTION_OBJECT}:
            raise CscRequestRefused("Invalid parameter authObjectID: see credentials/info.")

    def extend(self, access: Access, fields: Fields) -> Body:
        """credentials/extendTransaction: time for hashes that were authorized and remain."""
        credential = self._accesses.credential(access, fields)
        oid = fields.optional_text("hashAlgorithmOID", "hashAlgo")
        if oid is not None:
            digest_algorithm(oid)
        hashes = fields.hashes() if fields.has("hashes") or fields.has("hash") else None
        return self._authorized(
            self._extensions.extend(
                credential.id,
                self._accesses.sad(access, fields),
                hashes=hashes,
                caller=access.caller,
            )
        )

    def _explicit(self, access: Access, fields: Fields) -> Credential:
        credential = self._accesses.credential(access, fields)
        if credential.holder.kind is HolderKind.PERSON:
            raise CscNotOffered(
                "A person authorizes at oauth2/authorize with the scope credential, where the PIN "
                "reaches nobody else (auth.mode oauth2code)."
            )
        return credential

    def _info(self, credential: Credential, fields: Fields) -> Body:
        body: Body = {
            "description": credential.label,
            "key": describe_key(credential),
            "SCAL": "2",
            "multisign": self._activations.most_signatures,
            "lang": "en",
        }
        try:
            body["cert"] = describe_certificate(
                self._certificates.of(credential),
                certificates=fields.optional_text("certificates") or "single",
                info=fields.flag("certInfo"),
                now=self._clock.now(),
            )
        except CertificateMissing:
            body["cert"] = {"certificates": []}
            body["key"]["status"] = "disabled"
        # CSC 2.0, Section 11.5: on demand; version 1 has it always.
        return body | describe_auth(credential)

    def _is_valid(self, credential: Credential) -> bool:
        try:
            trouble = self._certificates.of(credential).trouble(self._clock.now())
        except CertificateMissing:
            return False
        return trouble is None and credential.state is CredentialState.ACTIVE

    def _authorized(self, given: Authorization) -> Body:
        seconds = int((given.expires_at - self._clock.now()).total_seconds())
        return {"SAD": given.sad, "expiresIn": seconds}
