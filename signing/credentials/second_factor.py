"""The port of the second factor: what the holder has, beside the PIN that the holder knows.

``camtrust/`` connects it: a person's passkey signs over the very act; for an organization's seal,
the program proves itself by a sender-constrained access token (RFC 8705), or by an assertion that
it signs for this very act (RFC 7523). It is asked before any PIN is judged: who has found an access
token or a session can neither guess PINs nor lock a key by wrong ones.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

from core.canonical_json import canonical_json
from hsm.digests import DigestAlgorithm
from signing.credentials.credential import Holder
from signing.credentials.errors import NOTHING_CHANGED, NOTHING_SIGNED


@dataclass(frozen=True)
class Caller:
    """The program that asks for an authorization, as it proved itself.

    ``certificate_sha256``: of the certificate that its access token is bound to (RFC 8705,
    Section 3); None for a token that whoever finds it can use.
    """

    client: str
    institution: str | None
    certificate_sha256: bytes | None = None


@dataclass(frozen=True)
class SigningAct:
    """What a signer is about to authorize: with which key, exactly which hashes, for whom."""

    kept = NOTHING_SIGNED

    holder: Holder
    credential_id: str
    digest_algorithm: DigestAlgorithm
    hashes: tuple[bytes, ...]
    caller: Caller | None

    @property
    def document(self) -> bytes:
        """The act as canonical JSON, for evidence."""
        return canonical_json(
            {
                "client": None if self.caller is None else self.caller.client,
                "credential": self.credential_id,
                "digest_algorithm": str(self.digest_algorithm),
                "hashes": [one.hex() for one in self.hashes],
            }
        )

    @property
    def sha256(self) -> bytes:
        """What a question about the act commits to."""
        return sha256(b"authorize signatures\n" + self.document).digest()

    @property
    def claims(self) -> Mapping[str, Any]:
        """What a program's assertion about the act says."""
        hashes = [b64encode(one).decode() for one in self.hashes]
        return {"credentialID": self.credential_id, "hashes": hashes}


class KeyActKind(StrEnum):
    """What a holder does with a key, beside signing."""

    CHANGE_PIN = "change-pin"
    REQUEST = "certification-request"
    UNLOCK = "unlock"
    SUSPEND = "suspend"
    DESTROY = "destroy"


@dataclass(frozen=True)
class KeyAct:
    """What a holder is about to do with a key. ``caller``: None at the holder's own pages."""

    holder: Holder
    credential_id: str
    kind: KeyActKind
    caller: Caller | None = None

    kept = NOTHING_CHANGED

    @property
    def document(self) -> bytes:
        """The act as canonical JSON, for evidence."""
        return canonical_json(
            {
                "act": str(self.kind),
                "client": None if self.caller is None else self.caller.client,
                "credential": self.credential_id,
            }
        )

    @property
    def sha256(self) -> bytes:
        """What a question about the act commits to."""
        return sha256(b"act on a signing key\n" + self.document).digest()

    @property
    def claims(self) -> Mapping[str, Any]:
        """What a program's assertion about the act says."""
        return {"credentialID": self.credential_id, "act": str(self.kind)}


Act = SigningAct | KeyAct


class SecondFactor(Protocol):
    """Asks for the second factor, and judges it."""

    def question(self, act: Act) -> str | None:
        """Return what the signer's authenticator is asked, as JSON; None where none is asked.

        Raises SecondFactorRefused when the signer has no such authenticator.
        """

    def verify(self, act: Act, proof: str | None) -> Mapping[str, Any]:
        """Return evidence that the second factor confirmed the act, as JSON has it.

        ``proof`` is the authenticator's answer, each taken once. Raises SecondFactorRefused.
        """


class SecondFactors:
    """One second factor for each kind of holder."""

    def __init__(self, *, people: SecondFactor, organizations: SecondFactor) -> None:
        self._people = people
        self._organizations = organizations

    def of(self, holder: Holder) -> SecondFactor:
        """Return the second factor of a holder."""
        return self._people if holder.kind == "person" else self._organizations
