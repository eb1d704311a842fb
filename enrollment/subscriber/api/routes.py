"""``/enrollment/v1/bundles`` and ``/enrollment/v1/objections``: for institutions' systems."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask

from ca.csr import verify_csr
from ca.revocation.errors import AlreadyRevoked, CertificateExpired, NotOnHold
from core.access import Role
from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.errors import ApplicationUnknown, NotIssuedYet
from enrollment.holding.renewals import RenewalToSubmit
from enrollment.jurisdiction import Jurisdiction
from enrollment.messages import CertificateView, Message, StandingView
from enrollment.objections.errors import ObjectionAnswered, ObjectionUnknown, OwnObjection
from enrollment.objections.objection import ObjectionToRaise
from enrollment.permissions import (
    ANSWER_OBJECTION,
    APPLY_FOR_PEOPLE,
    OBJECT_FOR_PEOPLE,
    READ,
    RELEASE,
    SUSPEND,
)
from enrollment.submissions import CSR_REFUSALS
from enrollment.subscriber.api.messages import (
    AnswerToObjectionMessage,
    BundleMessage,
    BundleView,
    ObjectionMessage,
    ObjectionsQuery,
    ObjectionsView,
    ObjectionView,
    RenewalMessage,
    bundle_view_of,
    objection_view_of,
)
from enrollment.subscriber.errors import (
    BundleUnknown,
    CertificateNotOffered,
    DraftInTheWay,
    EvidenceMissing,
    KeyUsedBefore,
    ListedDataMissing,
    NotHeld,
    NotListed,
    RenewalNeedsKey,
    RenewalNotOpen,
)
from enrollment.subscriber.for_people import BundleToSubmit, Said
from enrollment.subscriber.routes import pages
from enrollment.wire_certificates import as_message

bundles_api = APIBlueprint("bundles", __name__, url_prefix="/enrollment/v1")
PAGE_SIZE = 50
NOWHERE = Jurisdiction("")
BUNDLE_REFUSALS: tuple[type[CamtrustError], ...] = (
    NotListed,
    ListedDataMissing,
    CertificateNotOffered,
    EvidenceMissing,
    KeyUsedBefore,
    *CSR_REFUSALS,
)
RENEWAL_REFUSALS: tuple[type[CamtrustError], ...] = (
    NotHeld,
    RenewalNotOpen,
    RenewalNeedsKey,
    DraftInTheWay,
    *BUNDLE_REFUSALS,
)


class NothingMessage(Message):
    """The path says it all."""


def mount_bundles_api(app: Flask) -> None:
    """Serve the API from ``app``."""
    app.register_blueprint(bundles_api)


@bundles_api.post("/bundles")
@requires(APPLY_FOR_PEOPLE)
@reads(JSON)
@may_refuse(*BUNDLE_REFUSALS)
@idempotent
@bundles_api.input(BundleMessage, location="json")
@bundles_api.output(BundleView, status_code=201)
def submit_bundle(json_data: BundleMessage) -> Any:
    """Apply for up to four certificates of one person: all of them, or none.

    The person is the applicant; what is certified comes from your institution's list.
    """
    taken = pages().bundles_for_people.submit(
        BundleToSubmit(
            institution=_institution(json_data.institution),
            staff_number=json_data.staff_number,
            requests={one: verify_csr(pem.encode()) for one, pem in json_data.requests.items()},
            evidence=json_data.evidence,
            document_number=json_data.document_number,
        ),
        seen_by=_seen(),
        bundle_id=act_id(),
    )
    return _created(taken.id)


@bundles_api.get("/bundles/<bundle_id>")
@requires(READ, APPLY_FOR_PEOPLE)
@may_refuse(BundleUnknown)
@bundles_api.output(BundleView)
def show_bundle(bundle_id: str) -> BundleView:
    """Show how a bundle stands."""
    return bundle_view_of(pages().bundles.find(bundle_id, seen_by=_seen()))


@bundles_api.get("/bundles/<bundle_id>/applications/<application_id>/certificate")
@requires(READ, APPLY_FOR_PEOPLE)
@may_refuse(BundleUnknown, ApplicationUnknown, NotIssuedYet)
@bundles_api.output(CertificateView)
def fetch_from_bundle(bundle_id: str, application_id: str) -> CertificateView:
    """Fetch a certificate of a bundle with its chain and the proof that it is in the log."""
    found = pages().bundles.find(bundle_id, seen_by=_seen())
    return as_message(pages().delivery.certificate_of(found.application(application_id)))


@bundles_api.post("/applications/<application_id>/renewal")
@requires(APPLY_FOR_PEOPLE)
@reads(JSON)
@may_refuse(*RENEWAL_REFUSALS)
@idempotent
@bundles_api.input(RenewalMessage, location="json")
@bundles_api.output(BundleView, status_code=201)
def renew(application_id: str, json_data: RenewalMessage) -> Any:
    """Renew a person's certificate in one call, from 60 days before its end.

    Asked again, it is the same renewal. Officers decide it as they do on the person's pages.
    """
    csr = None if json_data.csr is None else verify_csr(json_data.csr.encode())
    said = Said(json_data.evidence, json_data.document_number)
    taken = pages().renewals.at_once(
        RenewalToSubmit(application_id, csr, said), seen_by=_seen(), bundle_id=act_id()
    )
    return _created(taken.id)


@bundles_api.post("/applications/<application_id>/suspension")
@requires(SUSPEND)
@reads(JSON)
@may_refuse(ApplicationUnknown, NotIssuedYet, AlreadyRevoked, CertificateExpired)
@idempotent
@steps_up
@bundles_api.input(NothingMessage, location="json")
@bundles_api.output(StandingView)
def suspend(application_id: str, json_data: NothingMessage) -> StandingView:
    """Suspend the certificate of an application of your institution; again changes nothing."""
    return _standing(pages().objecting.suspend(application_id, seen_by=_seen()))


@bundles_api.post("/applications/<application_id>/release")
@requires(RELEASE)
@reads(JSON)
@may_refuse(ApplicationUnknown, NotIssuedYet, AlreadyRevoked, NotOnHold)
@idempotent
@steps_up
@bundles_api.input(NothingMessage, location="json")
@bundles_api.output(StandingView)
def release(application_id: str, json_data: NothingMessage) -> StandingView:
    """Release a suspended certificate of your institution."""
    return _standing(pages().objecting.release(application_id, seen_by=_seen()))


@bundles_api.post("/objections")
@requires(OBJECT_FOR_PEOPLE)
@reads(JSON)
@may_refuse(NotListed, ApplicationUnknown)
@idempotent
@bundles_api.input(ObjectionMessage, location="json")
@bundles_api.output(ObjectionView, status_code=201)
def raise_objection(json_data: ObjectionMessage) -> Any:
    """Say for a person that something is wrong; the responsible office answers."""
    institution = _institution(json_data.institution)
    person = pages().bundles_for_people.person_of(
        institution, json_data.staff_number, seen_by=_seen()
    )
    pages().bundles_for_people.let_sign_in(person)
    raised = pages().objecting.raise_objection(
        ObjectionToRaise(
            id=act_id(),
            person=person,
            about=json_data.about,
            text=json_data.text,
            application=json_data.application,
            document_number=json_data.document_number,
            institution=institution,
        )
    )
    location = f"{bundles_api.url_prefix}/objections/{raised.id}"
    return objection_view_of(raised), 201, {"Location": location}


@bundles_api.get("/objections")
@requires(READ, OBJECT_FOR_PEOPLE)
@may_refuse(CursorMalformed, InvalidFields)
@bundles_api.input(ObjectionsQuery, location="query")
@bundles_api.output(ObjectionsView)
def list_objections(query_data: ObjectionsQuery) -> ObjectionsView:
    """List the objections that wait, the first due first."""
    cursor = query_data.cursor
    found = pages().objections.page(
        _seen(),
        is_open=True,
        limit=PAGE_SIZE + 1,
        after=None if cursor is None else row_id_of(cursor),
    )
    shown = found[:PAGE_SIZE]
    return ObjectionsView(
        objections=tuple(map(objection_view_of, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@bundles_api.get("/objections/<objection_id>")
@requires(READ, OBJECT_FOR_PEOPLE)
@may_refuse(ObjectionUnknown)
@bundles_api.output(ObjectionView)
def show_objection(objection_id: str) -> ObjectionView:
    """Show an objection with its answer."""
    return objection_view_of(pages().objections.find(objection_id, seen_by=_seen()))


@bundles_api.post("/objections/<objection_id>/answer")
@requires(ANSWER_OBJECTION)
@reads(JSON)
@may_refuse(ObjectionUnknown, OwnObjection, ObjectionAnswered)
@idempotent
@steps_up
@bundles_api.input(AnswerToObjectionMessage, location="json")
@bundles_api.output(ObjectionView)
def answer_objection(objection_id: str, json_data: AnswerToObjectionMessage) -> ObjectionView:
    """Answer an objection; agreeing to a release releases the certificate."""
    answered = pages().objecting.answer(
        objection_id,
        outcome=json_data.outcome,
        answer=json_data.answer,
        answered_by=current_principal().id,
        seen_by=_seen(),
    )
    return objection_view_of(answered)


def _created(bundle_id: str) -> Any:
    view = bundle_view_of(pages().bundles.find(bundle_id, seen_by=_seen()))
    return view, 201, {"Location": f"{bundles_api.url_prefix}/bundles/{bundle_id}"}


def _seen() -> Jurisdiction:
    who = current_principal()
    if who.role is Role.SERVICE and who.institution is None:
        return NOWHERE  # a program has to do with an institution's people, or with nobody's
    return Jurisdiction.of(who)


def _institution(named: str | None) -> str:
    # Who has to do with the nation has to say whose list; another's looks as if it were not.
    return named or current_principal().institution or ""


def _standing(record: Any) -> StandingView:
    return StandingView(
        authority=record.authority,
        serial_number=f"{record.serial_number:x}",
        standing=record.standing,
        reason=record.reason,
        revoked_at=record.revoked_at,
    )
