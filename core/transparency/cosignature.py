"""Timestamped Ed25519 cosignatures of witnesses (c2sp.org/tlog-cosignature, cosignature/v1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from core.transparency.errors import NotProven
from core.transparency.notes import (
    COSIGNATURE_V1,
    CheckpointSigner,
    NoteSignature,
    SignedNote,
    VerifierKey,
)

_TIMESTAMP_OCTETS = 8
_SIGNATURE_OCTETS = 64


def cosign(note: SignedNote, signer: CheckpointSigner, now: datetime) -> NoteSignature:
    """Cosign a checkpoint's text at ``now`` (whole seconds). The caller has checked the tree."""
    timestamp = int(now.timestamp())
    key = cosigner_key(signer)
    signature = signer.sign(_message(timestamp, note.text))
    octets = timestamp.to_bytes(_TIMESTAMP_OCTETS, "big") + signature
    return NoteSignature(key.name, key.key_id, octets)


def cosigner_key(signer: CheckpointSigner) -> VerifierKey:
    """Return the key to give to those who trust this witness (a vkey of type 0x04)."""
    return VerifierKey(signer.name, signer.public_key, COSIGNATURE_V1)


def verify_cosignature(note: SignedNote, signature: NoteSignature, key: VerifierKey) -> datetime:
    """Check one cosignature and return when it was made. Raises NotProven."""
    octets = signature.signature
    if len(octets) != _TIMESTAMP_OCTETS + _SIGNATURE_OCTETS:
        raise NotProven(f"The cosignature of {key.name} has a wrong length.")
    timestamp = int.from_bytes(octets[:_TIMESTAMP_OCTETS], "big")
    key.verify(octets[_TIMESTAMP_OCTETS:], _message(timestamp, note.text))
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotProven(f"The cosignature of {key.name} has an impossible time.") from error


def cosigned_at(note: SignedNote, witnesses: Sequence[VerifierKey]) -> dict[str, datetime]:
    """Return when each of ``witnesses`` cosigned, by name, at the latest if more than once.

    Signatures of others are ignored; a wrong one of theirs raises NotProven.
    """
    seen: dict[str, datetime] = {}
    for key in witnesses:
        for one in key.own(note.signatures):
            at = verify_cosignature(note, one, key)
            seen[key.name] = max(at, seen.get(key.name, at))
    return seen


def _message(timestamp: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
