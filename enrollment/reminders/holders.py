"""Who a certificate's holder is, and where their official mail goes."""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from core.mail.addresses import mail_address
from core.mail.errors import MailAddressMalformed
from enrollment.people.models import employments, person_identifiers
from enrollment.people.person import EmploymentState, IdentifierKind

PERSONS = "person:"
_PERSON_ID = re.compile(r"person:([0-9a-f]{32})")
# ETSI EN 319 412-1, Section 5.1.3: type, country, hyphen, number.
_IDENTIFIER = re.compile(r"person:(IDC|PAS)([A-Z]{2})-(.+)")
_KINDS = {
    "IDC": (IdentifierKind.NATIONAL_ID, IdentifierKind.RESIDENCE_CARD),
    "PAS": (IdentifierKind.PASSPORT,),
}


def address_of(
    connection: Connection, holder: str, *, institution: str | None = None
) -> str | None:
    """Return the official address of a listed person, None for whoever has none.

    ``holder`` is the natural key that the certificate was issued for; ``institution``: whose list
    has to name the person, where not any will do.
    """
    person = _person_of(connection, holder)
    if person is None:
        return None
    query = (
        select(employments.c.official_mail)
        .where(
            employments.c.person == person,
            employments.c.state == EmploymentState.LISTED,
            employments.c.official_mail.is_not(None),
        )
        .order_by(employments.c.listed_at.desc(), employments.c.id.desc())
    )
    if institution is not None:
        query = query.where(employments.c.institution == institution)
    for address in connection.scalars(query):
        try:
            return mail_address(address)
        except MailAddressMalformed:
            continue
    return None


def _person_of(connection: Connection, holder: str) -> str | None:
    if match := _PERSON_ID.fullmatch(holder):
        return match[1]
    match = _IDENTIFIER.fullmatch(holder)
    if match is None:
        return None
    query = select(person_identifiers.c.person).where(
        person_identifiers.c.kind.in_(_KINDS[match[1]]),
        person_identifiers.c.country == match[2],
        person_identifiers.c.number == match[3],
    )
    return connection.execute(query.limit(1)).scalar_one_or_none()
