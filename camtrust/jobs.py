"""The jobs that the scheduler runs. Each may run twice or be cut short: see core.scheduler."""

from __future__ import annotations

from datetime import timedelta

from camtrust.publishing.publisher import publication_jobs
from camtrust.wiring import Services
from core.scheduler import Job

OFTEN = timedelta(seconds=10)
MINUTELY = timedelta(minutes=1)
HOURLY = timedelta(hours=1)


def scheduled_jobs(services: Services) -> list[Job]:
    """Return the jobs, in the order in which they run when several are due."""
    registration = services.registration
    acme = registration.protocols.acme
    return [
        # What nobody may be answered "good" for comes first.
        Job("reservations", MINUTELY, services.recovery.recover),
        Job("compromised-keys", MINUTELY, services.compromised_keys.finish),
        Job("mass-revocations", OFTEN, lambda: _go_on_revoking(services)),
        Job("applications", OFTEN, registration.delivery.issue_waiting),
        Job("acme-challenges", OFTEN, acme.challenges.finish_processing),
        Job("acme-orders", OFTEN, acme.finalizing.finish_processing),
        Job("log", OFTEN, services.log.publish),
        Job("cosignatures", MINUTELY, services.log.cosigning.gather),
        Job("responders", HOURLY, services.responder_renewal.renew_due),
        Job("responders", MINUTELY, services.responder_renewal.renew_due),
        Job("crls", MINUTELY, services.crls.issue_due),
        *publication_jobs(services),
        Job("acme-nonces", HOURLY, acme.forget_old),
        Job("idempotency-keys", HOURLY, registration.idempotent_requests.forget_old),
    ]


def _go_on_revoking(services: Services) -> None:
    # One batch of each, so that a million revocations do not hold up a CRL.
    for job in services.mass_revocation.open_jobs():
        if job.state == "approved":
            services.mass_revocation.run_batch(job.id)
