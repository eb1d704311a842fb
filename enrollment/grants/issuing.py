"""Issue within a grant: what officers decided once holds for each certificate.

1. Under the grant's lock: it may be used now, and is not used up; the use is counted.
2. Issue. The certificate's reference names the grant and the request: asked again, after a crash
   or a lost answer, it is the same certificate and the same use.
3. The use notes its certificate. A refusal that no waiting cures gives it back.

:meth:`GrantedIssuance.issue` does all of them. A protocol with a record of its own does them one
by one, to have steps 1 and 3 in the transactions in which it writes that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from ca.csr import VerifiedCsr
from ca.issuance import Issuance, IssuedCertificate, Reservation
from ca.plan import CertificateRequest, FactValue
from core.clock import Clock
from core.database import Database
from enrollment.delivery import FINAL, DeliveredCertificate, Delivery
from enrollment.grants.errors import GrantExhausted
from enrollment.grants.grant import Grant, GrantProtocol, find_terms
from enrollment.grants.grants import usable_grant
from enrollment.grants.models import grant_uses, grants
from enrollment.profiles import OpenProfiles

Issued = IssuedCertificate | DeliveredCertificate


@dataclass(frozen=True)
class GrantedRequest:
    """A request by a grant's client.

    ``facts`` are what the protocol established (``dns_names``, ``server_name``); the grant's own
    go before, and what the profile does not take is left out. ``reference`` has at most 64
    characters. ``renews``: the client holds a certificate of this grant, and gets its successor
    uncounted. ``proven_dns_names``: what the request may name, whether it is certified or not.
    """

    grant_id: str
    protocol: GrantProtocol
    csr: VerifiedCsr
    reference: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    not_after: datetime | None = None
    renews: bool = False
    proven_dns_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreparedUse:
    """A request that is linted already, for one certificate; see :meth:`Issuance.prepare`."""

    request: GrantedRequest
    prepared: Reservation


class GrantedIssuance:
    """Issues what grants allow; safe in many processes at once."""

    def __init__(
        self,
        *,
        database: Database,
        issuance: Issuance,
        delivery: Delivery,
        profiles: OpenProfiles,
        clock: Clock,
    ) -> None:
        self._database = database
        self._issuance = issuance
        self._delivery = delivery
        self._profiles = profiles
        self._clock = clock

    def usable(self, connection: Connection, grant_id: str, protocol: GrantProtocol) -> Grant:
        """Return a grant for :meth:`prepare`. Raises GrantUnknown and GrantNotActive."""
        return usable_grant(connection, grant_id, protocol, self._clock.now())

    def prepare(self, grant: Grant, request: GrantedRequest) -> PreparedUse:
        """Lint what :meth:`issue_prepared` is to issue; nothing is counted, reserved or signed.

        Raises what issuance would refuse now.
        """
        return PreparedUse(request, self._issuance.prepare(self._request(grant, request)))

    def count(self, connection: Connection, request: GrantedRequest) -> Grant:
        """Do step 1 in the caller's transaction; again, it counts nothing.

        Raises GrantUnknown, GrantNotActive and GrantExhausted.
        """
        grant = usable_grant(
            connection, request.grant_id, request.protocol, self._clock.now(), locked=True
        )
        if self._is_new(connection, grant, request):
            row = {
                "grant_id": grant.id,
                "reference": request.reference,
                "counted": not request.renews,
                "taken_at": self._clock.now(),
            }
            connection.execute(_COUNT, row)
            if not request.renews:
                _add(connection, grant.id, 1)
        return grant

    def issue_prepared(self, use: PreparedUse) -> IssuedCertificate:
        """Do step 2 for a use that was counted. Raises as :meth:`issue`."""
        return self._issue(use.request, lambda: self._issuance.issue_prepared(use.prepared))

    def note(self, connection: Connection, request: GrantedRequest, issued: Issued) -> None:
        """Do step 3 in the caller's transaction."""
        numbers = {"new_authority": issued.authority, "new_serial": issued.serial_number}
        connection.execute(_NOTE, _use(request) | numbers)

    def issue(self, request: GrantedRequest) -> DeliveredCertificate:
        """Issue a certificate, or return the one that this reference already got.

        Raises GrantUnknown, GrantNotActive, GrantExhausted, what issuance refuses, and
        Unavailable, after which the same request may be made again.
        """
        with self._database.begin() as connection:
            grant = self.count(connection, request)
        wanted = self._request(grant, request)
        issued = self._issue(request, lambda: self._issuance.issue(wanted))
        with self._database.begin() as connection:
            self.note(connection, request, issued)
        return self._delivery.delivered(issued.authority, issued.serial_number)

    def grant_of(self, *, authority: str, serial_number: int) -> str | None:
        """Return the id of the grant by which a certificate was issued, None for another way."""
        query = select(grant_uses.c.grant_id).where(
            grant_uses.c.authority == authority, grant_uses.c.serial_number == serial_number
        )
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found

    def _issue(
        self, request: GrantedRequest, issue: Callable[[], IssuedCertificate]
    ) -> IssuedCertificate:
        try:
            return issue()
        except FINAL:
            self._give_back(request)
            raise

    def _is_new(self, connection: Connection, grant: Grant, request: GrantedRequest) -> bool:
        """Tell whether a request was not counted yet. Raises GrantExhausted."""
        if connection.execute(_COUNTED, _use(request)).one_or_none() is not None:
            return False
        if not request.renews and grant.certificates_used >= grant.certificates_allowed:
            raise GrantExhausted(
                f"The grant was for {grant.certificates_allowed} certificates, and all are issued."
            )
        return True

    def _give_back(self, request: GrantedRequest) -> None:
        with self._database.begin() as connection:
            find_terms(connection, request.grant_id, locked=True)
            gone = connection.execute(_GIVE_BACK, _use(request)).scalar_one_or_none()
            if gone:
                _add(connection, request.grant_id, -1)

    def _request(self, grant: Grant, request: GrantedRequest) -> CertificateRequest:
        taken = self._profiles.open(grant.profile).facts
        proven = {name: value for name, value in request.facts.items() if name in taken}
        return CertificateRequest(
            profile=grant.profile,
            csr=request.csr,
            holder=grant.holder,
            facts=proven | dict(grant.facts),
            not_after=request.not_after,
            reference=issuance_reference(grant.id, request.reference),
            proven_dns_names=request.proven_dns_names,
            institution=grant.institution,
        )


def issuance_reference(grant_id: str, reference: str) -> str:
    """Return the reference under which issuance knows a use of a grant."""
    return f"grant:{grant_id}:{reference}"


def _use(request: GrantedRequest) -> dict[str, object]:
    return {"of_grant": request.grant_id, "of_reference": request.reference}


def _add(connection: Connection, grant_id: str, number: int) -> None:
    connection.execute(_ADD, {"of_grant": grant_id, "number": number})


# Statements of every request: built once.
_THE_USE = and_(
    grant_uses.c.grant_id == bindparam("of_grant"),
    grant_uses.c.reference == bindparam("of_reference"),
)
_COUNTED = select(grant_uses.c.reference).where(_THE_USE)
_COUNT = insert(grant_uses)
_NOTE = (
    update(grant_uses)
    .where(_THE_USE)
    .values(authority=bindparam("new_authority"), serial_number=bindparam("new_serial"))
)
_GIVE_BACK = (
    delete(grant_uses)
    .where(_THE_USE, grant_uses.c.serial_number.is_(None))
    .returning(grant_uses.c.counted)
)
_ADD = (
    update(grants)
    .where(grants.c.id == bindparam("of_grant"))
    .values(certificates_used=grants.c.certificates_used + bindparam("number"))
)
