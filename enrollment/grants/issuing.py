"""Issue within a grant: what officers decided once holds for each certificate.

1. Under the grant's lock: it may be used now, and is not used up; the use is counted.
2. Issue. The certificate's reference names the grant and the request: asked again, after a crash
   or a lost answer, it is the same certificate and the same use.
3. A refusal that no waiting cures gives the use back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from ca.csr import VerifiedCsr
from ca.issuance import Issuance
from ca.plan import CertificateRequest, FactValue
from core.clock import Clock
from core.database import Database
from enrollment.delivery import FINAL, DeliveredCertificate, Delivery
from enrollment.grants.errors import GrantExhausted
from enrollment.grants.grant import Grant, GrantProtocol, find_grant
from enrollment.grants.grants import check_usable
from enrollment.grants.models import grant_uses, grants
from enrollment.profiles import OpenProfiles


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

    def check(self, request: GrantedRequest) -> None:
        """Raise what :meth:`issue` would refuse now; nothing is counted or signed."""
        with self._database.read() as connection:
            grant = find_grant(connection, request.grant_id)
            self._check(connection, grant, request)
        self._issuance.check(self._request(grant, request))

    def issue(self, request: GrantedRequest) -> DeliveredCertificate:
        """Issue a certificate, or return the one that this reference already got.

        Raises GrantUnknown, GrantNotActive, GrantExhausted, what issuance refuses, and
        Unavailable, after which the same request may be made again.
        """
        grant = self._take(request)
        try:
            issued = self._issuance.issue(self._request(grant, request))
        except FINAL:
            self._give_back(request)
            raise
        with self._database.begin() as connection:
            connection.execute(
                update(grant_uses)
                .where(_use(request))
                .values(authority=issued.authority, serial_number=issued.serial_number)
            )
        return self._delivery.delivered(issued.authority, issued.serial_number)

    def grant_of(self, *, authority: str, serial_number: int) -> str | None:
        """Return the id of the grant by which a certificate was issued, None for another way."""
        query = select(grant_uses.c.grant_id).where(
            grant_uses.c.authority == authority, grant_uses.c.serial_number == serial_number
        )
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found

    def _take(self, request: GrantedRequest) -> Grant:
        with self._database.begin() as connection:
            grant = find_grant(connection, request.grant_id, locked=True)
            if not self._check(connection, grant, request):
                return grant
            connection.execute(
                insert(grant_uses).values(
                    grant_id=grant.id,
                    reference=request.reference,
                    counted=not request.renews,
                    taken_at=self._clock.now(),
                )
            )
            if not request.renews:
                _add(connection, grant.id, 1)
            return grant

    def _check(self, connection: Connection, grant: Grant, request: GrantedRequest) -> bool:
        """Tell whether the request is new; raise GrantNotActive or GrantExhausted."""
        check_usable(grant, request.protocol, self._clock.now())
        if connection.execute(select(grant_uses).where(_use(request))).one_or_none() is not None:
            return False
        if not request.renews and grant.certificates_used >= grant.certificates_allowed:
            raise GrantExhausted(
                f"The grant was for {grant.certificates_allowed} certificates, and all are issued."
            )
        return True

    def _give_back(self, request: GrantedRequest) -> None:
        with self._database.begin() as connection:
            find_grant(connection, request.grant_id, locked=True)
            gone = connection.execute(
                delete(grant_uses)
                .where(_use(request), grant_uses.c.serial_number.is_(None))
                .returning(grant_uses.c.counted)
            ).scalar_one_or_none()
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
            reference=f"grant:{grant.id}:{request.reference}",
            proven_dns_names=request.proven_dns_names,
        )


def _use(request: GrantedRequest) -> ColumnElement[bool]:
    return and_(
        grant_uses.c.grant_id == request.grant_id, grant_uses.c.reference == request.reference
    )


def _add(connection: Connection, grant_id: str, number: int) -> None:
    connection.execute(
        update(grants)
        .where(grants.c.id == grant_id)
        .values(certificates_used=grants.c.certificates_used + number)
    )
