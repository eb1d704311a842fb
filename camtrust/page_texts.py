"""The folders with the Khmer of every room that has pages."""

from __future__ import annotations

from core.web.languages import TEXTS
from enrollment.audit import TEXTS as AUDIT_TEXTS
from enrollment.counter import TEXTS as COUNTER_TEXTS
from enrollment.escrow.pages.routes import TEXTS as ESCROW_TEXTS
from enrollment.invitations.desk.routes import TEXTS as DESK_TEXTS
from enrollment.invitations.door.routes import TEXTS as DOOR_TEXTS
from enrollment.key_creation.routes import TEXTS as KEY_TEXTS
from enrollment.lists.pages.routes import TEXTS as LIST_TEXTS
from enrollment.office.batches.routes import TEXTS as BATCH_TEXTS
from enrollment.office.clients.routes import TEXTS as CLIENT_TEXTS
from enrollment.office.routes import TEXTS as OFFICE_TEXTS
from enrollment.passkeys.routes import TEXTS as PASSKEY_TEXTS
from enrollment.sign_in.routes import TEXTS as SIGN_IN_TEXTS
from enrollment.subscriber.routes import TEXTS as PERSONAL_TEXTS
from signing.approval.pages.routes import TEXTS as APPROVAL_TEXTS
from signing.credentials.pages.routes import TEXTS as SIGNING_KEY_TEXTS
from signing.csc.pages.routes import TEXTS as CSC_TEXTS
from signing.documents.validation.words import TEXTS as VALIDATION_TEXTS
from signing.documents.verification.routes import TEXTS as VERIFICATION_TEXTS
from signing.passes.page.routes import TEXTS as PASS_TEXTS

PAGE_TEXTS = (
    TEXTS,
    OFFICE_TEXTS,
    AUDIT_TEXTS,
    COUNTER_TEXTS,
    DESK_TEXTS,
    DOOR_TEXTS,
    CLIENT_TEXTS,
    BATCH_TEXTS,
    LIST_TEXTS,
    KEY_TEXTS,
    ESCROW_TEXTS,
    *PERSONAL_TEXTS,
    PASSKEY_TEXTS,
    SIGN_IN_TEXTS,
    VERIFICATION_TEXTS,
    VALIDATION_TEXTS,
    CSC_TEXTS,
    SIGNING_KEY_TEXTS,
    APPROVAL_TEXTS,
    PASS_TEXTS,
)
