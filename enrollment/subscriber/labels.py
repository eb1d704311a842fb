"""What things are called on a person's pages; each is translated in ``locale/km.po``."""

from __future__ import annotations

from collections.abc import Mapping

from core.web.languages import translatable
from enrollment.holding.held import Held
from enrollment.key_creation.policy import KeyHome
from enrollment.objections.objection import About, Objection
from enrollment.office.labels import ATTRIBUTES, COLOURS, FACTS, REASONS, STANDINGS, STATES

__all__ = ["ATTRIBUTES", "COLOURS", "FACTS", "REASONS", "STANDINGS", "STATES"]

# By profile: what a person wants to do, and what it takes.
PURPOSES: Mapping[str, str] = {
    "person-authentication": translatable("Sign in to the state's systems"),
    "person-signing": translatable("Sign documents"),
    "person-mail-signing": translatable("Sign mail"),
    "person-mail-encryption": translatable("Receive encrypted mail"),
}
EXPLANATIONS: Mapping[str, str] = {
    "person-authentication": translatable("Takes the place of passwords."),
    "person-signing": translatable("A signature that the law recognises; two officers decide."),
    "person-mail-signing": translatable("Shows that mail from your official address is yours."),
    "person-mail-encryption": translatable(
        "Others write to your official address so that only you can read it."
    ),
}
HOMES: Mapping[KeyHome, str] = {
    KeyHome.OWN_REQUEST: translatable("In a token or card of yours"),
    KeyHome.FILE: translatable("In a file under your password (PKCS #12)"),
    KeyHome.BROWSER: translatable("In this browser, for our pages alone"),
    KeyHome.STATE_HSM: translatable("In the state's HSM"),
}
# What the identity register may say otherwise.
REGISTER_FIELDS: Mapping[str, str] = {
    "name": translatable("Name"),
    "surname_km": translatable("Surname in Khmer"),
    "given_name_km": translatable("Given name in Khmer"),
    "surname_latin": translatable("Surname in Latin letters"),
    "given_name_latin": translatable("Given name in Latin letters"),
    "sex": translatable("Sex"),
    "date_of_birth": translatable("Date of birth"),
    "document": translatable("Identity document"),
}
HOLDERS_REASONS: Mapping[str, str] = {
    "keyCompromise": translatable("The key is lost for good, or others may have it"),
    "affiliationChanged": translatable("I left the institution, or my name changed"),
    "superseded": translatable("I have a new certificate"),
    "cessationOfOperation": translatable("I do not need it any more"),
    "unspecified": translatable("Another reason"),
}
ABOUT: Mapping[About, str] = {
    About.LISTED_DATA: translatable("My data in the list is wrong"),
    About.IDENTITY_CHECK: translatable("The identity register is wrong"),
    About.REFUSAL: translatable("The refusal is wrong"),
    About.SUSPENSION: translatable("The certificate should be released"),
    About.CERTIFICATE: translatable("Something about the certificate is wrong"),
}
_EXPIRED = translatable("Expired")
_OPEN = translatable("Waits for the office")
_OVERDUE = translatable("The office is late")
_ACCEPTED = translatable("The office agrees")
_REJECTED = translatable("The office does not agree")


def standing_of(held: Held) -> str:
    """Return what a certificate's standing is called."""
    if held.is_expired and held.certificate.standing == "good":
        return _EXPIRED
    return STANDINGS[held.certificate.standing]


def standing_colour(held: Held) -> str:
    """Return the colour of its tag."""
    if held.is_good:
        return "green"
    return "yellow" if held.certificate.standing == "on-hold" else "red"


def objection_state(one: Objection) -> str:
    """Return how an objection stands."""
    if one.is_open:
        return _OPEN if one.overdue_at is None else _OVERDUE
    return _ACCEPTED if one.outcome == "accepted" else _REJECTED


def objection_colour(one: Objection) -> str:
    """Return the colour of its tag."""
    if one.is_open:
        return "blue" if one.overdue_at is None else "orange"
    return "green" if one.outcome == "accepted" else "red"
