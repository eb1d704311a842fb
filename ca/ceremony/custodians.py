"""Custodians: m of n people, each with a key of their own, approve a script before it runs.

A custodian signs the script's bytes as they are: with ECDSA and the curve's SHA-2 hash, or with
Ed25519. ``openssl dgst -sign`` and ``openssl pkeyutl -sign -rawin`` make such a signature, from
a file or from a smart card, and ``openssl`` alone verifies it again: no software of ours stands
between a custodian and what is signed. Custodians are named by their office (``custodian-3``);
people's names stand on the printed transcript only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.errors import Forbidden, Unacceptable

CustodianKey = ec.EllipticCurvePublicKey | Ed25519PublicKey

# CP 5.2.2: no one person acts alone upon a CA's key.
FEWEST_IN_PRODUCTION = 2

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
}


class ApprovalRefused(Unacceptable):
    """An approval is not a custodian's signature of this script, or stands twice."""

    problem = "ceremony-approval-refused"
    title = "An approval does not count"


class QuorumMissing(Forbidden):
    """Too few custodians have approved the script."""

    problem = "ceremony-quorum-missing"
    title = "Too few custodians have approved"


class Custodian(BaseModel):
    """One custodian: an office's name, and the public key enrolled for it (PEM)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    public_key: str

    @field_validator("public_key")
    @classmethod
    def _is_a_usable_key(cls, value: str) -> str:
        return _pem(_load_key(value))

    @property
    def key(self) -> CustodianKey:
        """The enrolled key."""
        return _load_key(self.public_key)

    @property
    def key_sha256(self) -> str:
        """Hex SHA-256 of the key's SubjectPublicKeyInfo DER."""
        der = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(der).hexdigest()

    @property
    def digest(self) -> str | None:
        """The hash that ECDSA signs, as openssl names it; None for Ed25519."""
        key = self.key
        return None if isinstance(key, Ed25519PublicKey) else _HASHES[key.curve.name].name

    def verify(self, script: bytes, signature: bytes) -> None:
        """Check a signature of a script's bytes. Raises ApprovalRefused."""
        key = self.key
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, script)
            else:
                key.verify(signature, script, ec.ECDSA(_HASHES[key.curve.name]))
        except InvalidSignature as error:
            raise ApprovalRefused(
                f"The approval of {self.name} does not verify: it was made with another key, "
                "or of another version of the script.",
                custodian=self.name,
            ) from error


class Quorum(BaseModel):
    """Who the custodians are, and how many of them have to approve.

    A quorum of 0 is a development hierarchy without people; production refuses it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    quorum: Annotated[int, Field(ge=0, le=32)]
    enrolled: Annotated[tuple[Custodian, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        names = {one.name for one in self.enrolled}
        keys = {one.key_sha256 for one in self.enrolled}
        if len(names) != len(self.enrolled) or len(keys) != len(self.enrolled):
            raise ValueError("every custodian has a name and a key of their own")
        if self.quorum > len(self.enrolled):
            raise ValueError(f"{self.quorum} custodians cannot approve: fewer are enrolled")
        if self.enrolled and self.quorum == 0:
            raise ValueError("custodians are enrolled, so at least one has to approve")
        return self

    def custodian(self, name: str) -> Custodian:
        """Return an enrolled custodian. Raises ApprovalRefused."""
        for one in self.enrolled:
            if one.name == name:
                return one
        raise ApprovalRefused(f"Nobody is enrolled as {name}.", custodian=name)


@dataclass(frozen=True)
class Approval:
    """A custodian's signature over the bytes of a script."""

    custodian: str
    signature: bytes


def check_quorum(quorum: Quorum, script: bytes, approvals: Sequence[Approval]) -> None:
    """Check every approval, and that enough distinct custodians gave one.

    One bad approval refuses the whole: a ceremony does not go on beside an unexplained
    signature. Raises ApprovalRefused or QuorumMissing.
    """
    seen: set[str] = set()
    for approval in approvals:
        if approval.custodian in seen:
            raise ApprovalRefused(
                f"{approval.custodian} approves twice; each custodian counts once.",
                custodian=approval.custodian,
            )
        seen.add(approval.custodian)
        quorum.custodian(approval.custodian).verify(script, approval.signature)
    if len(seen) < quorum.quorum:
        raise QuorumMissing(
            f"{len(seen)} of {len(quorum.enrolled)} custodians have approved this script; "
            f"{quorum.quorum} have to.",
            kept="Nothing was done.",
            approved=sorted(seen),
            needed=quorum.quorum,
        )


def _load_key(pem: str) -> CustodianKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise ValueError("not a public key in PEM") from error
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _HASHES:
        return key
    raise ValueError("a custodian's key is P-256, P-384 or Ed25519")


def _pem(key: CustodianKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
