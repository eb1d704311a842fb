"""The enrolment API, ``/enrollment/v1``: submit, look up, decide, fetch, revoke."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from ca.csr import verify_csr
from ca.revocation.errors import AlreadyRevoked, CertificateExpired, InvalidityDateRefused
from ca.revocation.reasons import RevocationReason
from core.access import Permission
from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields, NotAcceptable
from core.web.step_up import steps_up
from enrollment.answers import Answer
from enrollment.application import Application, Verdict
from enrollment.applications import Submission
from enrollment.decisions import DecisionToMake
from enrollment.errors import (
    ApplicationClosed,
    ApplicationExpired,
    ApplicationNotReturned,
    ApplicationUnknown,
    DecidedBefore,
    NotIssuedYet,
    OwnApplication,
)
from enrollment.jurisdiction import NATION, Jurisdiction
from enrollment.messages import (
    AnswerMessage,
    ApplicationView,
    ApprovalMessage,
    CertificateView,
    PageQuery,
    PageView,
    PrincipalView,
    ProfilesView,
    QuestionMessage,
    RefusalMessage,
    RevocationMessage,
    StandingView,
    profile_view_of,
    summary_of,
    view_of,
)
from enrollment.permissions import DECIDE, READ, READ_OWN, REVOKE, REVOKE_OWN, SUBMIT
from enrollment.profiles import OpenProfiles
from enrollment.registration_authority import RegistrationAuthority
from enrollment.submissions import (
    CSR_REFUSALS,
    HOLDER_HEADER,
    PKCS10,
    REFUSALS,
    REQUEST_BODY,
    SUBMISSION_PARAMETERS,
    submission_in_json,
    submission_in_pkcs10,
)
from enrollment.wire_certificates import (
    CERTIFICATE_RESPONSES,
    CHAIN_TYPES,
    as_message,
    in_type,
)

BLUEPRINT = "enrollment"
enrollment = APIBlueprint(BLUEPRINT, __name__, url_prefix="/enrollment/v1")
_KEY = "camtrust_enrollment"
DECISION_REFUSALS: tuple[type[CamtrustError], ...] = (
    ApplicationUnknown,
    OwnApplication,
    DecidedBefore,
    ApplicationClosed,
    ApplicationExpired,
)


def mount_enrollment(app: Flask, registration: RegistrationAuthority) -> None:
    """Serve the enrolment API from ``app``."""
    app.extensions[_KEY] = registration
    app.register_blueprint(enrollment)


@enrollment.get("/me")
@requires(READ, READ_OWN)
@enrollment.output(PrincipalView)
def whoami() -> PrincipalView:
    """Say who you are signed in as."""
    principal = current_principal()
    scopes = principal.scopes
    return PrincipalView(
        id=principal.id,
        role=principal.role,
        institution=principal.institution,
        scopes=None if scopes is None else tuple(sorted(scopes)),
    )


@enrollment.get("/profiles")
@requires(SUBMIT, READ, READ_OWN)
@enrollment.output(ProfilesView)
def list_profiles() -> ProfilesView:
    """List the kinds of certificates that can be applied for."""
    return ProfilesView(profiles=tuple(map(profile_view_of, _registration().profiles.all())))


@enrollment.post("/applications")
@requires(SUBMIT)
@reads(JSON, PKCS10)
@may_refuse(*REFUSALS)
@idempotent
@enrollment.doc(extensions={"requestBody": REQUEST_BODY, "parameters": SUBMISSION_PARAMETERS})
@enrollment.output(ApplicationView, status_code=201)
def submit() -> Any:
    """Apply for a certificate.

    The submitter is the applicant of record and cannot decide. Send JSON, or the PKCS #10
    request itself as application/pkcs10 (RFC 5967) with `profile` in the query and the holder
    in `Camtrust-Holder`; the facts are then those that the request states.
    """
    registration = _registration()
    application = registration.applications.submit(
        _submission(registration.profiles),
        applicant=current_principal().id,
        application_id=act_id(),
    )
    location = f"{enrollment.url_prefix}/applications/{application.id}"
    return view_of(application), 201, {"Location": location}


@enrollment.get("/applications")
@requires(READ, READ_OWN)
@may_refuse(CursorMalformed, InvalidFields)
@enrollment.input(PageQuery, location="query")
@enrollment.output(PageView)
def list_applications(query_data: PageQuery) -> PageView:
    """List applications, newest first; a service sees its own."""
    found = _registration().applications.page(
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
        states=() if query_data.state is None else (query_data.state,),
        applicant=_own_only(READ),
        within=_within(READ),
    )
    shown = found[: query_data.limit]
    return PageView(
        applications=tuple(map(summary_of, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@enrollment.get("/applications/<application_id>")
@requires(READ, READ_OWN)
@may_refuse(ApplicationUnknown)
@enrollment.output(ApplicationView)
def show_application(application_id: str) -> ApplicationView:
    """Show an application with its decisions."""
    return view_of(_find(application_id, READ))


@enrollment.post("/applications/<application_id>/approval")
@requires(DECIDE)
@reads(JSON)
@may_refuse(*DECISION_REFUSALS)
@idempotent
@steps_up
@enrollment.input(ApprovalMessage, location="json")
@enrollment.output(ApplicationView)
def approve(application_id: str, json_data: ApprovalMessage) -> ApplicationView:
    """Approve an application. With the last approval that it needs, the certificate is issued.

    If a part of the service is away, the application stays `approved` and is issued as soon as
    the part is back.
    """
    return _decide(application_id, Verdict.APPROVED, None)


@enrollment.post("/applications/<application_id>/refusal")
@requires(DECIDE)
@reads(JSON)
@may_refuse(*DECISION_REFUSALS)
@idempotent
@steps_up
@enrollment.input(RefusalMessage, location="json")
@enrollment.output(ApplicationView)
def refuse(application_id: str, json_data: RefusalMessage) -> ApplicationView:
    """Refuse an application, with the reason."""
    return _decide(application_id, Verdict.REFUSED, json_data.reason)


@enrollment.post("/applications/<application_id>/question")
@requires(DECIDE)
@reads(JSON)
@may_refuse(*DECISION_REFUSALS)
@idempotent
@steps_up
@enrollment.input(QuestionMessage, location="json")
@enrollment.output(ApplicationView)
def ask_back(application_id: str, json_data: QuestionMessage) -> ApplicationView:
    """Return an application to its applicant with a question; once answered, it comes back."""
    return _decide(application_id, Verdict.RETURNED, json_data.question)


@enrollment.post("/applications/<application_id>/answer")
@requires(SUBMIT)
@reads(JSON)
@may_refuse(ApplicationUnknown, ApplicationNotReturned, ApplicationExpired, *CSR_REFUSALS)
@idempotent
@enrollment.input(AnswerMessage, location="json")
@enrollment.output(ApplicationView)
def answer(application_id: str, json_data: AnswerMessage) -> ApplicationView:
    """Answer an officer's question, with corrections if need be: it is submitted anew.

    Approvals that it had before count no more.
    """
    csr = None if json_data.csr is None else verify_csr(json_data.csr.encode())
    answered = _registration().answers.answer(
        application_id,
        Answer(json_data.answer, json_data.facts, csr),
        applicant=current_principal().id,
    )
    return view_of(answered)


@enrollment.get("/applications/<application_id>/certificate")
@requires(READ, READ_OWN)
@may_refuse(ApplicationUnknown, NotIssuedYet, NotAcceptable)
@enrollment.doc(responses=CERTIFICATE_RESPONSES)
@enrollment.output(CertificateView)
def fetch_certificate(application_id: str) -> Any:
    """Fetch the certificate with its chain and the proof that it is in the log.

    `Accept: application/pkix-cert` gets the certificate alone in DER,
    `application/pem-certificate-chain` the certificate and its issuers in PEM (RFC 8555,
    Section 9.1), the anchor left out.
    """
    delivered = _registration().delivery.certificate_of(_find(application_id, READ))
    # RFC 9110, Section 12.5.1: without Accept any type will do.
    accepted = request.accept_mimetypes
    wanted = accepted.best_match([JSON, *CHAIN_TYPES]) if accepted else JSON
    if wanted is None:
        raise NotAcceptable(f"Accept {JSON}, {' or '.join(CHAIN_TYPES)}.")
    if wanted == JSON:
        return as_message(delivered)
    return Response(in_type(delivered, wanted), content_type=wanted)


@enrollment.post("/applications/<application_id>/revocation")
@requires(REVOKE, REVOKE_OWN)
@reads(JSON)
@may_refuse(
    ApplicationUnknown, NotIssuedYet, AlreadyRevoked, CertificateExpired, InvalidityDateRefused
)
@idempotent
@steps_up
@enrollment.input(RevocationMessage, location="json")
@enrollment.output(StandingView)
def revoke(application_id: str, json_data: RevocationMessage) -> StandingView:
    """Revoke the certificate of an application; again with the same reason changes nothing."""
    registration = _registration()
    application = _find(application_id, REVOKE)
    delivered = registration.delivery.certificate_of(application)
    record = registration.revocation.revoke(
        serial_number=delivered.serial_number,
        authority=delivered.authority,
        reason=RevocationReason(json_data.reason),
        invalidity_date=json_data.invalidity_date,
    )
    return StandingView(
        authority=record.authority,
        serial_number=f"{record.serial_number:x}",
        standing=record.standing,
        reason=record.reason,
        revoked_at=record.revoked_at,
    )


def _registration() -> RegistrationAuthority:
    registration: RegistrationAuthority = current_app.extensions[_KEY]
    return registration


def _submission(profiles: OpenProfiles) -> Submission:
    if request.mimetype != PKCS10:
        return submission_in_json(request.get_json())
    return submission_in_pkcs10(
        request.get_data(),
        profile=request.args.get("profile", ""),
        holder=request.headers.get(HOLDER_HEADER, ""),
        profiles=profiles,
    )


def _own_only(permission_for_all: Permission) -> str | None:
    principal = current_principal()
    may_see_all = _registration().policy.is_granted(principal, permission_for_all)
    return None if may_see_all else principal.id


def _find(application_id: str, permission_for_all: Permission) -> Application:
    return _registration().applications.find(
        application_id,
        applicant=_own_only(permission_for_all),
        within=_within(permission_for_all),
    )


def _within(permission_for_all: Permission) -> Jurisdiction:
    # What somebody applied for themselves is theirs, whoever decides it.
    own = _own_only(permission_for_all) is not None
    return NATION if own else Jurisdiction.of(current_principal())


def _decide(application_id: str, verdict: Verdict, reason: str | None) -> ApplicationView:
    registration = _registration()
    application = registration.decisions.decide(
        application_id, DecisionToMake(act_id(), current_principal().id, verdict, reason)
    )
    return view_of(registration.delivery.issue_if_approved(application))
