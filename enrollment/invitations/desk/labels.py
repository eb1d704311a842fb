"""What the pages call how far somebody is, and the documents that an officer sees."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from enrollment.invitations.listing import Progress
from enrollment.people.person import IdentifierKind

PROGRESS: Mapping[Progress, str] = {
    Progress.ACCOUNT: translatable("Has an account"),
    Progress.ACCOUNT_CLOSED: translatable("Account suspended"),
    Progress.MAIL_WAITS: translatable("Mail leaves soon"),
    Progress.MAIL_SENT: translatable("Invited by mail"),
    Progress.MAIL_FAILED: translatable("Mail not delivered"),
    Progress.SLIP: translatable("Has a slip"),
    Progress.ENDED: translatable("Invitation over"),
    Progress.NOTHING: translatable("Not invited"),
}
# The colours of GOV.UK Frontend's tags.
COLOURS: Mapping[Progress, str] = {
    Progress.ACCOUNT: "green",
    Progress.ACCOUNT_CLOSED: "red",
    Progress.MAIL_WAITS: "blue",
    Progress.MAIL_SENT: "blue",
    Progress.MAIL_FAILED: "red",
    Progress.SLIP: "blue",
    Progress.ENDED: "orange",
    Progress.NOTHING: "grey",
}
DOCUMENTS: Mapping[IdentifierKind, str] = {
    IdentifierKind.NATIONAL_ID: translatable("National identity card"),
    IdentifierKind.PASSPORT: translatable("Passport"),
    IdentifierKind.RESIDENCE_CARD: translatable("Residence card"),
}
