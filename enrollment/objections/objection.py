"""An objection, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from core.canonical_json import canonical_json


class About(StrEnum):
    """What is said to be wrong."""

    LISTED_DATA = "listed-data"
    IDENTITY_CHECK = "identity-check"
    REFUSAL = "refusal"
    SUSPENSION = "suspension"
    CERTIFICATE = "certificate"


class Outcome(StrEnum):
    """What the office says to it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class ObjectionToRaise:
    """An objection before it is raised. ``id`` names the act: raised again, it is the same one.

    ``institution`` is the one whose list is meant, empty for the newest; that of an application
    goes before it.
    """

    id: str
    person: str
    about: About
    text: str
    application: str | None = None
    document_number: str | None = None
    institution: str = ""


@dataclass(frozen=True)
class Objection:
    """An objection. ``text``, ``document_number`` and ``answer`` are personal data."""

    id: str
    person: str
    institution: str
    about: About
    application: str | None
    text: str
    document_number: str | None
    is_open: bool
    raised_at: datetime
    due_at: datetime
    overdue_at: datetime | None
    outcome: Outcome | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


def raised_octets(objection: ObjectionToRaise) -> bytes:
    """Return what the commitment in the log commits to: canonical JSON."""
    return canonical_json(
        {
            "about": str(objection.about),
            "application": objection.application,
            "document_number": objection.document_number,
            "institution": objection.institution,
            "person": objection.person,
            "text": objection.text,
        }
    )


def answer_octets(*, answered_by: str, outcome: Outcome, answer: str) -> bytes:
    """Return what an answer's commitment in the log commits to: canonical JSON."""
    return canonical_json({"answer": answer, "answered_by": answered_by, "outcome": str(outcome)})


def objection_of(row: Row[Any]) -> Objection:
    """Return the objection of a row."""
    return Objection(
        id=row.id,
        person=row.person,
        institution=row.institution,
        about=About(row.about),
        application=row.application,
        text=row.text,
        document_number=row.document_number,
        is_open=row.state == "open",
        raised_at=row.raised_at,
        due_at=row.due_at,
        overdue_at=row.overdue_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
