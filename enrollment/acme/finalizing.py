"""From a ready order and a request to the certificate (RFC 8555, Section 7.4).

1. The order is ready, in the transaction that takes the request.
2. The request's names are the order's, its key is no account's, and the certificate is linted.
3. CAA records let us issue: looked up now, minutes before issuance (RFC 8659, Section 3).
4. The order is ``processing``, with the request, and its use of the grant is counted, in one
   transaction.
5. Issuance, which knows the order by its reference: repeated, it gives the same certificate.
6. The order is ``valid`` and the grant's use noted, in one transaction.

What stops between 4 and 6, the scheduler's job takes up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, bindparam, select, update

from ca.csr import VerifiedCsr, verify_csr
from ca.issuance import IssuedCertificate as Signed
from ca.issuance.errors import IssuanceInProgress, KeyBelongsToAnother, KeyBlocked
from ca.plan import FactValue
from ca.profiles import Profile
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Forbidden, Malformed, Unacceptable
from enrollment.acme.account import Account
from enrollment.acme.account_keys import key_sha256
from enrollment.acme.addresses import Addresses
from enrollment.acme.authorizations import BY_GRANT
from enrollment.acme.certificate_ids import parse_certificate_id
from enrollment.acme.challenges import MOST_AT_ONCE, TAKEN_FOR, Validator, problem_of
from enrollment.acme.errors import OrderCsrRefused, OrderNotReady
from enrollment.acme.issued import IssuedCertificate, IssuedCertificates
from enrollment.acme.models import orders
from enrollment.acme.order import Order, State, find_order
from enrollment.acme.replacing import check_not_replaced, lock_replacements
from enrollment.acme.requested_names import check_requested_names
from enrollment.delivery import DeliveredCertificate
from enrollment.grants.grant import Grant, GrantProtocol
from enrollment.grants.issuing import GrantedRequest, Issued, PreparedUse
from enrollment.grants.proposals import PROVEN_FACTS

# RFC 8657, Section 4: a method that is the CA's own begins so.
CA_METHOD = "ca-grant"
# Refusals for which the request is at fault; others are the grant's (Forbidden).
OF_THE_REQUEST = (Unacceptable, Malformed, KeyBelongsToAnother, KeyBlocked)
FINAL = (*OF_THE_REQUEST, Forbidden)


class Issuing(Protocol):
    """Issues within grants (:class:`enrollment.grants.issuing.GrantedIssuance`)."""

    def usable(self, connection: Connection, grant_id: str, protocol: GrantProtocol) -> Grant:
        """Return a grant for ``prepare``. Raises GrantUnknown and GrantNotActive."""

    def prepare(self, grant: Grant, request: GrantedRequest) -> PreparedUse:
        """Lint what is to be issued. Raises what issuance would refuse."""

    def count(self, connection: Connection, request: GrantedRequest) -> Grant:
        """Count a use of the grant. Raises GrantUnknown, GrantNotActive, GrantExhausted."""

    def issue_prepared(self, use: PreparedUse) -> Signed:
        """Issue what was counted, or return what was issued for the same reference."""

    def issue(self, request: GrantedRequest) -> DeliveredCertificate:
        """Do all of them, as far as they are not done."""

    def note(self, connection: Connection, request: GrantedRequest, issued: Issued) -> None:
        """Note which certificate came of a use."""


@dataclass(frozen=True)
class Wanted:
    """An order that is to be finalized; ``grant`` None where it was before."""

    account: Account
    order: Order
    csr_der: bytes
    grant: Grant | None = None
    renews: bool = False


class Finalizing:
    """Finalizes orders."""

    def __init__(
        self,
        *,
        database: Database,
        issuing: Issuing,
        issued: IssuedCertificates,
        validator: Validator,
        profiles: Mapping[str, Profile],
        addresses: Addresses,
        clock: Clock,
    ) -> None:
        self._database = database
        self._issuing = issuing
        self._issued = issued
        self._validator = validator
        self._profiles = profiles
        self._addresses = addresses
        self._clock = clock
        self._events = structlog.get_logger()

    def want(
        self, connection: Connection, account: Account, order_id: str, csr_der: bytes
    ) -> Wanted:
        """Do step 1, for :meth:`finalize`; an order is finalized once with the same request.

        Raises ResourceUnknown, OrderNotReady, GrantUnknown and GrantNotActive.
        """
        order = find_order(connection, order_id, account_id=account.id)
        if order.csr_der == csr_der and order.stored_state is not State.PENDING:
            return Wanted(account, order, csr_der)
        self._check_ready(order)
        grant = self._issuing.usable(connection, order.grant_id, GrantProtocol.ACME)
        return Wanted(account, order, csr_der, grant, self._renews(connection, order))

    def finalize(self, wanted: Wanted) -> Order:
        """Finalize a ready order, and return it as it stands then.

        Raises OrderCsrRefused, ValidationFailed (CAA), OrderNotReady, AlreadyReplaced, what the
        grant is refused for, and Unavailable.
        """
        account, order = wanted.account, wanted.order
        if wanted.grant is None:
            return order
        use = self._prepare(wanted, wanted.grant)
        self._check_caa(account, order)
        begun = self._begin(account, order, use.request)
        if begun is not None:
            issued = self._issue(begun, use.request, lambda: self._issuing.issue_prepared(use))
            if issued is not None:
                return issued
        return self._read(order.id)

    def finish_processing(self) -> int:
        """Issue for orders that were left processing; return how many were taken up."""
        now = self._clock.now()
        left = (orders.c.state == State.PROCESSING, orders.c.taken_until < now)
        with self._database.read() as connection:
            ids = connection.scalars(select(orders.c.id).where(*left).limit(MOST_AT_ONCE)).all()
        for order_id in ids:
            self._issue_again(self._read(order_id))
        return len(ids)

    def _check_ready(self, order: Order) -> None:
        state = order.state(self._clock.now())
        if state is not State.READY:
            raise OrderNotReady(f"The order is {state}.")

    def _prepare(self, wanted: Wanted, grant: Grant) -> PreparedUse:
        order = wanted.order
        try:
            csr = verify_csr(wanted.csr_der)
        except OF_THE_REQUEST as refusal:
            raise _csr_refused(refusal) from refusal
        if csr.csr_der != wanted.csr_der:  # RFC 8555, Section 7.4: DER, without PEM's lines
            raise OrderCsrRefused("Send the certification request as DER, in base64url.")
        taken = self._profiles[order.profile].facts
        named = bool(PROVEN_FACTS & set(taken))
        check_requested_names(csr, order.dns_names, certified=named)
        # RFC 8555, Section 11.1: the account's key is not the certificate's.
        if csr.public_key_sha256 == key_sha256(wanted.account.key):
            raise OrderCsrRefused("The request's key is the account's; make another.")
        try:
            return self._issuing.prepare(grant, self._request(order, csr, wanted.renews))
        except OF_THE_REQUEST as refusal:
            raise _csr_refused(refusal) from refusal

    def _check_caa(self, account: Account, order: Order) -> None:
        for one in order.authorizations:
            self._validator.check_caa(
                one.dns_name,
                method=CA_METHOD if one.method in {None, BY_GRANT} else str(one.method),
                account_uri=self._addresses.account(account.id),
                wildcard=False,
            )

    def _renews(self, connection: Connection, order: Order) -> bool:
        """Tell whether the order renews a certificate of its grant that is due for it."""
        if order.replaces is not None:
            wanted = parse_certificate_id(order.replaces)
            replaced: IssuedCertificate | None = self._issued.by_id(connection, wanted)
        else:
            replaced = self._issued.latest_for(connection, order.grant_id, order.dns_names)
        if replaced is None or replaced.held.revoked_at is not None:
            return False
        return replaced.renewal_window[0] <= self._clock.now()

    def _begin(self, account: Account, seen: Order, request: GrantedRequest) -> Order | None:
        csr_der = request.csr.csr_der
        with self._database.begin() as connection:
            if seen.replaces is not None:
                lock_replacements(connection, seen.replaces)
            order = find_order(connection, seen.id, account_id=account.id, locked=True)
            if order.csr_der == csr_der:
                return None  # the same request a moment earlier, in another process
            self._check_ready(order)
            if order.replaces is not None:
                # Two orders may have been taken for one certificate; the second is not uncounted.
                check_not_replaced(connection, order.replaces)
            self._issuing.count(connection, request)
            until = self._clock.now() + TAKEN_FOR
            begun: dict[str, Any] = {
                "csr_der": csr_der,
                "renews": request.renews,
                "taken_until": until,
            }
            connection.execute(
                _BEGIN, {"of_order": order.id, **{f"new_{k}": v for k, v in begun.items()}}
            )
        return replace(order, stored_state=State.PROCESSING, **begun)

    def _issue_again(self, order: Order) -> None:
        request = self._request(order, verify_csr(order.csr_der or b""), order.renews)
        self._issue(order, request, lambda: self._issuing.issue(request))

    def _issue(
        self, order: Order, request: GrantedRequest, issue: Callable[[], Issued]
    ) -> Order | None:
        """Issue and note what came of it; return the valid order, None where it is none."""
        try:
            issued = issue()
        except IssuanceInProgress:
            pass  # by another process, which notes it
        except FINAL as refusal:
            self._note(order.id, state=State.INVALID, error=problem_of(refusal))
        except CamtrustError as error:
            self._events.warning("not-issued-yet", problem=error.problem)
            # The scheduler's job goes on with it, at once.
            self._note(order.id, taken_until=self._clock.now())
        else:
            return self._note_issued(order, request, issued)
        return None

    def _note_issued(self, order: Order, request: GrantedRequest, issued: Issued) -> Order | None:
        named: dict[str, Any] = {
            "authority": issued.authority,
            "serial_number": issued.serial_number,
        }
        asked = {"of_order": order.id, **{f"new_{name}": one for name, one in named.items()}}
        with self._database.begin() as connection:
            self._issuing.note(connection, request, issued)
            done = connection.execute(_END, asked).rowcount == 1
        return replace(order, stored_state=State.VALID, **named) if done else None

    def _note(self, order_id: str, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(orders)
                .where(orders.c.id == order_id, orders.c.state == State.PROCESSING)
                .values(**values)
            )

    def _read(self, order_id: str) -> Order:
        with self._database.read() as connection:
            return find_order(connection, order_id)

    def _request(self, order: Order, csr: VerifiedCsr, renews: bool) -> GrantedRequest:
        proven: dict[str, FactValue] = {
            "dns_names": order.dns_names,
            "server_name": order.dns_names[0],
        }
        taken = self._profiles[order.profile].facts
        return GrantedRequest(
            grant_id=order.grant_id,
            protocol=GrantProtocol.ACME,
            csr=csr,
            facts={name: value for name, value in proven.items() if name in taken},
            reference=f"acme:{order.id}",
            not_after=order.not_after,
            renews=renews,
            proven_dns_names=order.dns_names,
        )


# Statements of every order: built once.
_BEGIN = (
    update(orders)
    .where(orders.c.id == bindparam("of_order"))
    .values(
        state=State.PROCESSING,
        csr_der=bindparam("new_csr_der"),
        renews=bindparam("new_renews"),
        taken_until=bindparam("new_taken_until"),
    )
)
_END = (
    update(orders)
    .where(orders.c.id == bindparam("of_order"), orders.c.state == State.PROCESSING)
    .values(
        state=State.VALID,
        authority=bindparam("new_authority"),
        serial_number=bindparam("new_serial_number"),
    )
)


def _csr_refused(refusal: CamtrustError) -> OrderCsrRefused:
    return OrderCsrRefused(refusal.detail, refusal=refusal.problem)
