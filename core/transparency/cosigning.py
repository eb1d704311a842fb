"""Having the newest checkpoint cosigned by the witnesses, and keeping what they signed.

It runs beside publication, never within it: an absent witness delays nobody's certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.clock import Clock
from core.errors import CamtrustError
from core.transparency.checkpoint import Checkpoint
from core.transparency.cosignature import verify_cosignature
from core.transparency.durable_files import folder_lock
from core.transparency.errors import LogUnavailable, NotProven
from core.transparency.merkle_proofs import consistency_proof
from core.transparency.notes import NoteSignature, VerifierKey
from core.transparency.publication import WITNESSED_CHECKPOINT, PublishedLog
from core.transparency.publishing import TileWriter
from core.transparency.settings import LogSettings
from core.transparency.witness_client import WitnessClient

# tlog-cosignature: verifiers MAY reject cosignatures of the future. Clocks differ a little.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class WitnessAnswer:
    """What a witness answered: ``refusal`` is None when it cosigned."""

    witness: str
    refusal: CamtrustError | None = None


def witness_clients(settings: LogSettings) -> list[WitnessClient]:
    """Return a client for each witness in the settings."""
    return [
        WitnessClient(key=VerifierKey.parse(one.vkey), url=str(one.url))
        for one in settings.witnesses
    ]


class Cosigning:
    """Asks every witness about the newest checkpoint."""

    def __init__(
        self, *, published: PublishedLog, witnesses: Sequence[WitnessClient], clock: Clock
    ) -> None:
        self._published = published
        self._witnesses = witnesses
        self._clock = clock

    def gather(self) -> list[WitnessAnswer]:
        """Ask each witness and store what they cosigned. Nothing published: nobody is asked.

        A witness that refuses or is away stands in the answer with its refusal. Raises
        LogUnavailable when the result cannot be stored.
        """
        checkpoint = self._published.checkpoint()
        if checkpoint is None:
            return []
        answers: list[WitnessAnswer] = []
        gathered: tuple[NoteSignature, ...] = ()
        for client in self._witnesses:
            try:
                gathered += self._ask(client, checkpoint)
                answers.append(WitnessAnswer(client.key.name))
            except CamtrustError as refusal:
                answers.append(WitnessAnswer(client.key.name, refusal))
        if gathered:
            self._store(checkpoint.with_signatures(gathered))
        return answers

    def _ask(self, client: WitnessClient, checkpoint: Checkpoint) -> tuple[NoteSignature, ...]:
        tree = self._published.tree(checkpoint)

        def prove(old_size: int) -> list[bytes]:
            return consistency_proof(tree, old_size, checkpoint.size)

        signatures = client.cosign(checkpoint, prove)
        for one in signatures:
            at = verify_cosignature(checkpoint.note, one, client.key)
            if at > self._clock.now() + CLOCK_TOLERANCE:
                raise NotProven(f"{client.key.name} cosigned in the future, at {at:%c}.")
        return signatures

    def _store(self, cosigned: Checkpoint) -> None:
        folder = self._published.folder
        try:
            with folder_lock(folder):
                newest = self._published.checkpoint()
                known = self._published.witnessed_checkpoint()
                writer = TileWriter(folder)
                if known is None or known.size <= cosigned.size:
                    writer.write_checkpoint(cosigned, WITNESSED_CHECKPOINT)
                # Meanwhile a newer one may have been published: that stays.
                if newest is not None and newest.note.text == cosigned.note.text:
                    writer.write_checkpoint(cosigned)
        except OSError as error:
            raise LogUnavailable(f"Cosignatures cannot be stored: {error.strerror}.") from error
