"""Seal circulations in which all have acted, in as many processes as one likes.

1. One that waits and whose time has come is claimed for a while.
2. If a sealed file is there already, a worker died after it was whole: it is that one.
3. Else the newest revision is sealed at B-LTA to a name of its own. What registering its stamp
   needs is put down under its SHA-256; then it becomes the sealed document, unless another
   worker's did first.
4. The sealed document is registered, where it has a stamp; what was sealed in vain is not. The same
   again changes nothing.
5. One transaction says that it is sealed, with its entry in the log.

While it cannot be sealed, such as without a time-stamp, the circulation stands in ``sealing`` with
its trouble, and is tried again after twice the time, within :data:`LONGEST_WAIT`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from sqlalchemy import or_, select, update

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.transparency.log import TransparencyLog
from signing.approval.approval import ActKind, Approval, ApprovalState, find_approval
from signing.approval.files import SEALED, SIGNATURE_OCTETS, ApprovalFiles
from signing.approval.models import approvals
from signing.approval.progress import Progress
from signing.approval.record import record_act
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.ports import DocumentSigner, Seals
from signing.documents.signing import DocumentSigning
from signing.documents.stamped import StampedSigning, StampFacts
from signing.documents.stamps.order import StampOrder
from signing.documents.stamps.template import checked

CLAIMED_FOR = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
SEALED_AS = SigningOptions(level=Level.B_LTA, reason="Sealed after all signers had acted")


class Sealing:
    """One worker."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: ApprovalFiles,
        engine: Callable[[], DocumentSigning],
        stamped: Callable[[], StampedSigning],
        seals: Seals,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._engine = engine
        self._stamped = stamped
        self._seals = seals
        self._progress = progress
        self._clock = clock
        self._events = structlog.get_logger("approvals")

    def go_on(self) -> int:
        """Seal what waits and is due; return how many were."""
        sealed = 0
        # Each that fails waits, so this ends.
        while (claimed := self._take()) is not None:
            sealed += self._try(*claimed)
        return sealed

    def retry_all(self) -> int:
        """Let all that wait be tried at once; return how many they are."""
        with self._database.begin() as connection:
            return connection.execute(
                update(approvals)
                .where(approvals.c.state == ApprovalState.SEALING)
                .values(next_try_at=self._clock.now())
            ).rowcount

    def _take(self) -> tuple[Approval, str] | None:
        now, claim = self._clock.now(), secrets.token_hex(16)
        query = (
            select(approvals.c.id)
            .where(
                approvals.c.state == ApprovalState.SEALING,
                approvals.c.next_try_at <= now,
                or_(approvals.c.claim.is_(None), approvals.c.claim_until <= now),
            )
            .order_by(approvals.c.next_try_at, approvals.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.begin() as connection:  # Step 1.
            found = connection.scalar(query)
            if found is None:
                return None
            connection.execute(
                update(approvals)
                .where(approvals.c.id == found)
                .values(claim=claim, claim_until=now + CLAIMED_FOR)
            )
            return find_approval(connection, found), claim

    def _try(self, approval: Approval, claim: str) -> bool:
        try:
            self._seal(approval)
        except CamtrustError as error:
            self._wait(approval, claim, error.problem)
            return False
        # Whatever it is: one document must not hold up the others.
        except Exception:
            self._events.exception("approval-not-sealed")
            self._wait(approval, claim, "internal-error")
            return False
        return True

    def _seal(self, approval: Approval) -> None:
        target = self._files.revision(approval.id, SEALED)
        if not self._files.has(target):  # Step 2.
            self._sign(approval, target)  # Step 3.
        sha256, octets = self._files.measured(target)
        if approval.stamp is not None:
            self._register(approval, approval.stamp, target, sha256)  # Step 4.
        self._record(approval.id, sha256, octets)  # Step 5.

    def _sign(self, approval: Approval, target: Path) -> None:
        signer = self._seals.seal_for(approval.institution, approval.seal)
        source = self._files.newest(approval)
        partial = self._files.prepared(approval.id, secrets.token_hex(16))
        room = approval.octets + SIGNATURE_OCTETS
        with (
            self._files.opened(source) as content,
            self._files.writing(partial, room=room) as result,
        ):
            facts = self._signed(approval, content, result, signer)
        try:
            if facts is not None:
                sha256, _ = self._files.measured(partial)
                with self._files.writing(self._files.note(approval.id, sha256), room=0) as note:
                    note.write(facts.written())
            self._files.settle(partial, target)
        finally:
            self._files.drop(partial)

    def _signed(
        self, approval: Approval, content: BinaryIO, result: BinaryIO, signer: DocumentSigner
    ) -> StampFacts | None:
        if approval.stamp is None:
            self._engine().sign(content, result, signer, SEALED_AS)
            return None
        order = checked(StampOrder, approval.stamp)
        done = self._stamped().sign_unregistered(
            content, result, signer, SEALED_AS, order, institution=approval.institution
        )
        return done.facts

    def _register(
        self, approval: Approval, stamp: Mapping[str, Any], target: Path, sha256: bytes
    ) -> None:
        with self._files.opened(self._files.note(approval.id, sha256)) as note:
            facts = StampFacts.read(note.read())
        with self._database.read() as connection:
            if find_approval(connection, approval.id).state is not ApprovalState.SEALING:
                return  # Cancelled while it was sealed.
        with self._files.opened(target) as signed:
            self._stamped().register(
                facts, checked(StampOrder, stamp), signed, institution=approval.institution
            )

    def _record(self, approval_id: str, sha256: bytes, octets: int) -> None:
        now = self._clock.now()
        with self._database.begin() as connection:
            approval = find_approval(connection, approval_id, locked=True)
            if approval.state is not ApprovalState.SEALING:
                return
            connection.execute(
                update(approvals)
                .where(approvals.c.id == approval_id)
                .values(
                    revision=approval.revision + 1, document=SEALED, sha256=sha256, octets=octets
                )
            )
            facts = {"level": SEALED_AS.level.value}
            record_act(
                self._log, connection, approval, ActKind.SEALED, now, sha256=sha256, facts=facts
            )
            self._progress.end(connection, approval_id, ApprovalState.SEALED, now)

    def _wait(self, approval: Approval, claim: str, problem: str) -> None:
        wait = min(FIRST_WAIT * 2 ** min(approval.tries, 20), LONGEST_WAIT)
        self._events.warning("approval-waits-for-its-seal", problem=problem)
        with self._database.begin() as connection:
            connection.execute(
                update(approvals)
                .where(approvals.c.id == approval.id, approvals.c.claim == claim)
                .values(
                    tries=approval.tries + 1,
                    trouble=problem,
                    next_try_at=self._clock.now() + wait,
                    claim=None,
                    claim_until=None,
                )
            )
