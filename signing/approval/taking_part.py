"""Acts without a key: to refuse with a reason, and to acknowledge with an opinion."""

from __future__ import annotations

from core.clock import Clock
from core.database import Database
from signing.approval.approval import ActKind, Approval, ParticipantRole, find_approval
from signing.approval.errors import NOTHING_DONE, NotYourTurn, RoleDiffers
from signing.approval.progress import Progress
from signing.approval.sight import Place, Sight
from signing.approval.words import checked_text


class TakingPart:
    """Writes what people decide. ``person`` is the one who is signed in."""

    def __init__(
        self, *, database: Database, sight: Sight, progress: Progress, clock: Clock
    ) -> None:
        self._database = database
        self._sight = sight
        self._progress = progress
        self._clock = clock

    def refuse(self, approval_id: str, number: int, person: str, *, reason: str) -> Approval:
        """End a circulation by a refusal. Raises as :meth:`Sight.place`, and WordsUnsuitable."""
        place = self._sight.place(approval_id, number, person)
        return self._act(place, ActKind.REFUSED, checked_text(reason, "why you refuse"))

    def acknowledge(self, approval_id: str, number: int, person: str, *, opinion: str) -> Approval:
        """Mark a document as seen and forwarded, with an opinion that may be empty.

        Raises as :meth:`Sight.place`, RoleDiffers, and WordsUnsuitable.
        """
        place = self._sight.place(approval_id, number, person)
        if place.participant.role is not ParticipantRole.ACKNOWLEDGE:
            raise RoleDiffers("You are asked for your signature.", kept=NOTHING_DONE)
        text = checked_text(opinion, "your opinion") if opinion.strip() else None
        return self._act(place, ActKind.ACKNOWLEDGED, text)

    def _act(self, place: Place, kind: ActKind, text: str | None) -> Approval:
        with self._database.begin() as connection:
            approval = find_approval(connection, place.approval.id, locked=True)
            participant = approval.participant(place.participant.number)
            approval.check_circulating()
            # Another window, or a deputy, was sooner.
            if not approval.is_turn_of(participant):
                raise NotYourTurn("This was done just now by somebody else.", kept=NOTHING_DONE)
            now = self._clock.now()
            self._progress.act(
                connection, approval, participant, kind, now, by=place.actor, text=text
            )
            return find_approval(connection, approval.id)
