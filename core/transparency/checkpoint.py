"""Checkpoints (c2sp.org/tlog-checkpoint): a signed note whose text is a tree head."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.transparency.errors import NoteMalformed, NotProven
from core.transparency.merkle import HASH_OCTETS
from core.transparency.notes import (
    CheckpointSigner,
    NoteSignature,
    SignedNote,
    VerifierKey,
    decode_base64,
    encode_base64,
    sign_note,
    verify_note,
)

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class TreeHead:
    """How many entries a log has and what they hash to."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A tree head of the log ``origin``, with the note that says so.

    Reading one verifies nothing; :meth:`verify` does.
    """

    origin: str
    head: TreeHead
    note: SignedNote

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.head.size

    @property
    def root(self) -> bytes:
        """The Merkle tree hash, 32 octets."""
        return self.head.root

    @classmethod
    def parse(cls, octets: bytes) -> Checkpoint:
        """Read a checkpoint. Raises NoteMalformed."""
        note = SignedNote.parse(octets)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteMalformed("A checkpoint has an origin, a size and a root hash.")
        root = decode_base64(lines[2])
        if len(root) != HASH_OCTETS:
            raise NoteMalformed("A checkpoint's root hash has 32 octets.")
        return cls(lines[0], TreeHead(parse_decimal(lines[1]), root), note)

    @classmethod
    def sign(cls, head: TreeHead, signer: CheckpointSigner) -> Checkpoint:
        """Sign a tree head under the signer's name, which is the log's origin."""
        text = f"{signer.name}\n{head.size}\n{encode_base64(head.root)}\n"
        return cls(signer.name, head, sign_note(text, signer))

    def encode(self) -> bytes:
        """Return the signed note."""
        return self.note.encode()

    def verify(self, key: VerifierKey) -> None:
        """Check origin and signature. Raises NotProven."""
        if self.origin != key.name:
            raise NotProven(f"The checkpoint is of the log {self.origin}, not of {key.name}.")
        verify_note(self.note, key)

    def with_signatures(self, more: tuple[NoteSignature, ...]) -> Checkpoint:
        """Return the checkpoint with signatures added; those of a key already there give way."""
        added = {(one.name, one.key_id) for one in more}
        kept = tuple(one for one in self.note.signatures if (one.name, one.key_id) not in added)
        return replace(self, note=replace(self.note, signatures=kept + more))


def parse_decimal(text: str) -> int:
    """Read an ASCII decimal without leading zeroes, below 2**63. Raises NoteMalformed."""
    if not _DECIMAL.fullmatch(text) or int(text) >= 1 << 63:
        raise NoteMalformed("A number in a note is a decimal without leading zeroes.")
    return int(text)
