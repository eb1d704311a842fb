"""Signed passes as rows, and what the log commits to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from core.access import Principal
from signing.passes.issuing.coding import Terms
from signing.passes.issuing.contents.source import PassSource
from signing.passes.issuing.errors import UNISSUED, ReferenceTaken
from signing.passes.issuing.issued import references_taken
from signing.passes.issuing.models import pass_codes, passes
from signing.passes.issuing.pass_types import CodeKind, PassType


@dataclass(frozen=True)
class SignedPass:
    """A pass whose codes are signed; ``codes`` are kind, text and the key that signed."""

    id: str
    type: PassType
    reference: str | None
    source: PassSource
    terms: Terms
    codes: Sequence[tuple[CodeKind, str, bytes]]


def digest_of(signed: Sequence[SignedPass]) -> bytes:
    """Return the SHA-256 that the log commits to: over each pass's id and its codes' SHA-256."""
    whole = hashlib.sha256()
    for one in signed:
        whole.update(one.id.encode())
        for _, text, _ in one.codes:
            whole.update(hashlib.sha256(text.encode()).digest())
    return whole.digest()


def record_passes(
    connection: Connection,
    signed: Sequence[SignedPass],
    *,
    by: Principal,
    salt: bytes,
    log_index: int,
) -> None:
    """Store passes and their codes. Raises ReferenceTaken; IntegrityError in a race for one."""
    _check_references(connection, signed, by)
    connection.execute(insert(passes), [_row(one, by, salt, log_index) for one in signed])
    connection.execute(insert(pass_codes), [row for one in signed for row in _codes(one)])


def _check_references(connection: Connection, signed: Sequence[SignedPass], by: Principal) -> None:
    by_type: dict[str, list[str]] = {}
    for one in signed:
        if one.reference is not None:
            by_type.setdefault(one.type.name, []).append(one.reference)
    for type_name, references in by_type.items():
        taken = references_taken(connection, by.institution or "", type_name, references)
        if taken:
            raise ReferenceTaken(
                f"There is a pass of the type {type_name} under the reference {taken[0]}: ask for "
                "that one.",
                kept=UNISSUED,
                reference=taken[0],
            )


def _row(one: SignedPass, by: Principal, salt: bytes, log_index: int) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "type": one.type.name,
        "institution": by.institution,
        "issued_by": by.id,
        "reference": one.reference,
        "certificate_id": one.source.certificate_id,
        "number": one.source.number,
        "issued_at": one.terms.issued_at,
        "expires_at": one.terms.expires_at,
        "status_list": one.terms.status.list_number,
        "status_index": one.terms.status.index,
        "salt": salt,
        "log_index": log_index,
    }


def _codes(one: SignedPass) -> Iterator[Mapping[str, Any]]:
    for kind, text, key_id in one.codes:
        yield {"pass_id": one.id, "kind": kind.value, "text": text, "key_id": key_id}
