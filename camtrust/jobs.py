"""The jobs that the scheduler runs. Each may run twice or be cut short: see core.scheduler."""

from __future__ import annotations

from datetime import timedelta

from camtrust.publishing.publisher import publication_jobs
from camtrust.wiring import Services
from core.scheduler import Job

SOON = timedelta(seconds=2)
OFTEN = timedelta(seconds=10)
MINUTELY = timedelta(minutes=1)
HOURLY = timedelta(hours=1)


def scheduled_jobs(services: Services) -> list[Job]:
    """Return the jobs, in the order in which they run when several are due."""
    registration = services.registration
    acme = registration.protocols.acme
    cmp = registration.cmp.server
    return [
        # What nobody may be answered "good" for comes first.
        Job("reservations", MINUTELY, services.recovery.recover),
        Job("compromised-keys", MINUTELY, services.compromised_keys.finish),
        Job("mass-revocations", OFTEN, lambda: _go_on_revoking(services)),
        Job("applications", OFTEN, registration.delivery.issue_waiting),
        Job("batches", SOON, registration.programs.batch_work.go_on),
        Job("undecided", MINUTELY, registration.office.expiry.run),
        Job("departures", MINUTELY, registration.staff_lists.departures.suspend_due),
        Job("acme-challenges", OFTEN, acme.challenges.finish_processing),
        Job("acme-orders", OFTEN, acme.finalizing.finish_processing),
        Job("cmp-unwanted", OFTEN, cmp.unwanted.revoke_all),
        Job("log", OFTEN, services.log.publish),
        Job("cosignatures", MINUTELY, services.log.cosigning.gather),
        Job("responders", HOURLY, services.responder_renewal.renew_due),
        Job("responders", MINUTELY, services.responder_renewal.renew_due),
        Job("cmp-server", MINUTELY, cmp.server_certificates.renew_due),
        Job("crls", MINUTELY, services.crls.issue_due),
        *(job for room in (services.timestamp_wiring, services.passes) for job in room.jobs),
        *publication_jobs(services),
        Job("acme-nonces", HOURLY, acme.forget_old),
        Job("cmp-transactions", HOURLY, cmp.transactions.forget_old),
        *registration.inviting.jobs,
        *registration.reminding.jobs,
        # Late in the list: a mail server that does not answer holds up nothing of the above.
        Job("mail", OFTEN, registration.mailing.sending.send_due),
        Job("old-mail", HOURLY, registration.mailing.sending.forget_old),
        Job("sessions", HOURLY, registration.subscribers.sessions.forget_ended),
        *(job for room in (services.documents, services.approval) for job in room.jobs),
        Job("webhooks", SOON, lambda: _tell(services)),
        Job("webhook-expiries", MINUTELY, registration.programs.following.look_for_ends),
        Job("webhook-deliveries", HOURLY, registration.programs.sending.forget_old),
        *services.verification.jobs,
        Job("access-tokens", HOURLY, registration.programs.tokens.forget_old),
        Job("escrow", HOURLY, registration.subscriber_keys.escrow_retention.erase_old),
        Job("signature-activations", MINUTELY, services.remote_signing.credentials.forget_expired),
        Job("csc-requests", HOURLY, services.csc.forget_old),
        Job("objections", HOURLY, registration.personal.objections.mark_overdue),
        Job("sign-ins", HOURLY, registration.sign_in_parts.forget_old),
        Job("idempotency-keys", HOURLY, registration.idempotent_requests.forget_old),
        # A ministry's list takes minutes to read: whatever else is due comes before it.
        Job("staff-lists-old", HOURLY, registration.staff_lists.office.lists.forget_old),
        Job("staff-lists", OFTEN, registration.staff_lists.office.applying.continue_applying),
        Job("staff-lists-reading", OFTEN, registration.staff_lists.office.reading.read_waiting),
    ]


def _tell(services: Services) -> None:
    # What happened first, and then at once to whom it concerns.
    services.registration.programs.following.follow()
    services.registration.programs.sending.send_due()


def _go_on_revoking(services: Services) -> None:
    # One batch of each, so that a million revocations do not hold up a CRL.
    for job in services.mass_revocation.open_jobs():
        if job.state == "approved":
            services.mass_revocation.run_batch(job.id)
