"""``signatures/signDoc``: documents that come whole, and documents that are known by their hash.

CSC 2.0, Section 11.11. All that a request names is prepared first, and signed at once: where one
document is refused, no hash is used up and nothing is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from core.errors import CamtrustError
from hsm.digests import DigestAlgorithm, SignatureScheme
from hsm.private_keys import hash_for
from signing.credentials.certificates import SigningCertificate
from signing.credentials.contents import HashedContent
from signing.credentials.credential import Credential
from signing.credentials.errors import NOTHING_SIGNED, HashNotAuthorized
from signing.credentials.signatures import Signatures
from signing.csc.access import Access, Accesses
from signing.csc.errors import CscNotOffered, CscRequestRefused, DocumentUnfinished
from signing.csc.fields import Fields
from signing.csc.signature_answers import algorithm_of, base64_of, check_synchronous
from signing.csc.signature_objects import (
    SignatureFormat,
    SignerInformation,
    TimestampSource,
    signature_object,
    signed_attributes,
)
from signing.csc.whole_documents import (
    ConformanceLevel,
    DocumentEngine,
    FinishedDocument,
    KeyIdentity,
    PreparedDocument,
    ValidationInfo,
    form_of,
    level_of,
    total,
    wishes_of,
)

Body = dict[str, Any]
# What can be made of a hash alone; what proves the rest lies in the document.
LEVELS_OF_DIGESTS = (ConformanceLevel.B_B, ConformanceLevel.B_T)
_WITH_EVIDENCE = (ConformanceLevel.B_LT, ConformanceLevel.B_LTA)


@dataclass(frozen=True)
class _Prepared:
    document: PreparedDocument
    algorithm: DigestAlgorithm
    scheme: SignatureScheme


class DocumentAnswers:
    """Answers; documents of one request have at most ``document_octets`` together."""

    def __init__(
        self,
        *,
        accesses: Accesses,
        signatures: Signatures,
        documents: DocumentEngine,
        timestamps: TimestampSource,
        document_octets: int,
        clock: Clock,
    ) -> None:
        self._accesses = accesses
        self._signatures = signatures
        self._documents = documents
        self._timestamps = timestamps
        self._document_octets = document_octets
        self._clock = clock

    def sign_doc(self, access: Access, fields: Fields) -> Body:
        """signatures/signDoc."""
        credential = self._accesses.credential(access, fields)
        check_synchronous(fields)
        sad = self._accesses.sad(access, fields)
        with_info = fields.flag("returnValidationInfo")
        # Reading documents costs: it is done for who may have something signed.
        left = self._signatures.check_open(credential.id, sad, caller=access.caller)
        documents, digests = fields.objects("documents"), fields.objects("documentDigests")
        # And no more of them than may be signed.
        if len(documents) + sum(len(one.hashes()) for one in digests) > left:
            raise HashNotAuthorized(
                f"Hash is not authorized by the SAD: more are named than it has left ({left}).",
                kept=NOTHING_SIGNED,
            )
        held = self._signatures.certificate(credential.id)
        prepared = self._prepare_documents(credential, held, documents, with_info)
        for one in digests:
            prepared += self._prepare_digests(credential, held, one, with_info)
        if not prepared:
            raise CscRequestRefused("Missing (or invalid type) array parameter documents")
        contents = [(one.document.content, one.algorithm, one.scheme) for one in prepared]
        signatures = self._signatures.sign_contents(
            credential.id, sad, contents, caller=access.caller
        )
        finished = [
            _finish(one.document, signature)
            for one, signature in zip(prepared, signatures, strict=True)
        ]
        return _body(finished, with_info)

    def _prepare_documents(
        self,
        credential: Credential,
        held: SigningCertificate,
        listed: list[Fields],
        with_info: bool,
    ) -> list[_Prepared]:
        key = KeyIdentity(held.certificate, held.chain, credential.algorithm)
        left, prepared = self._document_octets, []
        for fields in listed:
            wishes = wishes_of(fields)
            if with_info and wishes.level not in _WITH_EVIDENCE:
                raise CscNotOffered(
                    "Invalid parameter returnValidationInfo: ask for a conformance_level of "
                    f"{' or '.join(_WITH_EVIDENCE)}, which has it."
                )
            algorithm, scheme = _own_algorithm(credential, fields)
            content, octets = fields.content("document", at_most=left)
            left -= octets
            document = self._documents.prepare(content, key, wishes)
            prepared.append(_Prepared(document, algorithm, scheme))
        return prepared

    def _prepare_digests(
        self, credential: Credential, held: SigningCertificate, fields: Fields, with_info: bool
    ) -> list[_Prepared]:
        form, level = form_of(fields), level_of(fields)
        if level not in LEVELS_OF_DIGESTS:
            raise CscNotOffered(
                "Invalid parameter conformance_level: "
                f"{' or '.join(LEVELS_OF_DIGESTS)} are made of a hash alone."
            )
        if with_info and level is not ConformanceLevel.B_T:
            raise CscNotOffered(
                "Invalid parameter returnValidationInfo: it is about a time-stamped signature "
                f"({ConformanceLevel.B_T})."
            )
        hashes = fields.hashes()
        chosen = algorithm_of(fields, len(hashes[0]))
        if chosen.salt_octets not in {None, chosen.digest.octets}:
            raise CscNotOffered(
                "Invalid parameter signAlgoParams: the salt is as long as the hash."
            )
        signer = SignerInformation(held.certificate, held.chain, chosen.digest, chosen.scheme)
        key = KeyIdentity(held.certificate, held.chain, credential.algorithm)
        evidence = self._documents.evidence if with_info else None
        return [
            _Prepared(
                self._digest(one, signer, form, level, key, evidence), chosen.digest, chosen.scheme
            )
            for one in hashes
        ]

    def _digest(
        self,
        document_hash: bytes,
        signer: SignerInformation,
        form: SignatureFormat,
        level: ConformanceLevel,
        key: KeyIdentity,
        evidence: Callable[[KeyIdentity, bytes, bytes], ValidationInfo] | None,
    ) -> PreparedDocument:
        der = signed_attributes(document_hash, signer, form, self._clock.now())
        stamps = self._timestamps if level is ConformanceLevel.B_T else None
        return _PreparedDigest(HashedContent(document_hash, der), signer, key, stamps, evidence)


@dataclass(frozen=True)
class _PreparedDigest:
    """A document that stays with its program; ``evidence`` is asked where it is wanted."""

    content: HashedContent
    signer: SignerInformation
    key: KeyIdentity
    timestamps: TimestampSource | None
    evidence: Callable[[KeyIdentity, bytes, bytes], ValidationInfo] | None

    def finish(self, signature: bytes) -> FinishedDocument:
        """Return the CMS object."""
        stamp, info = None, ValidationInfo()
        if self.timestamps is not None:
            # RFC 3161, Appendix A: over the value of the signature.
            stamp = self.timestamps.token_for(hashlib.sha256(signature).digest(), "sha256")
            if self.evidence is not None:
                info = self.evidence(self.key, signature, stamp)
        der = signature_object(self.content.attributes_der, signature, self.signer, stamp)
        return FinishedDocument(der, True, info)


def _own_algorithm(
    credential: Credential, fields: Fields
) -> tuple[DigestAlgorithm, SignatureScheme]:
    # A whole document gets the signature of its key's type: one way that every reader knows.
    hashed = hash_for(credential.algorithm)
    own = DigestAlgorithm.SHA512 if hashed is None else DigestAlgorithm(hashed.name)
    chosen = algorithm_of(fields, own.octets)
    if (chosen.digest, chosen.scheme) != (own, credential.schemes[0]):
        raise CscNotOffered(
            f"Invalid parameter signAlgo: with this key whole documents are signed by "
            f"{credential.schemes[0]} with {own}."
        )
    return own, chosen.scheme


def _finish(document: PreparedDocument, signature: bytes) -> FinishedDocument:
    try:
        return document.finish(signature)
    except CamtrustError as error:
        # Also what refuses a document before its signature: it no longer is as it was.
        raise DocumentUnfinished(
            error.detail,
            kept="What was authorized is used up, and no document was returned: authorize again.",
        ) from error


def _body(finished: list[FinishedDocument], with_info: bool) -> Body:
    body: Body = {}
    for name, alone in (("DocumentWithSignature", False), ("SignatureObject", True)):
        made = [base64_of(one.octets) for one in finished if one.is_signature_alone is alone]
        if made:
            body[name] = made
    if with_info:
        info = total(one.info for one in finished)
        body["validationInfo"] = {
            "ocsp": list(map(base64_of, info.ocsp)),
            "crl": list(map(base64_of, info.crl)),
            "certificates": list(map(base64_of, info.certificates)),
        }
    return body
