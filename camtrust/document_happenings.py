"""What happens to batches of documents, as webhooks tell it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from core.transparency.entry import LogEntry
from enrollment.webhooks.happenings import Happening
from enrollment.webhooks.webhook import WebhookEvent
from signing.documents.batches.happenings import (
    BATCH_CANCELLED,
    BATCH_DONE,
    DOCUMENT_REFUSED,
    DOCUMENT_SIGNED,
    batch_happening,
)


class DocumentHappenings:
    """An :class:`~enrollment.webhooks.happenings.OtherHappenings` of batches of documents."""

    events: Mapping[str, WebhookEvent] = {
        BATCH_DONE: WebhookEvent.DOCUMENT_BATCH_ENDED,
        BATCH_CANCELLED: WebhookEvent.DOCUMENT_BATCH_ENDED,
        DOCUMENT_SIGNED: WebhookEvent.BATCH_DOCUMENT_SIGNED,
        DOCUMENT_REFUSED: WebhookEvent.BATCH_DOCUMENT_REFUSED,
    }

    def of(self, connection: Connection, about: str, entry: LogEntry) -> Happening | None:
        """Return what an entry tells the program that opened the batch: no other sees it."""
        found = batch_happening(connection, entry)
        if found is None:
            return None
        return Happening(
            event=self.events[entry.kind],
            about=about,
            happened_at=entry.at,
            institution=None,
            applicant=found.submitter,
            data=found.data,
        )
