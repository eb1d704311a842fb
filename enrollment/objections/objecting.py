"""Take an objection to the responsible office, and carry out what its answer says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TypedDict

from ca.revocation.errors import AlreadyRevoked, NotOnHold
from ca.revocation.revocation import Revocation
from ca.revocation.standing import RevocationRecord
from core.database import Database
from enrollment.application import Application, unknown
from enrollment.applications import Applications
from enrollment.errors import NotIssuedYet
from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.objection import About, Objection, ObjectionToRaise, Outcome
from enrollment.objections.objections import Objections
from enrollment.subscriber.dossier import Dossiers, holders_of


class _Certificate(TypedDict):
    authority: str
    serial_number: int


class Objecting:
    """Knows whose office is responsible, and that a granted release is a release."""

    def __init__(
        self,
        *,
        database: Database,
        objections: Objections,
        applications: Applications,
        dossiers: Dossiers,
        revocation: Revocation,
    ) -> None:
        self._database = database
        self._objections = objections
        self._applications = applications
        self._dossiers = dossiers
        self._revocation = revocation

    def raise_objection(self, wanted: ObjectionToRaise) -> Objection:
        """Raise an objection with the office of the application, or of who lists the person.

        Raises ApplicationUnknown for another's application, NotListed, and as Objections.
        """
        institution = None
        if wanted.application is not None:
            institution = self._application(wanted).institution
        if institution is None:
            listed = self._dossiers.of(wanted.person, institution=wanted.institution or None)
            institution = listed.institution
        return self._objections.raise_objection(replace(wanted, institution=institution))

    def answer(
        self,
        objection_id: str,
        *,
        outcome: Outcome,
        answer: str,
        answered_by: str,
        seen_by: Jurisdiction,
    ) -> Objection:
        """Answer an objection; where it asked for a release and is granted, release.

        The answer comes first: it decides which officer's word counts. Cut in between, the same
        answer sent again releases. Raises as Objections.answer and Revocation.release.
        """
        answered = self._objections.answer(
            objection_id,
            outcome=outcome,
            answer=answer,
            answered_by=answered_by,
            seen_by=seen_by,
        )
        if answered.about is About.SUSPENSION and answered.outcome is Outcome.ACCEPTED:
            self._release(answered)
        return answered

    def suspend(self, application_id: str, *, seen_by: Jurisdiction) -> RevocationRecord:
        """Suspend a certificate for its institution. Raises ApplicationUnknown, and as hold."""
        return self._revocation.hold(**self._certificate(application_id, seen_by))

    def release(self, application_id: str, *, seen_by: Jurisdiction) -> RevocationRecord:
        """Release it. Raises ApplicationUnknown, and as Revocation.release."""
        return self._revocation.release(**self._certificate(application_id, seen_by))

    def _certificate(self, application_id: str, seen_by: Jurisdiction) -> _Certificate:
        found = self._applications.find(application_id, within=seen_by)
        if found.serial_number is None or found.authority is None:
            raise NotIssuedYet(
                f"There is no certificate: the application is {found.state}.",
                state=str(found.state),
            )
        return {"authority": found.authority, "serial_number": found.serial_number}

    def _release(self, answered: Objection) -> None:
        application = self._applications.find(answered.application or "")
        if application.serial_number is None:
            return
        # Released or revoked meanwhile: the page says how it stands.
        with suppress(NotOnHold, AlreadyRevoked):
            self._revocation.release(
                serial_number=application.serial_number, authority=application.authority
            )

    def _application(self, wanted: ObjectionToRaise) -> Application:
        found = self._applications.find(wanted.application or "")
        with self._database.read() as connection:
            mine = holders_of(connection, wanted.person)
        if found.holder not in mine:
            raise unknown()
        return found
