"""Tell platforms what waits, until they take it or the tries are used up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from core.clock import Clock
from core.database import Database
from core.outgoing.deliveries import Deliveries, Tell
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.models import document_announcements
from signing.documents.verification.platforms import Announcement, DocumentPlatform
from signing.documents.verification.registry import Registry

# How long is waited after each try: a platform may be away over a long weekend.
WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
    timedelta(hours=24),
    timedelta(hours=48),
)
MOST_TRIES = len(WAITS) + 1


class Announcing:
    """Sends what is due; safe in many processes."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        platforms: Mapping[str, DocumentPlatform],
        addresses: VerificationAddresses,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._platforms = platforms
        self._addresses = addresses
        self._deliveries = Deliveries(
            database=database,
            table=document_announcements,
            receiver=document_announcements.c.platform,
            taken_state="taken",
            waits=WAITS,
            given_up="document-announcement-given-up",
            clock=clock,
        )

    def send_due(self) -> int:
        """Tell what is due; return how much was taken. Raises DatabaseUnavailable."""
        known = document_announcements.c.platform.in_(self._platforms)
        return self._deliveries.send_due(select(document_announcements).where(known), self._prepare)

    def _prepare(self, row: Row[Any]) -> Tell:
        document = self._registry.find(DocumentId(row.document))
        address = self._addresses.printed(document.id)
        announcement = Announcement(document, row.position, address)
        return partial(self._platforms[row.platform].tell, announcement)
