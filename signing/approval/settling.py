"""Settle what was signed: it becomes the newest revision, or it is too late."""

from __future__ import annotations

from sqlalchemy import Connection, update

from core.clock import Clock
from core.database import Database
from signing.approval.approval import ActKind, Approval, find_approval
from signing.approval.errors import (
    NOTHING_DONE,
    ApprovalOver,
    NotYourTurn,
    RevisionMoved,
    SigningOutdated,
)
from signing.approval.files import ApprovalFiles
from signing.approval.models import approvals
from signing.approval.progress import Progress
from signing.approval.signings import Signing, Signings, delete_signing

_TOO_LATE = (ApprovalOver, NotYourTurn, RevisionMoved)


class Settling:
    """Settles signed revisions; each is settled once, whoever comes first."""

    def __init__(
        self,
        *,
        database: Database,
        files: ApprovalFiles,
        signings: Signings,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._database = database
        self._files = files
        self._signings = signings
        self._progress = progress
        self._clock = clock

    def settle(self, signing: Signing) -> Approval:
        """Make a signed file the newest revision.

        Raises ApprovalOver, NotYourTurn and RevisionMoved where others were sooner, SigningOutdated
        where it was given up meanwhile, and StorageUnavailable.
        """
        path = self._files.revision(signing.approval, signing.id)
        sha256, octets = self._files.measured(path)
        with self._database.begin() as connection:
            approval = find_approval(connection, signing.approval, locked=True)
            if delete_signing(connection, signing):
                return self._settle(connection, approval, signing, sha256, octets)
        # Settled by another process just now, or given up: another question took its place.
        if not _is_settled(approval, signing, sha256):
            raise SigningOutdated("Open the page again, and sign then.", kept=NOTHING_DONE)
        return approval

    def settle_if_it_can_be(self, signing: Signing) -> bool:
        """Settle one, or drop it where it is too late; tell which."""
        try:
            self.settle(signing)
        except SigningOutdated:
            return False
        except _TOO_LATE:
            self._signings.drop(signing)
            self._files.drop(self._files.revision(signing.approval, signing.id))
            return False
        return True

    def _settle(
        self,
        connection: Connection,
        approval: Approval,
        signing: Signing,
        sha256: bytes,
        octets: int,
    ) -> Approval:
        participant = approval.participant(signing.participant)
        approval.check_circulating()
        if not approval.is_turn_of(participant):
            raise NotYourTurn("This was done just now by somebody else.", kept=NOTHING_DONE)
        if approval.revision != signing.revision:
            raise RevisionMoved(
                "Somebody signed at the same moment. Look at the document as it is now.",
                kept=NOTHING_DONE,
            )
        connection.execute(
            update(approvals)
            .where(approvals.c.id == approval.id)
            .values(
                revision=approval.revision + 1,
                document=signing.id,
                sha256=sha256,
                octets=octets,
                claim=None,
                claim_until=None,
            )
        )
        self._progress.act(
            connection,
            approval,
            participant,
            ActKind.SIGNED,
            self._clock.now(),
            by=signing.by,
            sha256=sha256,
        )
        return find_approval(connection, approval.id)


def _is_settled(approval: Approval, signing: Signing, sha256: bytes) -> bool:
    return any(
        (act.kind, act.participant, act.by, act.sha256)
        == (ActKind.SIGNED, signing.participant, signing.by, sha256)
        for act in approval.acts
    )
