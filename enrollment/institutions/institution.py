"""An institution, and what can be said of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from core.canonical_json import canonical_json
from enrollment.institutions.errors import InstitutionRefused

ID = re.compile(r"[a-z][a-z0-9-]{1,63}")
# ETSI EN 319 412-1, Section 5.1.4.
REGISTRATION_IDENTIFIER = re.compile(r"(NTR|VAT)KH-[0-9A-Z]{1,32}")
# RFC 1035, Section 2.3.1, in lower case; at least two labels.
MAIL_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
LONGEST_NAME = 200


class InstitutionKind(StrEnum):
    """What kind of institution it is."""

    MINISTRY = "ministry"
    ADMINISTRATION = "administration"  # sub-national
    COMPANY = "company"  # a member of CamDX


class InstitutionState(StrEnum):
    """Only for an active institution is anything new begun; a closed one stays closed."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True)
class InstitutionDetails:
    """What an institution is registered with. ``mail_domains``: of official mail, lower case."""

    id: str
    kind: InstitutionKind
    name_km: str
    name_latin: str
    registration_identifier: str | None = None
    mail_domains: tuple[str, ...] = ()
    member_class: str | None = None
    member_code: str | None = None


@dataclass(frozen=True)
class Institution:
    """An institution as it stands."""

    details: InstitutionDetails
    state: InstitutionState
    registered_at: datetime
    salt: bytes
    log_index: int

    @property
    def id(self) -> str:
        """Its short name."""
        return self.details.id


def check_details(details: InstitutionDetails) -> None:
    """Raise InstitutionRefused, naming the first thing that cannot be."""
    identifier = details.registration_identifier
    wrong = {
        "id": not ID.fullmatch(details.id),
        "name_km": not _is_name(details.name_km),
        "name_latin": not _is_name(details.name_latin),
        "registration_identifier": identifier is not None
        and not REGISTRATION_IDENTIFIER.fullmatch(identifier),
        "mail_domains": not all(map(MAIL_DOMAIN.fullmatch, details.mail_domains)),
        "member_code": (details.member_class is None) != (details.member_code is None),
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise InstitutionRefused(f"{name} cannot be read as one.", field=name)


def details_octets(details: InstitutionDetails) -> bytes:
    """Return what the log's commitment to an institution commits to: canonical JSON."""
    document = {
        "id": details.id,
        "kind": str(details.kind),
        "mail_domains": list(details.mail_domains),
        "member_class": details.member_class,
        "member_code": details.member_code,
        "name_km": details.name_km,
        "name_latin": details.name_latin,
        "registration_identifier": details.registration_identifier,
    }
    return canonical_json(document)


def institution_of(row: Row[Any]) -> Institution:
    """Return the institution of a row."""
    details = InstitutionDetails(
        id=row.id,
        kind=InstitutionKind(row.kind),
        name_km=row.name_km,
        name_latin=row.name_latin,
        registration_identifier=row.registration_identifier,
        mail_domains=tuple(row.mail_domains),
        member_class=row.member_class,
        member_code=row.member_code,
    )
    return Institution(
        details, InstitutionState(row.state), row.registered_at, row.salt, row.log_index
    )


def _is_name(text: str) -> bool:
    # Khmer is written with zero-width spaces, which are not printable to Python.
    plain = text.replace("\u200b", "")
    return bool(plain.strip()) and len(text) <= LONGEST_NAME and plain.isprintable()
