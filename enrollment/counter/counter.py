"""Serve a person who stands at the counter: identify, apply, suspend, release; each on record.

Counters serve everybody, of whatever institution: a lost key is suspended at any office. Nobody is
found here but by the number of an identity document that an officer has in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ca.csr import VerifiedCsr
from ca.inquiry import CertificateInquiries, Inquiry
from ca.plan import FactValue
from ca.register import RegisteredCertificate
from ca.revocation.revocation import Revocation
from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.transparency.entry import JsonValue
from core.web.languages import PHNOM_PENH
from enrollment.application import Application
from enrollment.applications import Applications, Submission
from enrollment.audit.acts import ActKind, OfficeAct, OfficeActs
from enrollment.counter.errors import NotTheirs, OwnVisit, VisitOver, VisitUnknown
from enrollment.counter.models import counter_visits
from enrollment.counter.visit import SeenDocument, Visit, holders_of, identifier_of
from enrollment.errors import ApplicationUnknown
from enrollment.officers import behind
from enrollment.people.people import People, find_person
from enrollment.people.person import Employment, EmploymentState, Person, PersonDetails
from enrollment.profiles import OpenProfile, OpenProfiles
from enrollment.subscribers import Subscribers

# As long as one person stands there; then they are identified again.
VISIT = timedelta(minutes=30)
MOST_CERTIFICATES = 50


class Counter:
    """What officers at a counter do for a person."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        subscribers: Subscribers,
        applications: Applications,
        profiles: OpenProfiles,
        inquiries: CertificateInquiries,
        revocation: Revocation,
        acts: OfficeActs,
        clock: Clock,
    ) -> None:
        self._database = database
        self._people = people
        self._subscribers = subscribers
        self._applications = applications
        self._profiles = profiles
        self._inquiries = inquiries
        self._revocation = revocation
        self._acts = acts
        self._clock = clock

    def known(self, document: SeenDocument) -> Person | None:
        """Return whom a document identifies, None for one not taken up. Raises NotIdentified."""
        document.check(self._clock.now().astimezone(PHNOM_PENH).date())
        return self._people.find_by_identifier(document.kind, document.number, document.country)

    def take_up(self, details: PersonDetails) -> Person:
        """Take a person up who was never here. Raises PersonRefused or IdentifierTaken."""
        return self._people.add(details)

    def identify(
        self, person: Person, document: SeenDocument, *, officer: Principal, act_id: str
    ) -> Visit:
        """Begin a visit; again with the same act, it is the same one.

        Raises NotIdentified, OwnVisit and Unavailable.
        """
        now = self._clock.now()
        document.check(now.astimezone(PHNOM_PENH).date())
        seen: dict[str, JsonValue] = {
            "document": str(document.kind),
            "number": document.number,
            "person": person.id,
            "photo_compared": document.photo_compared,
            "valid_until": document.valid_until.isoformat(),
        }
        try:
            with self._database.begin() as connection:
                if behind(connection, officer.id).person == person.id:
                    raise OwnVisit("Another officer serves you.")
                connection.execute(
                    insert(counter_visits).values(
                        id=act_id,
                        officer=officer.id,
                        person=person.id,
                        opened_at=now,
                        ends_at=now + VISIT,
                    )
                )
                self._record(connection, act_id, ActKind.IDENTIFIED, officer, seen)
        except IntegrityError:
            return self.visit(act_id, officer=officer)
        return self.visit(act_id, officer=officer)

    def visit(self, visit_id: str, *, officer: Principal) -> Visit:
        """Return an officer's own visit that is not over. Raises VisitUnknown or VisitOver."""
        query = select(counter_visits).where(
            counter_visits.c.id == visit_id, counter_visits.c.officer == officer.id
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise VisitUnknown("There is no visit of this number with you.")
            if row.ends_at <= self._clock.now():
                raise VisitOver("Identify the person again.", kept="What was done before stands.")
            person = find_person(connection, row.person)
        return Visit(row.id, row.officer, person, row.opened_at, row.ends_at)

    def certificates_of(self, person: Person) -> Sequence[RegisteredCertificate]:
        """Return a person's certificates, newest first."""
        found = [
            one
            for holder in holders_of(person)
            for one in self._inquiries.page(
                Inquiry(holder=holder), limit=MOST_CERTIFICATES
            ).certificates
        ]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def applications_of(self, person: Person) -> Sequence[Application]:
        """Return a person's applications, newest first."""
        found = [
            one
            for holder in holders_of(person)
            for one in self._applications.page(limit=MOST_CERTIFICATES, holder=holder)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)

    def places_of(self, person: Person) -> Sequence[Employment]:
        """Return where a person serves now."""
        found = self._people.employments_of(person.id)
        return [one for one in found if one.state is EmploymentState.LISTED]

    def profiles(self) -> Sequence[OpenProfile]:
        """Return what persons can apply for."""
        return [one for one in self._profiles.all() if one.name.startswith("person-")]

    def apply(
        self,
        visit: Visit,
        *,
        profile: str,
        csr: VerifiedCsr,
        institution: str | None,
        officer: Principal,
        act_id: str,
    ) -> Application:
        """Apply for the person, with a request from their own token. Others decide it.

        Raises NotTheirs, and as Applications.submit.
        """
        person = visit.person
        submission = Submission(
            profile=profile,
            csr=csr,
            holder=f"person:{identifier_of(person) or person.id}",
            facts=self._facts(person, profile, institution),
            institution=institution,
            evidence={"identified_at_counter": visit.id},
        )
        if (before := self._applied_by(act_id)) is not None:
            return before  # the same form, sent again
        # The applicant is the person, not the officer: whoever they are, they decide nothing of it.
        applicant = self._subscribers.enroll(person.id)
        application_id = new_act_id(self._clock.now())
        document: dict[str, JsonValue] = {
            "application": application_id,
            "person": person.id,
            "profile": profile,
        }
        try:
            return self._applications.submit(
                submission,
                applicant=applicant,
                application_id=application_id,
                beside=self._recording(act_id, ActKind.APPLIED, officer, document),
            )
        except ApplicationUnknown:
            # Sent twice at once: the other one was first, and this one left nothing.
            if (before := self._applied_by(act_id)) is None:
                raise
            return before

    def suspend(self, visit: Visit, number: int, *, officer: Principal, act_id: str) -> None:
        """Suspend a certificate of the person, whose key is lost. Raises NotTheirs, and as hold."""
        self._change(visit, number, ActKind.SUSPENDED, officer, act_id, self._revocation.hold)

    def release(self, visit: Visit, number: int, *, officer: Principal, act_id: str) -> None:
        """Release a suspended certificate of the person. Raises NotTheirs, and as release."""
        self._change(visit, number, ActKind.RELEASED, officer, act_id, self._revocation.release)

    def receipt(self, act_id: str, *, officer: Principal) -> OfficeAct:
        """Return the act that a receipt is about. Raises VisitUnknown for another officer's."""
        found = self._acts.find(act_id)
        if found is None or found.officer != officer.id:
            raise VisitUnknown("There is no receipt of this number with you.")
        return found

    def _applied_by(self, act_id: str) -> Application | None:
        act = self._acts.find(act_id)
        if act is None or "application" not in act.document:
            return None
        return self._applications.find(str(act.document["application"]))

    def _change(
        self,
        visit: Visit,
        number: int,
        kind: ActKind,
        officer: Principal,
        act_id: str,
        act: Callable[..., object],
    ) -> None:
        if self._acts.find(act_id) is not None:
            return  # the same form, sent again
        chosen = next((o for o in self.certificates_of(visit.person) if o.number == number), None)
        if chosen is None:
            raise NotTheirs("The person has no such certificate.")
        document: dict[str, JsonValue] = {
            "authority": chosen.authority,
            "person": visit.person.id,
            "serial_number": f"{chosen.serial_number:x}",
        }
        act(
            serial_number=chosen.serial_number,
            authority=chosen.authority,
            beside=self._recording(act_id, kind, officer, document),
        )

    def _facts(self, person: Person, profile: str, institution: str | None) -> dict[str, FactValue]:
        name, taken = person.details.name, self._profiles.open(profile).facts
        known: dict[str, str | None] = {
            "surname": name.surname_latin or name.surname_km,
            "given_name": name.given_name_latin or name.given_name_km,
            "identifier": identifier_of(person),
            "email": self._mail(person, institution),
        }
        return {one: value for one, value in known.items() if one in taken and value is not None}

    def _mail(self, person: Person, institution: str | None) -> str | None:
        if institution is None:
            return None
        for one in self.places_of(person):
            if one.institution == institution:
                return one.place.official_mail
        raise NotTheirs("The person does not serve there.")

    def _recording(
        self, act_id: str, kind: ActKind, officer: Principal, document: dict[str, JsonValue]
    ) -> Callable[[Connection], None]:
        return lambda connection: self._record(connection, act_id, kind, officer, document)

    def _record(
        self,
        connection: Connection,
        act_id: str,
        kind: ActKind,
        officer: Principal,
        document: dict[str, JsonValue],
    ) -> None:
        self._acts.record(
            connection,
            act_id=act_id,
            kind=kind,
            officer=officer.id,
            institution=officer.institution,
            document=document,
        )
