"""The people of circulations: whom an institution's list names, with sign-in and mail."""

from __future__ import annotations

from sqlalchemy import Connection

from enrollment.institutions.errors import InstitutionUnknown
from enrollment.institutions.institutions import Institutions
from enrollment.officers import OfficerState
from enrollment.people.errors import PersonUnknown
from enrollment.people.people import People
from enrollment.people.person import Employment, EmploymentState
from enrollment.reminders.holders import PERSONS, address_of
from enrollment.subscribers import Subscribers
from signing.approval.directory import Colleague
from signing.documents.stamps.content import Words


class ListedColleagues:
    """The port :class:`signing.approval.directory.Directory` over the registration's lists."""

    def __init__(
        self, *, people: People, subscribers: Subscribers, institutions: Institutions
    ) -> None:
        self._people = people
        self._subscribers = subscribers
        self._institutions = institutions

    def find(self, institution: str, staff_number: str) -> str | None:
        """Return the person whom an institution lists under a number, None for nobody."""
        return self._people.listed_under(institution, staff_number)

    def colleague(self, person: str, institution: str) -> Colleague | None:
        """Return somebody whom an institution lists, or once did; None for anybody else."""
        service = self._service(person, institution)
        if service is None:
            return None
        try:
            name = self._people.find(person).details.name
        except PersonUnknown:
            return None
        place = service.place
        return Colleague(
            person=person,
            name=Words(name.khmer or "", name.latin or ""),
            title=Words(place.title_km or "", place.title_latin or ""),
            staff_number=place.staff_number,
            is_serving=service.state is EmploymentState.LISTED and self._may_sign_in(person),
        )

    def institutions_of(self, person: str) -> tuple[str, ...]:
        """Return the institutions that list a person now, if that person may sign in."""
        if not self._may_sign_in(person):
            return ()
        served = self._people.employments_of(person)
        listed = [one.institution for one in served if one.state is EmploymentState.LISTED]
        return tuple(dict.fromkeys(listed))

    def institution_name(self, institution: str) -> Words:
        """Return what an institution is called."""
        try:
            details = self._institutions.find(institution).details
        except InstitutionUnknown:
            return Words(english=institution)
        return Words(details.name_km, details.name_latin)

    def address(self, connection: Connection, person: str, institution: str) -> str | None:
        """Return the official mail address of somebody whom an institution lists now, or None."""
        return address_of(connection, f"{PERSONS}{person}", institution=institution)

    def _may_sign_in(self, person: str) -> bool:
        return self._subscribers.state_of(person) is OfficerState.ACTIVE

    def _service(self, person: str, institution: str) -> Employment | None:
        served = self._people.employments_of(person)
        return next((one for one in served if one.institution == institution), None)
