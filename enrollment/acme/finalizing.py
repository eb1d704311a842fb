"""From a ready order and a request to the certificate (RFC 8555, Section 7.4).

1. The request's names are the order's, its key is no account's, and issuance would take it.
2. CAA records let us issue: looked up now, minutes before issuance (RFC 8659, Section 3).
3. The order is ``processing``, with the request, in one transaction.
4. Issuance, which knows the order by its reference: repeated, it gives the same certificate.
5. The order is ``valid``.

What stops between 3 and 5, the scheduler's job takes up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import structlog
from sqlalchemy import select, update

from ca.csr import VerifiedCsr, verify_csr
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
from enrollment.acme.issued import IssuedCertificates
from enrollment.acme.models import orders
from enrollment.acme.order import Order, State, find_order
from enrollment.acme.replacing import check_not_replaced, lock_replacements
from enrollment.acme.requested_names import check_requested_names
from enrollment.delivery import DeliveredCertificate
from enrollment.grants.grant import GrantProtocol
from enrollment.grants.issuing import GrantedRequest
from enrollment.grants.proposals import PROVEN_FACTS

# RFC 8657, Section 4: a method that is the CA's own begins so.
CA_METHOD = "ca-grant"
# Refusals for which the request is at fault; others are the grant's (Forbidden).
OF_THE_REQUEST = (Unacceptable, Malformed, KeyBelongsToAnother, KeyBlocked)
FINAL = (*OF_THE_REQUEST, Forbidden)


class Issuing(Protocol):
    """Issues within grants."""

    def check(self, request: GrantedRequest) -> None:
        """Raise what ``issue`` would refuse."""

    def issue(self, request: GrantedRequest) -> DeliveredCertificate:
        """Issue, or return what was issued for the same reference."""


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

    def finalize(self, account: Account, order_id: str, csr_der: bytes) -> Order:
        """Finalize a ready order; the same request again returns the order as it stands.

        Raises ResourceUnknown, OrderNotReady, OrderCsrRefused, ValidationFailed (CAA),
        AlreadyReplaced, what the grant is refused for, and Unavailable.
        """
        order = self._read(order_id, account)
        if order.csr_der == csr_der and order.stored_state is not State.PENDING:
            return order
        self._check_ready(order)
        renews = self._renews(order)
        csr = self._check_csr(account, order, csr_der, renews)
        self._check_caa(account, order)
        if self._begin(account, order, csr.csr_der, renews):
            self._issue(order_id)
        return self._read(order_id, account)

    def finish_processing(self) -> int:
        """Issue for orders that were left processing; return how many were taken up."""
        now = self._clock.now()
        left = (orders.c.state == State.PROCESSING, orders.c.taken_until < now)
        with self._database.read() as connection:
            ids = connection.scalars(select(orders.c.id).where(*left).limit(MOST_AT_ONCE)).all()
        for order_id in ids:
            self._issue(order_id)
        return len(ids)

    def _check_ready(self, order: Order) -> None:
        state = order.state(self._clock.now())
        if state is not State.READY:
            raise OrderNotReady(f"The order is {state}.")

    def _check_csr(
        self, account: Account, order: Order, csr_der: bytes, renews: bool
    ) -> VerifiedCsr:
        try:
            csr = verify_csr(csr_der)
        except OF_THE_REQUEST as refusal:
            raise _csr_refused(refusal) from refusal
        if csr.csr_der != csr_der:  # RFC 8555, Section 7.4: DER, without PEM's lines
            raise OrderCsrRefused("Send the certification request as DER, in base64url.")
        taken = self._profiles[order.profile].facts
        named = bool(PROVEN_FACTS & set(taken))
        check_requested_names(csr, order.dns_names, certified=named)
        # RFC 8555, Section 11.1: the account's key is not the certificate's.
        if csr.public_key_sha256 == key_sha256(account.key):
            raise OrderCsrRefused("The request's key is the account's; make another.")
        try:
            self._issuing.check(self._request(order, csr, renews))
        except OF_THE_REQUEST as refusal:
            raise _csr_refused(refusal) from refusal
        return csr

    def _check_caa(self, account: Account, order: Order) -> None:
        for one in order.authorizations:
            self._validator.check_caa(
                one.dns_name,
                method=CA_METHOD if one.method in {None, BY_GRANT} else str(one.method),
                account_uri=self._addresses.account(account.id),
                wildcard=False,
            )

    def _renews(self, order: Order) -> bool:
        """Tell whether the order renews a certificate of its grant that is due for it."""
        if order.replaces is not None:
            replaced = self._issued.by_id(parse_certificate_id(order.replaces))
        else:
            found = self._issued.latest_for(order.grant_id, order.dns_names)
            if found is None:
                return False
            replaced = found
        if replaced.held.revoked_at is not None:
            return False
        return replaced.renewal_window[0] <= self._clock.now()

    def _begin(self, account: Account, seen: Order, csr_der: bytes, renews: bool) -> bool:
        with self._database.begin() as connection:
            if seen.replaces is not None:
                lock_replacements(connection, seen.replaces)
            order = find_order(connection, seen.id, account_id=account.id, locked=True)
            if order.csr_der == csr_der:
                return False  # the same request a moment earlier, in another process
            self._check_ready(order)
            if order.replaces is not None:
                # Two orders may have been taken for one certificate; the second is not uncounted.
                check_not_replaced(connection, order.replaces)
            connection.execute(
                update(orders)
                .where(orders.c.id == order.id)
                .values(
                    state=State.PROCESSING,
                    csr_der=csr_der,
                    renews=renews,
                    taken_until=self._clock.now() + TAKEN_FOR,
                )
            )
        return True

    def _issue(self, order_id: str) -> None:
        order = self._read(order_id)
        request = self._request(order, verify_csr(order.csr_der or b""), order.renews)
        try:
            delivered = self._issuing.issue(request)
        except IssuanceInProgress:
            return  # by another process, which notes it
        except FINAL as refusal:
            self._note(order_id, state=State.INVALID, error=problem_of(refusal))
        except CamtrustError as error:
            self._events.warning("not-issued-yet", problem=error.problem)
            # The scheduler's job goes on with it, at once.
            self._note(order_id, taken_until=self._clock.now())
        else:
            self._note(
                order_id,
                state=State.VALID,
                authority=delivered.authority,
                serial_number=delivered.serial_number,
            )

    def _note(self, order_id: str, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(orders)
                .where(orders.c.id == order_id, orders.c.state == State.PROCESSING)
                .values(**values)
            )

    def _read(self, order_id: str, account: Account | None = None) -> Order:
        with self._database.read() as connection:
            return find_order(
                connection, order_id, account_id=None if account is None else account.id
            )

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


def _csr_refused(refusal: CamtrustError) -> OrderCsrRefused:
    return OrderCsrRefused(refusal.detail, refusal=refusal.problem)
