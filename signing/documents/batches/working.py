"""Sign the documents of closed batches, in as many processes as one likes.

1. Some documents of one batch that wait are claimed for a while.
2. Each is settled: signed, and registered where it has a stamp (signing.documents.settling). What a
   worker left that died is found.
3. One transaction says that the document is signed, with its entry in the log; the last one ends
   the batch.

Killed before 3 is over, a worker leaves a document that waits. A claim spares double work; that
nothing is signed twice rests upon 2 and 3.

While a part is away that a batch needs, the batch rests and the others go on. A document whose
signing fails for no known reason waits longer after each try, and is refused after the last.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Unavailable
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.documents.batches.batch import (
    BatchState,
    DocumentBatch,
    DocumentState,
    find_batch,
)
from signing.documents.batches.batches import waiting_in
from signing.documents.batches.claims import CLAIMED_FOR, RESTS_FOR, Claim, Claims
from signing.documents.batches.claims import is_document as _is
from signing.documents.batches.errors import BatchDocumentFailed, BatchDocumentLost
from signing.documents.batches.files import BatchFiles
from signing.documents.batches.happenings import BATCH_DONE, DOCUMENT_REFUSED, DOCUMENT_SIGNED
from signing.documents.batches.models import batch_documents, document_batches
from signing.documents.path_signing import PathSigning
from signing.documents.ports import Seals
from signing.documents.settling import SettledDocument, Settling
from signing.documents.stamped import StampFacts
from signing.documents.stamps.order import StampOrder

# With the waits between them some minutes: a fault of the machine's is over or noticed by then.
TRIES = 5


class BatchSigning:
    """One worker. ``holder`` names it, as no other is named."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: BatchFiles,
        paths: PathSigning,
        settling: Settling,
        seals: Seals,
        clock: Clock,
        holder: str,
        claimed_for: timedelta = CLAIMED_FOR,
        rests_for: timedelta = RESTS_FOR,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._paths = paths
        self._settling = settling
        self._seals = seals
        self._clock = clock
        self._claims = Claims(
            database=database,
            clock=clock,
            holder=holder,
            claimed_for=claimed_for,
            rests_for=rests_for,
        )
        self._failed: dict[tuple[str, int], int] = {}
        self._events = structlog.get_logger("document-batches")

    def go_on(self) -> int:
        """Sign some documents that wait; return how many were dealt with.

        A batch for which a part is away rests. Raises Unavailable where nothing else was to be
        done; what was claimed is free again then.
        """
        away: Unavailable | None = None
        while (claim := self._claims.take()) is not None:  # Step 1.
            try:
                dealt_with = self._work_on(claim)
            except Unavailable as error:
                away = error
                continue
            if dealt_with:
                return dealt_with
        if away is not None:
            raise away
        return 0

    def _work_on(self, claim: Claim) -> int:
        """Return how many documents are signed or refused. Raises Unavailable where none is."""
        dealt_with = 0
        for number, sha256 in claim.documents:
            try:
                dealt_with += self._deal_with(claim, number, sha256)
            except Unavailable as error:
                self._events.warning("batch-rests", batch=claim.batch.id, problem=error.problem)
                self._claims.rest(claim.batch.id)
                self._claims.give_back()
                if not dealt_with:
                    raise
                break
        return dealt_with

    def _deal_with(self, claim: Claim, number: int, sha256: bytes) -> bool:
        batch = claim.batch
        try:
            self._sign(claim, number, sha256)
        except Unavailable:
            raise
        # Whatever it is: one document must not hold up all that come after it.
        except Exception:
            return self._failed_again(batch, number)
        self._failed.pop((batch.id, number), None)
        return True

    def _failed_again(self, batch: DocumentBatch, number: int) -> bool:
        """Tell whether it was the last try."""
        tries = self._failed.get((batch.id, number), 0) + 1
        self._failed[batch.id, number] = tries
        if tries == 1:
            self._events.exception("document-failed", batch=batch.id, number=number)
        if tries < TRIES:
            self._claims.postpone(batch.id, number, tries)
            return False
        refusal = BatchDocumentFailed(
            f"Signing this document failed {TRIES} times, which is noted for the operators. "
            "Ask them for the reason before you put it up in another batch."
        )
        self._record_refusal(batch, number, refusal)
        del self._failed[batch.id, number]
        return True

    def _sign(self, claim: Claim, number: int, sha256: bytes) -> None:
        batch = claim.batch
        stamp = None if claim.stamps is None else claim.stamps.of(number)
        try:
            settled = self._settling.settle(  # Step 2.
                batch.id,
                number,
                lambda target: self._sign_anew(batch, number, sha256, stamp, target),
                stamp=stamp,
                institution=batch.institution,
            )
        except Unavailable:
            raise
        except CamtrustError as refusal:
            self._record_refusal(batch, number, refusal)
            return
        self._record(batch, number, settled)  # Step 3.

    def _sign_anew(
        self,
        batch: DocumentBatch,
        number: int,
        sha256: bytes,
        stamp: StampOrder | None,
        target: Path,
    ) -> StampFacts | None:
        source = self._files.source(batch.id, number, sha256)
        if not source.parent.is_dir():
            # A shared folder that is not there now: to refuse for it would lose every batch.
            raise Unavailable("The documents of this batch are away.")
        if not source.exists():
            raise BatchDocumentLost(
                "What was put up is not in its place any more. Put it up in another batch."
            )
        signer = self._seals.seal_for(batch.institution, batch.seal)
        if stamp is None:
            self._paths.sign(source, target, signer, batch.options)
            return None
        return self._paths.sign_unregistered(
            source, target, signer, batch.options, stamp, institution=batch.institution
        ).facts

    def _record(self, batch: DocumentBatch, number: int, settled: SettledDocument) -> None:
        registered = settled.registered
        salt, now = new_salt(), self._clock.now()
        with self._database.begin() as connection:
            # The batch's row orders those who end it.
            find_batch(connection, batch.id, locked=True)
            if not self._still_waits(connection, batch.id, number):
                return
            facts = {
                "batch": batch.id,
                "document": commitment(salt, settled.sha256),
                "level": batch.options.level.value,
                "number": number,
            }
            [index] = self._log.append(connection, [LogEntry(DOCUMENT_SIGNED, now, facts)])
            connection.execute(
                update(batch_documents)
                .where(_is(batch.id, number))
                .values(
                    state=DocumentState.SIGNED,
                    signed_sha256=settled.sha256,
                    signed_at=now,
                    salt=salt,
                    log_index=index,
                    registered=None if registered is None else registered.octets,
                    worker=None,
                    worker_until=None,
                )
            )
            self._end_if_over(connection, batch.id)

    def _record_refusal(self, batch: DocumentBatch, number: int, refusal: CamtrustError) -> None:
        with self._database.begin() as connection:
            find_batch(connection, batch.id, locked=True)
            if not self._still_waits(connection, batch.id, number):
                return
            facts: dict[str, JsonValue] = {
                "batch": batch.id,
                "number": number,
                "problem": refusal.problem,
            }
            self._log.append(connection, [LogEntry(DOCUMENT_REFUSED, self._clock.now(), facts)])
            connection.execute(
                update(batch_documents)
                .where(_is(batch.id, number))
                .values(
                    state=DocumentState.REFUSED,
                    problem=refusal.problem,
                    detail=refusal.detail,
                    worker=None,
                    worker_until=None,
                )
            )
            self._end_if_over(connection, batch.id)

    def _still_waits(self, connection: Connection, batch_id: str, number: int) -> bool:
        state = connection.scalar(
            select(batch_documents.c.state).where(_is(batch_id, number)).with_for_update()
        )
        return state == DocumentState.WAITING

    def _end_if_over(self, connection: Connection, batch_id: str) -> None:
        if waiting_in(connection, batch_id):
            return
        now = self._clock.now()
        self._log.append(connection, [LogEntry(BATCH_DONE, now, {"batch": batch_id})])
        connection.execute(
            update(document_batches)
            .where(document_batches.c.id == batch_id)
            .values(state=BatchState.DONE, finished_at=now)
        )
