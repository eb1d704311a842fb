"""Passes that were issued, as they stand in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from signing.passes.issuing.models import pass_codes, passes
from signing.passes.issuing.pass_types import CodeKind


@dataclass(frozen=True)
class IssuedPass:
    """A pass; ``codes`` are the texts by kind, none once they were erased."""

    id: str
    type: str
    institution: str
    reference: str | None
    certificate_id: str
    number: str
    issued_at: datetime
    expires_at: datetime
    status_list: int
    status_index: int
    revoked_at: datetime | None
    reason: str | None
    codes: dict[CodeKind, str]


def find_pass(connection: Connection, pass_id: str) -> IssuedPass | None:
    """Return a pass, None for none."""
    return _one(connection, passes.c.id == pass_id)


def find_reference(
    connection: Connection, institution: str, type_name: str, references: Sequence[str]
) -> str | None:
    """Return one of the references that has a pass of that type, None if none has."""
    found: str | None = connection.scalar(
        select(passes.c.reference)
        .where(
            passes.c.institution == institution,
            passes.c.type == type_name,
            passes.c.reference.in_(references),
        )
        .limit(1)
    )
    return found


def _one(connection: Connection, which: ColumnElement[bool]) -> IssuedPass | None:
    row = connection.execute(select(passes).where(which)).one_or_none()
    return None if row is None else _pass_of(connection, row)


def _pass_of(connection: Connection, row: Row[Any]) -> IssuedPass:
    codes = connection.execute(
        select(pass_codes.c.kind, pass_codes.c.text).where(pass_codes.c.pass_id == row.id)
    )
    return IssuedPass(
        id=row.id,
        type=row.type,
        institution=row.institution,
        reference=row.reference,
        certificate_id=row.certificate_id,
        number=row.number,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        status_list=row.status_list,
        status_index=row.status_index,
        revoked_at=row.revoked_at,
        reason=row.reason,
        codes={CodeKind(one.kind): one.text for one in codes},
    )
