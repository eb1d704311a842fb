"""The certificates that orders led to: looked up, and when to renew them (RFC 9773)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, bindparam, select

from ca.authorities import Authorities
from ca.foreign_certificates import read_certificate
from ca.register import GOOD, RegisteredCertificate, find_registered
from core.database import Database
from enrollment.acme.certificate_ids import CertificateId, certificate_id
from enrollment.acme.errors import ResourceUnknown
from enrollment.acme.models import orders
from enrollment.acme.order import Order, find_order, names_digest

# Renewal begins when two thirds of the validity have passed (the ACME clients' own custom), and
# is spread over a forty-fifth of it: two days of ninety.
RENEWED_AFTER = 2 / 3
SPREAD_OVER = 1 / 45

# Asked at every finalization: built once.
_LATEST = (
    select(orders.c.id)
    .where(
        orders.c.grant_id == bindparam("of_grant"),
        orders.c.names_sha256 == bindparam("of_names"),
        # The valid ones. Asked for by their state, SQLite would read all that ever became valid.
        orders.c.serial_number.is_not(None),
    )
    .order_by(orders.c.created_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate with the order that it came from."""

    order: Order
    held: RegisteredCertificate

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_der_x509_certificate(self.held.certificate_der)

    @property
    def renewal_window(self) -> tuple[datetime, datetime]:
        """When to renew it (RFC 9773, Section 4.2); in the past once it is revoked."""
        life = self.held.not_after - self.held.not_before
        start = self.held.not_before + life * RENEWED_AFTER
        if self.held.standing != GOOD and self.held.revoked_at is not None:
            start = min(start, self.held.revoked_at - timedelta(hours=1))
            return start, start + timedelta(hours=1)
        return start, start + life * SPREAD_OVER


class IssuedCertificates:
    """Looks certificates up among those that came from orders."""

    def __init__(self, *, database: Database, authorities: Authorities) -> None:
        self._database = database
        self._authorities = authorities

    def of_order(self, connection: Connection, order: Order) -> IssuedCertificate:
        """Return what an order led to. Raises ResourceUnknown before it did."""
        if order.authority is None or order.serial_number is None:
            raise ResourceUnknown("There is no certificate under this URL.")
        held = find_registered(connection, order.authority, order.serial_number)
        if held is None:
            raise ResourceUnknown("The certificate under this URL was lost with a backup.")
        return IssuedCertificate(order, held)

    def find(self, wanted: CertificateId) -> IssuedCertificate:
        """Return the certificate of an identifier. Raises ResourceUnknown."""
        with self._database.read() as connection:
            return self.by_id(connection, wanted)

    def by_id(self, connection: Connection, wanted: CertificateId) -> IssuedCertificate:
        """Return the certificate of an identifier. Raises ResourceUnknown."""
        for found in self._with_serial_number(connection, wanted.serial_number):
            if certificate_id(found.certificate) == wanted:
                return found
        raise ResourceUnknown("There is no certificate of this identifier.")

    def same_as(self, certificate_der: bytes) -> IssuedCertificate:
        """Return exactly this certificate. Raises ResourceUnknown."""
        try:
            serial_number = read_certificate(certificate_der).serial_number
        except ValueError as error:
            raise ResourceUnknown("This is no certificate that can be read.") from error
        with self._database.read() as connection:
            for found in self._with_serial_number(connection, serial_number):
                if found.held.certificate_der == certificate_der:
                    return found
        raise ResourceUnknown("No order here led to this certificate.")

    def latest_for(
        self, connection: Connection, grant_id: str, dns_names: Sequence[str]
    ) -> IssuedCertificate | None:
        """Return the newest certificate of a grant for exactly these names."""
        asked = {"of_grant": grant_id, "of_names": names_digest(dns_names)}
        order_id = connection.scalar(_LATEST, asked)
        if order_id is None:
            return None
        return self.of_order(connection, find_order(connection, order_id))

    def pem_chain(self, found: IssuedCertificate) -> bytes:
        """Return the certificate and its issuers as PEM (RFC 8555, Section 9.1).

        The anchor is left out: who relies on it has it already, from elsewhere.
        """
        chain = self._authorities.chain(found.held.authority)[:-1]
        return b"".join(one.public_bytes(Encoding.PEM) for one in (found.certificate, *chain))

    def _with_serial_number(
        self, connection: Connection, serial_number: int
    ) -> Sequence[IssuedCertificate]:
        # RFC 5280, Section 4.1.2.2: longer ones were never given out.
        if not 0 < serial_number < 2**160:
            return []
        query = select(orders.c.id).where(orders.c.serial_number == serial_number)
        found = [find_order(connection, one) for one in connection.scalars(query).all()]
        return [self.of_order(connection, one) for one in found]
