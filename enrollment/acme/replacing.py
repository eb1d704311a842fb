"""That a certificate is replaced by one order (RFC 9773, Section 5)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from enrollment.acme.errors import AlreadyReplaced
from enrollment.acme.models import orders
from enrollment.acme.order import State


def lock_replacements(connection: Connection, replaces: str) -> None:
    """Hold all orders that would replace a certificate, until the transaction ends.

    Always in the same order, and before any of them is locked by itself.
    """
    query = select(orders.c.id).where(orders.c.replaces == replaces).order_by(orders.c.id)
    connection.execute(query.with_for_update()).all()


def check_not_replaced(connection: Connection, replaces: str) -> None:
    """Check that no finalized order has replaced a certificate. Raises AlreadyReplaced."""
    query = select(orders.c.id).where(
        orders.c.replaces == replaces, orders.c.state.in_([State.PROCESSING, State.VALID])
    )
    if connection.execute(query.limit(1)).first() is not None:
        raise AlreadyReplaced("Another order has replaced this certificate.")
