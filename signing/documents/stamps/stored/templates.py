"""Store, replace, find and end stamp templates; each change is logged.

A version is never changed. What is ordered by name is put together with the newest version when it
is ordered: a batch goes on with the version that it began with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.canonical_json import canonical_json
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.documents.stamped import answering
from signing.documents.stamps.order import StampLook, StampOrder, StampWishes
from signing.documents.stamps.stored.errors import (
    StampTemplateTaken,
    StampTemplateUnknown,
    TooManyStampTemplates,
)
from signing.documents.stamps.stored.models import stamp_templates

# Names of one institution that have a template.
MOST_TEMPLATES = 100
_SAME_MOMENT = "Another template was stored under this name at the same moment. Look at it first."


@dataclass(frozen=True)
class StoredTemplate:
    """A version of a template; ``look`` is where its stamps lie and what they look like."""

    name: str
    version: int
    look: StampLook
    stored_at: datetime


class StampTemplates:
    """Keeps the templates of institutions; each sees its own."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def create(
        self, institution: str, name: str, look: StampLook, *, by: Principal, act_id: str
    ) -> StoredTemplate:
        """Store a template under a name that has none. The same act again changes nothing.

        Raises StampTemplateTaken, TooManyStampTemplates, SealRefused and Unavailable.
        """
        look.seal()
        try:
            with self._database.begin() as connection:
                _lock(connection, institution, name)
                newest = _newest(connection, institution, name)
                if newest is not None and newest.act_id == act_id:
                    return _template_of(newest)
                if newest is not None and newest.ended_at is None:
                    raise StampTemplateTaken(
                        f"There is a template {name}, version {newest.version}: replace it.",
                        kept="It stands as it was.",
                    )
                _check_room(connection, institution)
                version = 1 if newest is None else newest.version + 1
                return self._store(connection, institution, name, version, look, by, act_id)
        except IntegrityError as error:
            raise StampTemplateTaken(_SAME_MOMENT, kept="The other one stands.") from error

    def replace(
        self, institution: str, name: str, look: StampLook, *, by: Principal, act_id: str
    ) -> StoredTemplate:
        """Store a new version; the same look again changes nothing.

        Raises StampTemplateUnknown, StampTemplateTaken, SealRefused and Unavailable.
        """
        look.seal()
        try:
            with self._database.begin() as connection:
                _lock(connection, institution, name)
                newest = _active(connection, institution, name)
                if _template_of(newest).look == look:
                    return _template_of(newest)
                version = newest.version + 1
                return self._store(connection, institution, name, version, look, by, act_id)
        except IntegrityError as error:
            raise StampTemplateTaken(_SAME_MOMENT, kept="The other one stands.") from error

    def end(self, institution: str, name: str) -> StoredTemplate:
        """Let a name have no template any more; batches that began go on.

        Raises StampTemplateUnknown and Unavailable.
        """
        with self._database.begin() as connection:
            _lock(connection, institution, name)
            newest, now = _active(connection, institution, name), self._clock.now()
            facts: dict[str, JsonValue] = {
                "institution": institution,
                "template": commitment(newest.salt, name.encode()),
                "version": newest.version,
            }
            self._log.append(connection, [LogEntry("stamp-template-ended", now, facts)])
            connection.execute(
                update(stamp_templates)
                .where(_is(institution, name), stamp_templates.c.version == newest.version)
                .values(ended_at=now)
            )
            return _template_of(newest)

    def find(self, institution: str, name: str) -> StoredTemplate:
        """Return the newest version. Raises StampTemplateUnknown."""
        with self._database.read() as connection:
            return _template_of(_active(connection, institution, name))

    def ordered(self, wishes: StampWishes, institution: str | None) -> StampOrder:
        """Return the whole order of a stamp, a template by its newest version.

        Raises StampNeedsInstitution and StampTemplateUnknown.
        """
        if wishes.template is None:
            return wishes.order(None)
        return wishes.order(self.find(answering(institution), wishes.template).look)

    def all_of(self, institution: str) -> Sequence[StoredTemplate]:
        """Return the newest versions by name, without those that ended."""
        with self._database.read() as connection:
            rows = connection.execute(_newest_of(institution)).all()
        return [_template_of(row) for row in rows]

    def _store(
        self,
        connection: Connection,
        institution: str,
        name: str,
        version: int,
        look: StampLook,
        by: Principal,
        act_id: str,
    ) -> StoredTemplate:
        salt, now, written = new_salt(), self._clock.now(), look.model_dump_json()
        committed = canonical_json({"look": written, "name": name, "stored_by": by.id})
        facts: dict[str, JsonValue] = {
            "institution": institution,
            "template": commitment(salt, committed),
            "version": version,
        }
        [index] = self._log.append(connection, [LogEntry("stamp-template-stored", now, facts)])
        values = {
            "institution": institution,
            "name": name,
            "version": version,
            "act_id": act_id,
            "look": written,
            "stored_by": by.id,
            "stored_at": now,
            "salt": salt,
            "log_index": index,
        }
        connection.execute(insert(stamp_templates).values(values))
        return StoredTemplate(name, version, look, now)


def _lock(connection: Connection, institution: str, name: str) -> None:
    """Let no other change this name meanwhile; look for its newest version after this.

    The first version stands for all: a lock of the newest would let whoever waited for it go on
    with a version that is the newest no more. A name without one is new: its key tells of two.
    """
    query = select(stamp_templates.c.version).where(
        _is(institution, name), stamp_templates.c.version == 1
    )
    connection.execute(query.with_for_update())


def _active(connection: Connection, institution: str, name: str) -> Row[Any]:
    newest = _newest(connection, institution, name)
    if newest is None or newest.ended_at is not None:
        raise StampTemplateUnknown(f"Your institution has no stamp template of the name {name}.")
    return newest


def _newest(connection: Connection, institution: str, name: str) -> Row[Any] | None:
    return connection.execute(
        select(stamp_templates)
        .where(_is(institution, name))
        .order_by(stamp_templates.c.version.desc())
        .limit(1)
    ).one_or_none()


def _newest_of(institution: str) -> Select[Any]:
    table = stamp_templates
    newest = (
        select(table.c.name, func.max(table.c.version).label("version"))
        .where(table.c.institution == institution)
        .group_by(table.c.name)
        .subquery()
    )
    same = and_(table.c.name == newest.c.name, table.c.version == newest.c.version)
    return (
        select(table)
        .join(newest, same)
        .where(table.c.institution == institution, table.c.ended_at.is_(None))
        .order_by(table.c.name)
    )


def _check_room(connection: Connection, institution: str) -> None:
    count = connection.scalar(
        select(func.count()).select_from(_newest_of(institution).order_by(None).subquery())
    )
    if (count or 0) >= MOST_TEMPLATES:
        raise TooManyStampTemplates(
            f"An institution has at most {MOST_TEMPLATES} stamp templates; end one first.",
            limit=MOST_TEMPLATES,
        )


def _is(institution: str, name: str) -> Any:
    return and_(stamp_templates.c.institution == institution, stamp_templates.c.name == name)


def _template_of(row: Row[Any]) -> StoredTemplate:
    look = StampLook.model_validate_json(row.look)
    return StoredTemplate(row.name, row.version, look, row.stored_at)
