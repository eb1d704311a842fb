"""An institution applies for itself: no other's registration number, no other's member code.

RFC 3647, Section 4.3.2.2. Officers of the nation apply for whom they checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from ca.plan import FactValue
from enrollment.errors import EntityNotYours
from enrollment.institutions.institution import Institution

ORGANIZATION = "organization:"


def check_entity(institution: Institution, *, holder: str, facts: Mapping[str, FactValue]) -> None:
    """Refuse what names a legal entity other than the institution. Raises EntityNotYours.

    People and devices have holders of their own; their facts are looked at all the same.
    """
    details = institution.details
    own = {
        "organization_identifier": details.registration_identifier,
        "member_class": details.member_class,
        "member_code": details.member_code,
    }
    for name, registered in own.items():
        if name in facts and facts[name] != registered:
            raise EntityNotYours(
                f"{name} is not that with which {institution.id} is registered.", fact=name
            )
    if holder.startswith(ORGANIZATION):
        named = holder.removeprefix(ORGANIZATION)
        if named not in {details.registration_identifier, details.member_code}:
            raise EntityNotYours(f"The holder is not {institution.id}.", fact="holder")
