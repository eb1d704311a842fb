"""What a finished step changes among the authorities, within the step's own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from sqlalchemy import Connection, exists, func, select, update

from ca.ceremony.stage import Admitted, Change, Held, StateSet, der
from ca.hierarchy import AuthorityDefinition
from ca.models import authorities, authority_certificates, certificates, revocations


def apply(connection: Connection, changes: Iterable[Change], now: datetime) -> None:
    """Store changes in their order."""
    for change in changes:
        match change:
            case Admitted():
                _admit(connection, change, now)
            case Held():
                _hold(connection, change.authority, change.certificate, change.kind, now)
            case StateSet():
                connection.execute(
                    update(authorities)
                    .where(authorities.c.name == change.authority)
                    .values(state=change.state)
                )


def authority_row(definition: AuthorityDefinition, key_id: bytes, now: datetime) -> dict[str, Any]:
    """Return the row of a new authority."""
    return {
        "name": definition.name,
        "role": definition.role,
        "parent": definition.parent,
        "subject_der": definition.subject.name().public_bytes(),
        "key_id": key_id,
        "state": "active",
        "crl_shards": definition.crl_shards,
        "created_at": now,
    }


def living_certificates(connection: Connection, authority: str, now: datetime) -> int:
    """Return how many certificates are reserved or issued, not expired and not revoked.

    The authority's own self-signed certificate does not count: it ends with the authority.
    """
    ended = exists().where(
        revocations.c.authority == certificates.c.authority,
        revocations.c.serial_number == certificates.c.serial_number,
        revocations.c.state == "revoked",
    )
    count = connection.execute(
        select(func.count())
        .select_from(certificates)
        .where(
            certificates.c.authority == authority,
            certificates.c.state.in_(["reserved", "issued"]),
            certificates.c.holder != f"authority:{authority}",
            certificates.c.not_after > now,
            ~ended,
        )
    ).scalar_one()
    return int(count)


def _admit(connection: Connection, change: Admitted, now: datetime) -> None:
    name = change.definition.name
    known = connection.execute(select(authorities.c.name).where(authorities.c.name == name)).first()
    if known is None:
        connection.execute(
            authorities.insert().values(**authority_row(change.definition, change.key_id, now))
        )
    kind = "root" if change.definition.is_anchor else "issued"
    _hold(connection, name, change.certificate, kind, now)


def _hold(
    connection: Connection, authority: str, certificate: x509.Certificate, kind: str, now: datetime
) -> None:
    connection.execute(
        authority_certificates.insert().values(
            sha256=sha256(der(certificate)).digest(),
            authority=authority,
            kind=kind,
            not_after=certificate.not_valid_after_utc,
            certificate_der=der(certificate),
            added_at=now,
        )
    )
