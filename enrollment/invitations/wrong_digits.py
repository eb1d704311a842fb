"""How many wrong digits may be typed in an hour, everywhere: counted in the database.

Five wrong tries for a slip bound what one slip loses; this bounds what all open slips together
lose to somebody who tries each of them from many addresses.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import IntegrityError

from enrollment.invitations.errors import TooManyGuesses
from enrollment.invitations.models import wrong_digits

HOUR = timedelta(hours=1)


def count_guess(connection: Connection, now: datetime, *, most: int) -> None:
    """Count a guess before it is judged. Raises TooManyGuesses.

    The hour's row stays locked until the transaction ends: guesses are judged one by one, so that
    not one more than ``most`` is.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    if _add(connection, hour, most):
        return
    _begin(connection, hour)
    if _add(connection, hour, most):
        return
    raise TooManyGuesses(
        "Too many wrong digits were typed in this hour, not only by you.",
        kept="Your slip is as it was; its square can be scanned.",
        retry_after_seconds=int((hour + HOUR - now).total_seconds()) + 1,
    )


def take_back(connection: Connection, now: datetime) -> None:
    """Take a guess back that was right."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    connection.execute(
        update(wrong_digits)
        .where(wrong_digits.c.hour == hour)
        .values(count=wrong_digits.c.count - 1)
    )


def _begin(connection: Connection, hour: datetime) -> None:
    # Another may have begun the hour between our two statements.
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(insert(wrong_digits).values(hour=hour, count=0))
        connection.execute(delete(wrong_digits).where(wrong_digits.c.hour < hour - HOUR))


def _add(connection: Connection, hour: datetime, most: int) -> bool:
    added = connection.execute(
        update(wrong_digits)
        .where(wrong_digits.c.hour == hour, wrong_digits.c.count < most)
        .values(count=wrong_digits.c.count + 1)
    )
    return bool(added.rowcount)
