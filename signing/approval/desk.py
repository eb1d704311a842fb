"""What routes and pages of circulations work with, and how people are named in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.clock import Clock
from signing.approval.approval import Approval, Participant, ParticipantRole
from signing.approval.changing import Changing
from signing.approval.deputies import Deputies
from signing.approval.directory import Colleague, Directory
from signing.approval.errors import ApprovalDocumentGone
from signing.approval.files import ApprovalFiles
from signing.approval.keys import PersonKeys
from signing.approval.sight import Sight
from signing.approval.signing import ApprovalSigning
from signing.approval.starting import Starting
from signing.approval.taking_part import TakingPart
from signing.documents.stamps.content import Words


@dataclass(frozen=True)
class ApprovalDesk:
    """The objects beneath; ``kept``: how long documents of what ended can be fetched."""

    starting: Starting
    sight: Sight
    signing: ApprovalSigning
    taking_part: TakingPart
    changing: Changing
    deputies: Deputies
    directory: Directory
    keys: PersonKeys
    files: ApprovalFiles
    kept: timedelta
    clock: Clock

    def document(self, approval: Approval) -> Path:
        """Return where the newest revision lies.

        Raises ApprovalDocumentGone, ApprovalDocumentAltered and StorageUnavailable.
        """
        erased_from = approval.erased_from(self.kept)
        if approval.erased_at or (erased_from and erased_from <= self.clock.now()):
            raise ApprovalDocumentGone(
                f"Documents are erased {self.kept.days} days after their circulation ended."
            )
        return self.files.newest(approval)

    def colleague(self, person: str, institution: str) -> Colleague:
        """Return somebody as their institution has them; nameless where it never listed them."""
        found = self.directory.colleague(person, institution)
        return found or Colleague(person, Words(), Words(), None, is_serving=False)

    def can_act(self, one: Participant, institution: str) -> bool:
        """Tell whether somebody could now do themselves what is asked of them."""
        if not self.colleague(one.person, institution).is_serving:
            return False
        return one.role is not ParticipantRole.SIGN or self.keys.has_one(one.person)
