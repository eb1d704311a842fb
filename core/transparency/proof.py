"""Proofs that verify by themselves (c2sp.org/tlog-proof), with the entry in the extra line.

A proof file needs no database and no network: with the log's verifier key, :func:`verify_proof`
recomputes the leaf from the entry, the root from the leaf, and checks who signed that root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.transparency.checkpoint import Checkpoint, parse_decimal
from core.transparency.cosignature import cosigned_at
from core.transparency.entry import LogEntry
from core.transparency.errors import NoteMalformed, NotProven
from core.transparency.merkle import HASH_OCTETS, hash_leaf
from core.transparency.merkle_proofs import verify_inclusion
from core.transparency.notes import VerifierKey, decode_base64, encode_base64
from core.transparency.tiles import MAX_ENTRY_OCTETS

HEADER = "c2sp.org/tlog-proof@v1"
# A tree of less than 2**63 entries has no longer path.
MAX_PATH = 63
# The entry in base64, the path, and a note of the greatest length.
MAX_PROOF_OCTETS = 512 * 1024


@dataclass(frozen=True)
class LogProof:
    """An entry, its place, its path to the root, and the checkpoint. Nothing is verified yet."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, octets: bytes) -> LogProof:
        """Read a tlog-proof that carries its entry. Raises NoteMalformed."""
        if len(octets) > MAX_PROOF_OCTETS:
            raise NoteMalformed(f"A proof has at most {MAX_PROOF_OCTETS} octets.")
        # The first empty line ends the proof; the checkpoint follows verbatim.
        head, separator, note = octets.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise NoteMalformed("A proof's own lines are ASCII.") from error
        if not separator or lines[0] != HEADER or len(lines) < 3:
            raise NoteMalformed(f"A proof begins with the line {HEADER}.")
        entry = decode_base64(_after("extra ", lines[1]))
        if len(entry) > MAX_ENTRY_OCTETS:
            raise NoteMalformed("The entry in the proof is too long for a log.")
        index = parse_decimal(_after("index ", lines[2]))
        return cls(entry, index, parse_hashes(lines[3:]), Checkpoint.parse(note))

    def encode(self) -> str:
        """Return the text of the proof, as a ``.tlog-proof`` file has it."""
        lines = [HEADER, f"extra {encode_base64(self.entry)}", f"index {self.index}"]
        lines += [encode_base64(one) for one in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint.encode().decode()


@dataclass(frozen=True)
class ProvenEntry:
    """What a verified proof says. ``witnesses`` tells when each known witness cosigned."""

    entry: LogEntry
    index: int
    checkpoint: Checkpoint
    witnesses: Mapping[str, datetime]


def verify_proof(
    proof: LogProof, key: VerifierKey, witnesses: Sequence[VerifierKey] = (), *, quorum: int = 0
) -> ProvenEntry:
    """Check a proof offline against the log's key, and cosignatures against witnesses' keys.

    Raises NotProven when anything does not verify or fewer than ``quorum`` of ``witnesses``
    cosigned, NoteMalformed when the proven entry is none of camtrust's.
    """
    proof.checkpoint.verify(key)
    verify_inclusion(
        hash_leaf(proof.entry),
        proof.index,
        proof.checkpoint.size,
        proof.path,
        proof.checkpoint.root,
    )
    seen = cosigned_at(proof.checkpoint.note, witnesses)
    if len(seen) < quorum:
        raise NotProven(f"{len(seen)} of the witnesses cosigned; {quorum} are asked for.")
    return ProvenEntry(LogEntry.decode(proof.entry), proof.index, proof.checkpoint, seen)


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Read a proof's lines, one hash in base64 each. Raises NoteMalformed."""
    if len(lines) > MAX_PATH:
        raise NoteMalformed(f"A proof has at most {MAX_PATH} hashes.")
    hashes = tuple(decode_base64(line) for line in lines)
    if any(len(one) != HASH_OCTETS for one in hashes):
        raise NoteMalformed(f"A hash in a proof has {HASH_OCTETS} octets.")
    return hashes


def _after(prefix: str, line: str) -> str:
    if not line.startswith(prefix):
        raise NoteMalformed(f"A line of the proof should begin with '{prefix}'.")
    return line.removeprefix(prefix)
