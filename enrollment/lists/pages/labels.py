"""What the words of lists and institutions are called on the pages."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from enrollment.institutions.institution import InstitutionKind, InstitutionState
from enrollment.lists.findings import Severity
from enrollment.lists.staff_list import ListState, Outcome

STATES: Mapping[ListState, str] = {
    ListState.READING: translatable("Being read"),
    ListState.READY: translatable("Waiting for your look"),
    ListState.UNREADABLE: translatable("Could not be read"),
    ListState.APPLYING: translatable("Being applied"),
    ListState.APPLIED: translatable("Applied"),
    ListState.WITHDRAWN: translatable("Given up"),
}
COLOURS: Mapping[ListState, str] = {
    ListState.READING: "yellow",
    ListState.READY: "blue",
    ListState.UNREADABLE: "red",
    ListState.APPLYING: "yellow",
    ListState.APPLIED: "green",
    ListState.WITHDRAWN: "grey",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.NEW: translatable("New"),
    Outcome.RETURNED: translatable("Came back"),
    Outcome.CHANGED: translatable("Changed"),
    Outcome.UNCHANGED: translatable("Unchanged"),
    Outcome.REJECTED: translatable("Rejected"),
}
OUTCOME_COLOURS: Mapping[Outcome, str] = {
    Outcome.NEW: "green",
    Outcome.RETURNED: "green",
    Outcome.CHANGED: "blue",
    Outcome.UNCHANGED: "grey",
    Outcome.REJECTED: "red",
}
SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: translatable("Error"),
    Severity.PROPOSAL: translatable("Proposal"),
    Severity.NOTE: translatable("Note"),
}
SEVERITY_COLOURS: Mapping[Severity, str] = {
    Severity.ERROR: "red",
    Severity.PROPOSAL: "purple",
    Severity.NOTE: "grey",
}
COLUMN_NAMES: Mapping[str, str] = {
    "staff_number": translatable("Staff number"),
    "surname_km": translatable("Surname in Khmer"),
    "given_name_km": translatable("Given name in Khmer"),
    "full_name_km": translatable("Full name in Khmer"),
    "surname_latin": translatable("Surname in Latin letters"),
    "given_name_latin": translatable("Given name in Latin letters"),
    "full_name_latin": translatable("Full name in Latin letters"),
    "sex": translatable("Sex"),
    "date_of_birth": translatable("Date of birth"),
    "nationality": translatable("Nationality"),
    "national_id": translatable("National ID number"),
    "national_id_until": translatable("National ID valid until"),
    "passport": translatable("Passport number"),
    "passport_until": translatable("Passport valid until"),
    "residence_card": translatable("Residence card number"),
    "residence_card_until": translatable("Residence card valid until"),
    "official_mail": translatable("Official mail"),
    "title_km": translatable("Title in Khmer"),
    "title_latin": translatable("Title in Latin letters"),
    "unit": translatable("Unit"),
}
KINDS: Mapping[InstitutionKind, str] = {
    InstitutionKind.MINISTRY: translatable("Ministry"),
    InstitutionKind.ADMINISTRATION: translatable("Sub-national administration"),
    InstitutionKind.COMPANY: translatable("Company, member of CamDX"),
}
INSTITUTION_STATES: Mapping[InstitutionState, str] = {
    InstitutionState.ACTIVE: translatable("Active"),
    InstitutionState.SUSPENDED: translatable("Suspended for now"),
    InstitutionState.CLOSED: translatable("Closed"),
}
INSTITUTION_COLOURS: Mapping[InstitutionState, str] = {
    InstitutionState.ACTIVE: "green",
    InstitutionState.SUSPENDED: "orange",
    InstitutionState.CLOSED: "grey",
}
# The fields of the form for an institution, by the names that refusals give them.
FIELD_NAMES: Mapping[str, str] = {
    "id": translatable("Short name"),
    "name_km": translatable("Name in Khmer"),
    "name_latin": translatable("Name in Latin letters"),
    "mail_domains": translatable("Mail domains"),
    "registration_identifier": translatable("Registration number"),
    "member_code": translatable("Member code of CamDX"),
}
