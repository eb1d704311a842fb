"""Transactions, and what may happen in which order (RFC 9483, Sections 4.1 and 4.4).

    begun → unconfirmed → confirmed             a certificate, and its certConf
    begun → waiting → unconfirmed               a part was away: the client polls
    unconfirmed → unwanted → closed             rejected, or not confirmed in time: revoked
    begun → closed                              refused, or a revocation

Each step says from which state it goes, so that of two at once one succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from enrollment.cmp.errors import (
    CmpConfirmedBefore,
    CmpNotConfirmed,
    CmpProtectionChanged,
    CmpRecipientNonceWrong,
    CmpTransactionInUse,
    CmpTransactionUnknown,
)
from enrollment.cmp.message import Body
from enrollment.cmp.models import transactions
from enrollment.cmp.settings import CmpSettings

# As many as one run of the job takes.
MOST_AT_ONCE = 100
# As long as a SHA-256 that nobody finds twice needs to be, within a reference.
_DIGEST_DIGITS = 48
# Beyond the bound on messageTime, in which a replay is refused by its age.
_REMEMBERED = timedelta(days=1)


class State(StrEnum):
    """Where a transaction stands."""

    BEGUN = "begun"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    UNWANTED = "unwanted"
    CLOSED = "closed"


OPEN = (State.BEGUN, State.WAITING, State.UNCONFIRMED)


@dataclass(frozen=True)
class Transaction:
    """A transaction as it stands. ``reference`` names its use of the grant."""

    client: str
    transaction_id: bytes
    grant_id: str
    body: Body
    state: State
    reference: str
    cert_req_id: int
    request_der: bytes | None
    answer_nonce: bytes | None


@dataclass(frozen=True)
class Opening:
    """What a transaction begins with; ``message_time`` None where the message has none."""

    client: str
    transaction_id: bytes
    grant_id: str
    body: Body
    cert_req_id: int
    request_der: bytes | None
    message_time: datetime | None


class Transactions:
    """Keeps transactions; every method is one step."""

    def __init__(self, *, database: Database, settings: CmpSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def begin(self, opening: Opening) -> Transaction:
        """Begin one. Raises CmpTransactionInUse: a replay, or a client that counts badly."""
        now = self._clock.now()
        values = {
            "client": opening.client,
            "transaction_id": opening.transaction_id,
            "grant_id": opening.grant_id,
            "body": opening.body.word,
            "state": State.BEGUN,
            "reference": _reference(opening),
            "cert_req_id": opening.cert_req_id,
            "request_der": opening.request_der,
            "began_at": now,
            "act_before": now + self._settings.confirm_within,
            "forget_after": None
            if opening.message_time is None
            else now + 2 * self._settings.clock_difference + _REMEMBERED,
        }
        try:
            with self._database.begin() as connection:
                row = connection.execute(
                    insert(transactions).values(**values).returning(transactions)
                ).one()
        except IntegrityError as error:
            raise CmpTransactionInUse("Begin a new transaction, with an id of its own.") from error
        return _transaction(row)

    def find(
        self,
        client: str,
        transaction_id: bytes,
        *,
        grant_id: str,
        state: State,
        recip_nonce: bytes | None,
    ) -> Transaction:
        """Return the transaction that a later message belongs to.

        Raises CmpTransactionUnknown, CmpProtectionChanged, CmpConfirmedBefore, CmpNotConfirmed
        where it stands elsewhere, and CmpRecipientNonceWrong.
        """
        query = select(transactions).where(
            transactions.c.transaction_id == transaction_id, transactions.c.grant_id == grant_id
        )
        with self._database.read() as connection:
            found = [_transaction(row) for row in connection.execute(query)]
        own = next((one for one in found if one.client == client), None)
        if own is None:
            if found:
                raise CmpProtectionChanged("Protect all messages of a transaction alike.")
            raise CmpTransactionUnknown("You began no such transaction here.")
        if own.state is not state:
            raise _misplaced(own)
        if own.answer_nonce is None or recip_nonce != own.answer_nonce:
            raise CmpRecipientNonceWrong("Set recipNonce to the senderNonce of our last answer.")
        return own

    def clients_of(self, transaction_id: bytes) -> Sequence[str]:
        """Return the names of the clients that began transactions of this id."""
        query = select(transactions.c.client).where(transactions.c.transaction_id == transaction_id)
        with self._database.read() as connection:
            return list(connection.execute(query.limit(MOST_AT_ONCE)).scalars())

    def delay(self, transaction: Transaction, *, nonce: bytes) -> None:
        """Note that the client was told to wait, or to wait on. Raises CmpTransactionUnknown."""
        values: dict[str, object] = {"state": State.WAITING, "answer_nonce": nonce}
        if transaction.state is State.BEGUN:
            values["act_before"] = self._clock.now() + self._settings.poll_within
        self._step(transaction, values)

    def deliver(self, transaction: Transaction, *, nonce: bytes, confirmed: bool) -> None:
        """Note that the certificate goes out now, before it does.

        If the transaction was given up meanwhile, the certificate is unwanted. Raises
        CmpTransactionUnknown then.
        """
        values = {
            "state": State.CONFIRMED if confirmed else State.UNCONFIRMED,
            "answer_nonce": nonce,
            "request_der": None,
            "act_before": None if confirmed else self.confirm_before(),
        }
        try:
            self._step(transaction, values)
        except CmpTransactionUnknown:
            self._step(transaction, {"state": State.UNWANTED}, state=State.CLOSED)
            raise

    def confirm_before(self) -> datetime:
        """Return until when a certificate that goes out now has to be confirmed."""
        return self._clock.now() + self._settings.confirm_within

    def confirm(self, transaction: Transaction) -> None:
        """Note that the client took its certificate. Raises CmpNotConfirmed: it is too late."""
        values = {"state": State.CONFIRMED, "act_before": None}
        try:
            self._step(transaction, values, in_time=True)
        except CmpTransactionUnknown as error:
            raise CmpNotConfirmed("The time to confirm is over; ask for a new one.") from error

    def reject(self, transaction: Transaction) -> None:
        """Note that the client does not want its certificate. Raises CmpTransactionUnknown."""
        self._step(transaction, {"state": State.UNWANTED, "act_before": None})

    def close(self, transaction: Transaction) -> None:
        """Note that nothing comes of it, or that all is done. Raises CmpTransactionUnknown."""
        values = {"state": State.CLOSED, "act_before": None, "request_der": None}
        self._step(transaction, values)

    def give_up_late(self) -> None:
        """Turn what was not settled in time into what is unwanted."""
        late = and_(transactions.c.state.in_(OPEN), transactions.c.act_before <= self._clock.now())
        values = {"state": State.UNWANTED, "act_before": None, "request_der": None}
        # Asked often, and seldom so: most times nothing is written.
        with self._database.read() as connection:
            found = connection.execute(select(transactions.c.client).where(late).limit(1))
            if found.first() is None:
                return
        with self._database.begin() as connection:
            connection.execute(update(transactions).where(late).values(**values))

    def unwanted(self) -> Sequence[Transaction]:
        """Return transactions whose certificate, if there is one, is to be revoked."""
        query = select(transactions).where(transactions.c.state == State.UNWANTED)
        with self._database.read() as connection:
            return [_transaction(row) for row in connection.execute(query.limit(MOST_AT_ONCE))]

    def forget_old(self) -> None:
        """Forget what is settled and would be refused for its age if it came again."""
        settled = transactions.c.state.in_((State.CONFIRMED, State.CLOSED))
        old = and_(settled, transactions.c.forget_after <= self._clock.now())
        with self._database.begin() as connection:
            connection.execute(delete(transactions).where(old))

    def _step(
        self,
        transaction: Transaction,
        values: Mapping[str, object],
        *,
        state: State | None = None,
        in_time: bool = False,
    ) -> None:
        here = and_(
            transactions.c.client == transaction.client,
            transactions.c.transaction_id == transaction.transaction_id,
            transactions.c.state == (state or transaction.state),
        )
        if in_time:
            here = and_(here, transactions.c.act_before > self._clock.now())
        with self._database.begin() as connection:
            if not connection.execute(update(transactions).where(here).values(**values)).rowcount:
                raise CmpTransactionUnknown("This transaction is over; begin a new one.")


def _reference(opening: Opening) -> str:
    named = f"{opening.client}:{opening.transaction_id.hex()}"
    return f"cmp:{sha256(named.encode()).hexdigest()[:_DIGEST_DIGITS]}"


def _misplaced(own: Transaction) -> Exception:
    if own.state is State.CONFIRMED:
        return CmpConfirmedBefore("Nothing is left to confirm or to wait for.")
    if own.state in (State.UNWANTED, State.CLOSED):
        return CmpNotConfirmed("This transaction is over; begin a new one.")
    return CmpTransactionUnknown("This transaction waits for another message.")


def _transaction(row: Row[tuple[object, ...]]) -> Transaction:
    return Transaction(
        client=row.client,
        transaction_id=row.transaction_id,
        grant_id=row.grant_id,
        body=Body[row.body.upper()],
        state=State(row.state),
        reference=row.reference,
        cert_req_id=row.cert_req_id,
        request_der=row.request_der,
        answer_nonce=row.answer_nonce,
    )
