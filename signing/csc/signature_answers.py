"""``signatures/signHash`` and ``signatures/timestamp``: hashes signed, and stamped."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hsm.digests import SigningRequest
from signing.credentials.signatures import Signatures
from signing.csc.access import Access, Accesses
from signing.csc.algorithms import ChosenAlgorithm, chosen_algorithm, digest_algorithm
from signing.csc.errors import CscNotOffered, CscRequestRefused
from signing.csc.fields import Fields
from signing.csc.signature_objects import TimestampSource

Body = dict[str, Any]


class SignatureAnswers:
    """Answers; each method takes the request's members and returns the answer's."""

    def __init__(
        self,
        *,
        accesses: Accesses,
        signatures: Signatures,
        timestamps: TimestampSource,
    ) -> None:
        self._accesses = accesses
        self._signatures = signatures
        self._timestamps = timestamps

    def sign_hash(self, access: Access, fields: Fields) -> Body:
        """signatures/signHash."""
        credential = self._accesses.credential(access, fields)
        check_synchronous(fields)
        hashes = fields.hashes()
        chosen = algorithm_of(fields, len(hashes[0]))
        signatures = self._signatures.sign(
            credential.id,
            self._accesses.sad(access, fields),
            [
                SigningRequest(one, chosen.digest, chosen.scheme, chosen.salt_octets)
                for one in hashes
            ],
            caller=access.caller,
        )
        return {"signatures": [base64_of(one) for one in signatures]}

    def timestamp(self, fields: Fields) -> Body:
        """signatures/timestamp."""
        [digest] = Fields({"hashes": [fields.text("hash")]}).hashes()
        algorithm = digest_algorithm(fields.text("hashAlgo", "hashAlgorithmOID"))
        nonce = fields.optional_text("nonce")
        token = self._timestamps.token_for(digest, str(algorithm), nonce=_number(nonce))
        return {"timestamp": base64_of(token)}


def algorithm_of(fields: Fields, hash_octets: int) -> ChosenAlgorithm:
    """Return how to sign hashes of a length. Raises CscNotOffered, CscRequestRefused."""
    return chosen_algorithm(
        fields.text("signAlgo"),
        fields.optional_text("signAlgoParams"),
        fields.optional_text("hashAlgorithmOID", "hashAlgo"),
        hash_octets,
    )


def check_synchronous(fields: Fields) -> None:
    """Let a request pass that waits for its answer. Raises CscNotOffered."""
    if (fields.optional_text("operationMode") or "S") != "S":
        raise CscNotOffered("Invalid parameter operationMode: signatures are made at once (S).")


def _number(nonce: str | None) -> int | None:
    if nonce is None:
        return None
    if len(nonce) > 64 or not all(one in "0123456789abcdefABCDEF" for one in nonce):
        raise CscRequestRefused("Invalid parameter nonce: it is hexadecimal.")
    return int(nonce, 16)


def base64_of(octets: bytes) -> str:
    """Return octets as the API carries them."""
    return b64encode(octets).decode()
