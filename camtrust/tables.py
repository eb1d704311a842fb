"""Every table of every package, on one metadata: what the migrations are compared with."""

from __future__ import annotations

import ca.models
import ca.revocation.models
import core.mail.models
import core.models
import core.transparency.models
import enrollment.acme.models
import enrollment.audit.models
import enrollment.batches.models
import enrollment.clients.models
import enrollment.cmp.models
import enrollment.counter.models
import enrollment.escrow.models
import enrollment.grants.models
import enrollment.holding.models
import enrollment.institutions.models
import enrollment.invitations.models
import enrollment.lists.models
import enrollment.models
import enrollment.objections.models
import enrollment.passkeys.models
import enrollment.people.models
import enrollment.reminders.models
import enrollment.revocation_codes.models
import enrollment.sessions.models
import enrollment.sign_in.models
import enrollment.step_up.models
import enrollment.subscriber.models
import enrollment.webhooks.models
import hsm.models
import ocsp.models
import signing.approval.models
import signing.credentials.models
import signing.csc.models
import signing.documents.batches.models
import signing.documents.models
import signing.documents.stamps.stored.models
import signing.documents.verification.models
import signing.passes.issuing.batches.models
import signing.passes.issuing.models
import signing.timestamps.models
from core.database import metadata

PACKAGES = (ca, core, enrollment, hsm, ocsp, signing)

__all__ = ["metadata"]
