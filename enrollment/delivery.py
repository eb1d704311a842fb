"""From the last approval to the certificate in the applicant's hands. RFC 3647, Section 4.4.3.

Issuance knows each application by its reference, so issuing again after a crash, or twice at
once, ends with one certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography import x509
from sqlalchemy import select, update

from ca.authorities import Authorities
from ca.csr import verify_csr
from ca.issuance import Issuance, IssuedCertificate
from ca.issuance.errors import IssuanceInProgress, KeyBelongsToAnother, KeyBlocked
from ca.plan import CertificateRequest
from ca.register import CertificateRegister
from core.database import Database
from core.errors import CamtrustError, Malformed, Unacceptable
from core.transparency.log import TransparencyLog
from enrollment.application import Application, ApplicationState, find_application
from enrollment.errors import NotIssuedYet
from enrollment.models import applications

# As many as one run of the scheduler's job takes; the next run takes the rest.
MOST_AT_ONCE = 100
# Refusals that no waiting cures; everything else is tried again.
FINAL = (Unacceptable, Malformed, KeyBelongsToAnother, KeyBlocked)


@dataclass(frozen=True)
class DeliveredCertificate:
    """A certificate with its chain, from its issuer up to the anchor, and its log entry."""

    certificate_der: bytes
    authority: str
    serial_number: int
    chain: tuple[x509.Certificate, ...]
    log_index: int
    proof: str
    standing: str
    not_after: datetime


class Delivery:
    """Issues what was approved, and hands it out with its chain and its proof."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        issuance: Issuance,
        authorities: Authorities,
        register: CertificateRegister,
    ) -> None:
        self._database = database
        self._log = log
        self._issuance = issuance
        self._authorities = authorities
        self._register = register
        self._events = structlog.get_logger()

    def issue_if_approved(self, application: Application) -> Application:
        """Issue for an approved application; return it as it stands then.

        Where a part is away it stays approved, and :meth:`issue_waiting` tries again.
        """
        if application.state is not ApplicationState.APPROVED:
            return application
        try:
            self._note_issued(application, self._issuance.issue(_request(application)))
        except IssuanceInProgress:
            return application  # by another process, which notes it
        except FINAL as refusal:
            self._note_failed(application, refusal)
        except CamtrustError as error:
            self._events.warning(
                "not-issued-yet", application=application.id, problem=error.problem
            )
            return application
        with self._database.read() as connection:
            return find_application(connection, application.id)

    def issue_waiting(self) -> int:
        """Issue for approved applications that were left waiting; return how many got on."""
        query = (
            select(applications.c.id)
            .where(applications.c.state == ApplicationState.APPROVED)
            .order_by(applications.c.id)
            .limit(MOST_AT_ONCE)
        )
        with self._database.read() as connection:
            waiting = [find_application(connection, row.id) for row in connection.execute(query)]
        done = [self.issue_if_approved(application) for application in waiting]
        return sum(one.state is not ApplicationState.APPROVED for one in done)

    def certificate_of(self, application: Application) -> DeliveredCertificate:
        """Return what was issued upon an application. Raises NotIssuedYet or Unavailable."""
        if application.authority is None or application.serial_number is None:
            raise NotIssuedYet(
                f"There is no certificate: the application is {application.state}.",
                state=str(application.state),
            )
        return self.delivered(application.authority, application.serial_number)

    def delivered(self, authority: str, serial_number: int) -> DeliveredCertificate:
        """Return a certificate that was issued, as it is handed out. Raises Unavailable."""
        [held] = self._register.find(serial_number, authority=authority)
        return DeliveredCertificate(
            certificate_der=held.certificate_der,
            authority=held.authority,
            serial_number=held.serial_number,
            chain=tuple(self._authorities.chain(held.authority)),
            log_index=held.log_index,
            proof=self._log.proof(held.log_index),
            standing=held.standing,
            not_after=held.not_after,
        )

    def _note_issued(self, application: Application, issued: IssuedCertificate) -> None:
        self._note(
            application,
            state=ApplicationState.ISSUED,
            authority=issued.authority,
            serial_number=issued.serial_number,
        )

    def _note_failed(self, application: Application, refusal: CamtrustError) -> None:
        self._events.warning(
            "issuance-refused", application=application.id, problem=refusal.problem
        )
        self._note(application, state=ApplicationState.FAILED, failure=refusal.problem)

    def _note(self, application: Application, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(applications)
                .where(
                    applications.c.id == application.id,
                    applications.c.state == ApplicationState.APPROVED,
                )
                .values(**values)
            )


def _request(application: Application) -> CertificateRequest:
    return CertificateRequest(
        profile=application.profile,
        csr=verify_csr(application.csr_der),
        holder=application.holder,
        facts=application.facts,
        reference=f"application:{application.id}",
        institution=application.institution,
    )
