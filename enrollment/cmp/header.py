"""Check a header (RFC 9483, Section 3.1) once it is known that nobody changed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ca.der import read_element
from enrollment.cmp.errors import (
    CmpMalformed,
    CmpRecipientWrong,
    CmpSenderNonceRefused,
    CmpTimeRefused,
    CmpVersionRefused,
)
from enrollment.cmp.message import Header
from enrollment.cmp.names import NULL_NAME, comparable, name_in

VERSIONS = (2, 3)
# RFC 9483, Section 3.1: 128 bits that nobody guesses.
LEAST_RANDOM_OCTETS = 16


def check_version(header: Header) -> None:
    """Raises CmpVersionRefused."""
    if header.pvno not in VERSIONS:
        raise CmpVersionRefused("Set pvno to 2 (cmp2000) or 3 (cmp2021).")


def check_header(
    header: Header, *, now: datetime, clock_difference: timedelta, own_names: Iterable[bytes]
) -> tuple[bytes, bytes]:
    """Check time, recipient, transactionID and nonce; return the last two.

    ``own_names``: the DER of the Names under which we are addressed. Raises CmpTimeRefused,
    CmpRecipientWrong, CmpMalformed or CmpSenderNonceRefused.
    """
    _check_time(header.message_time, now, clock_difference)
    _check_recipient(header.recipient, own_names)
    if header.transaction_id is None or len(header.transaction_id) < LEAST_RANDOM_OCTETS:
        raise CmpMalformed("Name the transaction by 128 random bits.")
    if header.sender_nonce is None or len(header.sender_nonce) < LEAST_RANDOM_OCTETS:
        raise CmpSenderNonceRefused("Send a fresh senderNonce of 128 random bits.")
    return header.transaction_id, header.sender_nonce


def _check_time(message_time: datetime | None, now: datetime, clock_difference: timedelta) -> None:
    # RFC 9810, Section 5.1.1: optional; transactionID and nonces hold off replays without it.
    if message_time is not None and abs(now - message_time) > clock_difference:
        raise CmpTimeRefused(
            f"Our clock says {now:%Y-%m-%d %H:%M:%S} UTC. Set yours, and send a new message."
        )


def _check_recipient(recipient: bytes, own_names: Iterable[bytes]) -> None:
    if recipient == NULL_NAME:
        return
    name = name_in(read_element(recipient))
    if name is None or comparable(name) not in {comparable(one) for one in own_names}:
        raise CmpRecipientWrong(
            "Address the authority that is to issue, by its subject, or nobody (NULL-DN)."
        )
