"""Authorizations that end before they were used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from signing.credentials.models import signature_activations


def end_activations(connection: Connection, credential_id: str) -> None:
    """End every open authorization of a key: it is suspended, locked, destroyed, or re-sealed."""
    connection.execute(
        update(signature_activations)
        .where(
            signature_activations.c.credential == credential_id,
            signature_activations.c.sealed_key.is_not(None),
        )
        .values(sealed_key=None)
    )


def forget_expired(connection: Connection, now: datetime) -> int:
    """Erase the keys in authorizations whose time is over; return how many."""
    return connection.execute(
        update(signature_activations)
        .where(
            signature_activations.c.sealed_key.is_not(None),
            signature_activations.c.expires_at <= now,
        )
        .values(sealed_key=None)
    ).rowcount
