"""What the words of the API are called on the pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core import oids
from core.web.languages import translatable
from enrollment.application import ApplicationState
from enrollment.grants.grant import GrantState

# In the order in which an officer reads them.
FACTS: Mapping[str, str] = {
    "surname": translatable("Surname"),
    "given_name": translatable("Given name"),
    "common_name": translatable("Name"),
    "identifier": translatable("Number of the identity document"),
    "email": translatable("Mail address"),
    "organization_name": translatable("Organization"),
    "organization_identifier": translatable("Registration number of the organization"),
    "country_name": translatable("Country"),
    "member_class": translatable("Member class"),
    "member_code": translatable("Member code"),
    "server_name": translatable("Name of the security server"),
    "dns_names": translatable("Host names"),
    "ip_addresses": translatable("IP addresses"),
    "device_serial_number": translatable("Serial number of the device"),
    "signer_identifier": translatable("Identifier of the signer"),
}
STATES: Mapping[ApplicationState, str] = {
    ApplicationState.SUBMITTED: translatable("Waiting for a decision"),
    ApplicationState.RETURNED: translatable("Asked back"),
    ApplicationState.REFUSED: translatable("Refused"),
    ApplicationState.EXPIRED: translatable("Expired undecided"),
    ApplicationState.APPROVED: translatable("Approved, being issued"),
    ApplicationState.ISSUED: translatable("Issued"),
    ApplicationState.FAILED: translatable("Approved, but not issued"),
}
# The colours of GOV.UK Frontend's tags.
COLOURS: Mapping[ApplicationState, str] = {
    ApplicationState.SUBMITTED: "blue",
    ApplicationState.RETURNED: "purple",
    ApplicationState.REFUSED: "red",
    ApplicationState.EXPIRED: "grey",
    ApplicationState.APPROVED: "yellow",
    ApplicationState.ISSUED: "green",
    ApplicationState.FAILED: "orange",
}
GRANT_STATES: Mapping[GrantState, str] = {
    GrantState.PROPOSED: translatable("Waiting for a decision"),
    GrantState.ACTIVE: translatable("In use"),
    GrantState.REFUSED: translatable("Refused"),
    GrantState.WITHDRAWN: translatable("Withdrawn"),
}
GRANT_COLOURS: Mapping[GrantState, str] = {
    GrantState.PROPOSED: "blue",
    GrantState.ACTIVE: "green",
    GrantState.REFUSED: "red",
    GrantState.WITHDRAWN: "orange",
}
STANDINGS: Mapping[str, str] = {
    "good": translatable("Valid"),
    "revoked": translatable("Revoked"),
    "on-hold": translatable("Suspended"),
    "expired": translatable("Expired"),
}
STANDING_COLOURS: Mapping[str, str] = {
    "good": "green",
    "revoked": "red",
    "on-hold": "yellow",
    "expired": "grey",
}
VERDICTS: Mapping[str, str] = {
    "approved": translatable("Approved"),
    "refused": translatable("Refused"),
    "returned": translatable("Asked back"),
}
REGISTERS: Mapping[str, str] = {
    "identity": translatable("Identity register"),
    "staff-list": translatable("The institution's list"),
}
OUTCOMES: Mapping[str, str] = {
    "matches": translatable("Everything matches"),
    "differs": translatable("It differs"),
    "not-found": translatable("Not found there"),
    "not-checked": translatable("Not checked: the register was not asked"),
}
CHECKED_FIELDS: Mapping[str, str] = {
    "surname_km": translatable("Surname in Khmer"),
    "given_name_km": translatable("Given name in Khmer"),
    "surname_latin": translatable("Surname in Latin letters"),
    "given_name_latin": translatable("Given name in Latin letters"),
    "sex": translatable("Sex"),
    "date_of_birth": translatable("Date of birth"),
    "document_number": translatable("Number of the identity document"),
    "official_mail": translatable("Mail address"),
}
EVIDENCE: Mapping[str, str] = {
    "identified_at_counter": translatable("Identified at a counter, visit"),
    "words": translatable("In the applicant's words"),
}
OFFICER_STATES: Mapping[str, str] = {
    "active": translatable("In office"),
    "suspended": translatable("Suspended"),
    "removed": translatable("Removed"),
}
# RFC 5280, Section 5.3.1; those that an officer may give.
REASONS: Mapping[str, str] = {
    "keyCompromise": translatable("The key, or the device it lives in, is lost or known to others"),
    "affiliationChanged": translatable("The holder left the institution, or changed their name"),
    "superseded": translatable("A new certificate took its place"),
    "cessationOfOperation": translatable("It is no longer used"),
    "privilegeWithdrawn": translatable("The holder may no longer have it"),
    "unspecified": translatable("Another reason"),
}
ROLES: Mapping[str, str] = {
    "ca-administrator": translatable("administrator"),
    "ra-officer": translatable("registration officer"),
    "counter-officer": translatable("counter officer"),
    "auditor": translatable("auditor"),
    "service": translatable("program"),
    "subscriber": translatable("holder of certificates"),
}
# Attributes of a request's subject, and the kinds of its alternative names.
ATTRIBUTES: Mapping[str, str] = {
    oids.COMMON_NAME: translatable("Name"),
    oids.SURNAME: translatable("Surname"),
    oids.GIVEN_NAME: translatable("Given name"),
    oids.SERIAL_NUMBER: translatable("Serial number"),
    oids.COUNTRY_NAME: translatable("Country"),
    oids.ORGANIZATION_NAME: translatable("Organization"),
    oids.ORGANIZATIONAL_UNIT_NAME: translatable("Part of the organization"),
    oids.ORGANIZATION_IDENTIFIER: translatable("Registration number of the organization"),
    oids.EMAIL_ADDRESS: translatable("Mail address"),
    "email": translatable("Mail address"),
    "dns": translatable("Host names"),
    "ip": translatable("IP addresses"),
}
