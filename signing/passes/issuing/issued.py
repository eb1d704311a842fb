"""Passes that were issued, as they stand in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

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
    return find_passes(connection, [pass_id]).get(pass_id)


def references_taken(
    connection: Connection, institution: str, type_name: str, references: Sequence[str]
) -> list[str]:
    """Return those of the references that have a pass of that type."""
    found = connection.scalars(
        select(passes.c.reference).where(
            passes.c.institution == institution,
            passes.c.type == type_name,
            passes.c.reference.in_(references),
        )
    )
    return [one for one in found if one is not None]


def find_passes(connection: Connection, pass_ids: Sequence[str]) -> dict[str, IssuedPass]:
    """Return passes by their ids."""
    codes: dict[str, dict[CodeKind, str]] = {one: {} for one in pass_ids}
    for code in connection.execute(select(pass_codes).where(pass_codes.c.pass_id.in_(pass_ids))):
        codes[code.pass_id][CodeKind(code.kind)] = code.text
    rows = connection.execute(select(passes).where(passes.c.id.in_(pass_ids)))
    return {row.id: _pass_of(row, codes[row.id]) for row in rows}


def _pass_of(row: Row[Any], codes: dict[CodeKind, str]) -> IssuedPass:
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
        codes=codes,
    )
