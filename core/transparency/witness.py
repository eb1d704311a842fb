"""A witness (c2sp.org/tlog-witness): it cosigns a checkpoint only when it extends the last one.

It has a key and a memory of its own and knows each log by its verifier key. A log that shows
one history to some and another to others cannot get both cosigned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.errors import Conflict, Forbidden, NotFound
from core.transparency.checkpoint import Checkpoint, TreeHead, parse_decimal
from core.transparency.checkpoint_memory import CheckpointMemory
from core.transparency.cosignature import cosign, cosigner_key
from core.transparency.errors import NoteMalformed, NotProven
from core.transparency.merkle import EMPTY_ROOT
from core.transparency.merkle_proofs import verify_consistency
from core.transparency.notes import CheckpointSigner, VerifierKey, encode_base64
from core.transparency.proof import parse_hashes


class UnknownLog(NotFound):
    """The witness does not know the log of that origin."""

    problem = "witness-unknown-log"
    title = "The witness does not know this log"


class UntrustedCheckpoint(Forbidden):
    """The checkpoint is not signed by the log's key."""

    problem = "witness-untrusted-checkpoint"
    title = "The log did not sign this checkpoint"


class OtherHistory(Conflict):
    """The witness last cosigned another size, or another root at that size.

    ``data["size"]`` is the size that it last cosigned.
    """

    problem = "witness-other-history"
    title = "The witness has seen another history"


@dataclass(frozen=True)
class AddCheckpoint:
    """The body of an add-checkpoint request."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read a request body. Raises NoteMalformed."""
        head, separator, note = body.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise NoteMalformed("The lines before the checkpoint are ASCII.") from error
        if not separator or not lines[0].startswith("old "):
            raise NoteMalformed("The request begins with 'old' and a size.")
        request = cls(
            parse_decimal(lines[0].removeprefix("old ")),
            parse_hashes(lines[1:]),
            Checkpoint.parse(note),
        )
        if request.old_size > request.checkpoint.size:
            raise NoteMalformed("The old size is greater than the checkpoint's.")
        return request

    def encode(self) -> bytes:
        """Return the body as it is sent."""
        lines = [f"old {self.old_size}"] + [encode_base64(one) for one in self.proof]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint.encode()


class Witness:
    """Cosigns what extends what it saw before. Safe in many threads and processes."""

    def __init__(
        self,
        *,
        signer: CheckpointSigner,
        logs: Iterable[VerifierKey],
        folder: Path,
        clock: Clock,
    ) -> None:
        self._signer = signer
        self._logs = {key.name: key for key in logs}
        self._memory = CheckpointMemory(folder)
        self._clock = clock
        self.key = cosigner_key(signer)

    def add_checkpoint(self, request: AddCheckpoint) -> str:
        """Return the cosignature line, after remembering the checkpoint durably.

        Raises UnknownLog, UntrustedCheckpoint, OtherHistory, or NotProven for a consistency
        proof that fails; the witness then remembers what it did before.
        """
        checkpoint = request.checkpoint
        self._check_signature(checkpoint)
        with self._memory.held():
            last = self._memory.last(checkpoint.origin)
            _check_extends(request, TreeHead(0, EMPTY_ROOT) if last is None else last.head)
            # The protocol asks for this order: first remembered, then answered.
            self._memory.remember(checkpoint)
        return cosign(checkpoint.note, self._signer, self._clock.now()).line()

    def _check_signature(self, checkpoint: Checkpoint) -> None:
        key = self._logs.get(checkpoint.origin)
        if key is None:
            raise UnknownLog(f"This witness does not watch {checkpoint.origin}.")
        try:
            checkpoint.verify(key)
        except NotProven as error:
            raise UntrustedCheckpoint(error.detail) from error


def _check_extends(request: AddCheckpoint, last: TreeHead) -> None:
    head = request.checkpoint.head
    if request.old_size != last.size:
        raise OtherHistory(f"The last size cosigned is {last.size}.", size=last.size)
    if head.size == last.size and head.root != last.root:
        raise OtherHistory(
            f"Another root hash was cosigned at size {last.size}: the log has forked.",
            size=last.size,
        )
    verify_consistency(last.size, last.root, head.size, head.root, request.proof)
