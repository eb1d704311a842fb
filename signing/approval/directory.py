"""The port to people and where they serve; ``camtrust/`` connects it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from signing.documents.stamps.content import Words


@dataclass(frozen=True)
class Colleague:
    """Somebody as an institution's list has them. All but the id is personal data.

    ``is_serving``: the list still names them, and they may sign in.
    """

    person: str
    name: Words
    title: Words
    staff_number: str | None
    is_serving: bool


class Directory(Protocol):
    """Knows people."""

    def find(self, institution: str, staff_number: str) -> str | None:
        """Return the person whom an institution lists under a number, None for nobody."""

    def colleague(self, person: str, institution: str) -> Colleague | None:
        """Return somebody whom an institution lists, or once did; None for anybody else."""

    def institutions_of(self, person: str) -> tuple[str, ...]:
        """Return the institutions that list a person now, if that person may sign in."""

    def institution_name(self, institution: str) -> Words:
        """Return what an institution is called."""

    def address(self, connection: Connection, person: str, institution: str) -> str | None:
        """Return the official mail address of somebody whom an institution lists now, or None."""
