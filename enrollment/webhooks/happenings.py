"""What an entry of the transparency log means to an institution: an event, and ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, select

from ca.register import CertificateRegister
from core.transparency.entry import LogEntry
from enrollment.grants.models import grants
from enrollment.models import applications, decisions
from enrollment.webhooks.webhook import WebhookEvent

EVENTS: Mapping[str, WebhookEvent] = {
    "application-decided": WebhookEvent.APPLICATION_DECIDED,
    "certificate-issued": WebhookEvent.CERTIFICATE_ISSUED,
    "certificate-revoked": WebhookEvent.CERTIFICATE_REVOKED,
    "certificate-held": WebhookEvent.CERTIFICATE_SUSPENDED,
    "certificate-released": WebhookEvent.CERTIFICATE_RELEASED,
}
# What delivery and grants name their certificates by.
_APPLICATION = re.compile(r"application:([0-9a-f]{32})")
_GRANT = re.compile(r"grant:([0-9a-f]{32}):.*")
_OPEN = ("submitted", "returned")


@dataclass(frozen=True)
class Happening:
    """Something to be told: to whom it belongs, and what it is about, as ids.

    With an institution it is told to all webhooks of the institution, without one to those of the
    applicant alone.
    """

    event: WebhookEvent
    about: str
    happened_at: datetime
    institution: str | None
    applicant: str | None
    data: Mapping[str, str | None] = field(default_factory=dict)


class OtherHappenings(Protocol):
    """What the entries of another room tell; camtrust/ wires it."""

    @property
    def events(self) -> Mapping[str, WebhookEvent]:
        """Kinds of entries, and what each may tell."""

    def of(self, connection: Connection, about: str, entry: LogEntry) -> Happening | None:
        """Return what an entry of such a kind tells, None for nothing."""


class Happenings:
    """Reads entries; what belongs to no application and no grant is nobody's to be told."""

    def __init__(self, *, register: CertificateRegister, others: OtherHappenings) -> None:
        self._register = register
        self._others = others
        self._events = {**EVENTS, **others.events}

    def of(
        self,
        connection: Connection,
        index: int,
        entry: LogEntry,
        wanted: Collection[WebhookEvent],
    ) -> Happening | None:
        """Return what an entry tells of the events that are wanted, None for nothing."""
        event = self._events.get(entry.kind)
        if event is None or event not in wanted:
            return None
        if entry.kind not in EVENTS:
            return self._others.of(connection, f"log:{index}", entry)
        if event is WebhookEvent.APPLICATION_DECIDED:
            return _decided(connection, index, entry)
        authority, number = str(entry.facts["authority"]), str(entry.facts["serial_number"])
        return self.of_certificate(
            connection, event, f"log:{index}", entry.at, authority, int(number, 16)
        )

    def of_certificate(
        self,
        connection: Connection,
        event: WebhookEvent,
        about: str,
        at: datetime,
        authority: str,
        serial_number: int,
    ) -> Happening | None:
        """Return what happened to a certificate, None if it is nobody's."""
        found = self._register.find(serial_number, authority=authority)
        reference = found[0].reference if found else None
        data = {"authority": authority, "serial_number": f"{serial_number:x}"}
        if reference and (named := _APPLICATION.fullmatch(reference)):
            query = select(applications.c.institution, applications.c.applicant)
            row = connection.execute(query.where(applications.c.id == named[1])).one_or_none()
            if row is not None:
                data["application"] = named[1]
                return Happening(event, about, at, row.institution, row.applicant, data)
        if reference and (named := _GRANT.fullmatch(reference)):
            institution = connection.scalar(
                select(grants.c.institution).where(grants.c.id == named[1])
            )
            data["grant"] = named[1]
            return Happening(event, about, at, institution, None, data)
        return None


def _decided(connection: Connection, index: int, entry: LogEntry) -> Happening | None:
    application_id = str(entry.facts["application"])
    row = connection.execute(
        select(applications).where(applications.c.id == application_id)
    ).one_or_none()
    last = connection.scalar(
        select(decisions.c.log_index)
        .where(decisions.c.application == application_id)
        .order_by(decisions.c.log_index.desc())
        .limit(1)
    )
    # The first of two approvals decides nothing yet; only the last decision is told.
    if row is None or last != index or row.state in _OPEN:
        return None
    data = {"application": application_id, "verdict": str(entry.facts["verdict"])}
    return Happening(
        WebhookEvent.APPLICATION_DECIDED,
        f"log:{index}",
        entry.at,
        row.institution,
        row.applicant,
        data,
    )
