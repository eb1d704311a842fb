"""Certificates whose end comes near, each looked at once: for those who remind their holders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, select

from ca.models import certificates, revocations
from core.database import Database


@dataclass(frozen=True)
class EndingCertificate:
    """A certificate that is not revoked and that no later one replaces."""

    number: int
    authority: str
    serial_number: int
    profile: str
    holder: str
    not_before: datetime
    not_after: datetime


class EndingCertificates:
    """Reads certificates in the order of their ends."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(
        self, *, after: datetime, number: int, until: datetime, holders: str, limit: int
    ) -> Sequence[EndingCertificate]:
        """Return up to ``limit`` that end after the certificate (``after``, ``number``).

        They end at ``until`` at the latest, and their holder's natural key begins with
        ``holders``. Revoked ones are left out, and those whose holder has another of the same
        profile that ends later; what is only suspended is not.
        """
        one, later = certificates, certificates.alias("later")
        query = (
            select(
                one.c.id,
                one.c.authority,
                one.c.serial_number,
                one.c.profile,
                one.c.holder,
                one.c.not_before,
                one.c.not_after,
            )
            .where(
                one.c.state == "issued",
                one.c.holder.startswith(holders, autoescape=True),
                one.c.not_after <= until,
                or_(one.c.not_after > after, and_(one.c.not_after == after, one.c.id > number)),
                ~_revoked(one),
                ~exists().where(
                    later.c.holder == one.c.holder,
                    later.c.profile == one.c.profile,
                    later.c.state == "issued",
                    later.c.not_after > one.c.not_after,
                    ~_revoked(later),
                ),
            )
            .order_by(one.c.not_after, one.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [EndingCertificate(*row) for row in connection.execute(query)]


def _revoked(one: FromClause) -> ColumnElement[bool]:
    return exists().where(
        revocations.c.authority == one.c.authority,
        revocations.c.serial_number == one.c.serial_number,
        revocations.c.state == "revoked",
    )
