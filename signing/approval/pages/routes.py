"""``/approvals``: what waits for somebody, and what they do with it.

Opening a page changes nothing; only forms of ours act. They stand at the public listener, where
people are signed in. Layout, passkey script and the page of refusals are other rooms':
``camtrust/`` hands them over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Flask, Response, redirect, render_template, request, send_file, url_for

from core.errors import CamtrustError, Conflict, Forbidden, TooMany
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON
from core.web.forms import takes_form
from core.web.languages import Language, language
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from signing.approval.approval import Approval, ParticipantState
from signing.approval.desk import ApprovalDesk
from signing.approval.errors import (
    NotYourTurn,
    ParticipantUnsuitable,
    RevisionMoved,
    SigningOutdated,
    SomebodySigns,
    WordsUnsuitable,
)
from signing.approval.notices import PATH
from signing.approval.pages import labels
from signing.approval.pages.deputies.routes import serve_deputies
from signing.approval.pages.starting.routes import serve_starting
from signing.approval.permissions import TAKE_PART
from signing.credentials.errors import PinBusy, PinRefused, SecondFactorRefused
from signing.documents.errors import StatusUnavailable, TimestampUnavailable
from signing.documents.stamps.content import Words

TEXTS = Path(__file__).parent / "locale"
NAME = "approval_pages"
PDF = "application/pdf"
ONE = "/<approval_id>"
PLACE = f"{ONE}/<int:number>"
# Attempts of one address; many people may share it.
ATTEMPTS = "60 per minute"
MOST_SHOWN = 100
# What its reader can put right in the form; anything else is a page of its own.
_MISTAKES = (
    PinRefused,
    PinBusy,
    SecondFactorRefused,
    RevisionMoved,
    SigningOutdated,
    SomebodySigns,
    TimestampUnavailable,
    StatusUnavailable,
    WordsUnsuitable,
    ParticipantUnsuitable,
)


@dataclass(frozen=True)
class ApprovalPages:
    """What the pages work with, and what they are built upon.

    ``layout`` and ``passkey_parts`` are templates: the page around these, and the macro ``trouble``
    that brings the passkeys' script. ``context`` is what the layout needs.
    """

    desk: ApprovalDesk
    layout: str
    passkey_parts: str
    context: Callable[[], Mapping[str, Any]]
    refusal_page: Callable[[CamtrustError, int], str]


def approval_pages_blueprint(pages: Callable[[], ApprovalPages]) -> APIBlueprint:
    """Return the routes; ``pages`` is asked at each request."""
    blueprint = APIBlueprint(
        NAME, __name__, url_prefix=PATH, template_folder="templates", enable_openapi=False
    )
    blueprint.record_once(
        lambda state: show_problems_as_pages(
            cast(Flask, state.app), PATH, lambda error, status: pages().refusal_page(error, status)
        )
    )

    @blueprint.context_processor
    def for_templates() -> dict[str, Any]:
        found = pages()
        return {
            **found.context(),
            "layout": found.layout,
            "passkey_parts": found.passkey_parts,
            "texts": labels,
            "said": said_here,
            "name_in": lambda person, institution: said_here(
                found.desk.colleague(person, institution).name
            ),
            "institution_in": lambda one: said_here(found.desk.directory.institution_name(one)),
        }

    # Before the paths with a circulation's id.
    serve_deputies(blueprint, lambda: pages().desk)
    serve_starting(blueprint, lambda: pages().desk)
    _serve_reading(blueprint, pages)
    _serve_signing(blueprint, pages)
    _serve_words(blueprint, pages)
    _serve_requester(blueprint, pages)
    return blueprint


def said_here(words: Words) -> str:
    """Return words in the language of the page, or in the other where they are missing."""
    both = (words.khmer, words.english)
    first, second = both if language() is Language.KHMER else reversed(both)
    return first or second


def to_document(approval_id: str) -> Any:
    """Lead back to a circulation's page."""
    return redirect(url_for(f"{NAME}.show", approval_id=approval_id), 303)


def _serve_reading(blueprint: APIBlueprint, pages: Callable[[], ApprovalPages]) -> None:
    @blueprint.get("")
    @requires(TAKE_PART)
    def waiting() -> str:
        """Show what waits for somebody, and what they had to do with."""
        person, desk = current_principal().id, pages().desk
        return render_template(
            "approval/waiting.html",
            waiting=desk.sight.waiting(person, limit=MOST_SHOWN),
            may_start=bool(desk.starting.open_to(person)),
            known=desk.sight.known(person, limit=MOST_SHOWN),
            now=desk.clock.now(),
        )

    @blueprint.get(ONE)
    @requires(TAKE_PART)
    def show(approval_id: str) -> str:
        """Show a circulation: who acted, who is to act, and the forms of whoever looks."""
        return show_approval(pages(), approval_id)

    @blueprint.get(f"{ONE}/document.pdf")
    @requires(TAKE_PART)
    def document(approval_id: str) -> Response:
        """Hand the document out, to be shown in the browser or kept."""
        desk = pages().desk
        found = desk.sight.seen(approval_id, current_principal().id)
        # Its title would name the matter in a folder of downloads.
        return send_file(
            desk.document(found),
            mimetype=PDF,
            as_attachment=request.args.get("keep") == "yes",
            download_name=f"document-{found.revision}.pdf",
        )


def _serve_signing(blueprint: APIBlueprint, pages: Callable[[], ApprovalPages]) -> None:
    @blueprint.post(f"{PLACE}/question/<int:revision>")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def ask(approval_id: str, number: int, revision: int) -> Response:
        """Prepare a signature over what was seen, and hand out what the passkey is asked."""
        question = pages().desk.signing.question(
            approval_id, number, current_principal().id, revision=revision
        )
        return Response(question, content_type=JSON)

    @blueprint.post(f"{PLACE}/signature")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def sign(approval_id: str, number: int) -> Any:
        """Sign."""
        person, desk = current_principal().id, pages().desk
        return _do(
            pages(),
            approval_id,
            number,
            lambda: desk.signing.sign(
                approval_id,
                number,
                person,
                pin=request.form.get("pin", ""),
                proof=request.form.get("assertion"),
            ),
        )


def _serve_words(blueprint: APIBlueprint, pages: Callable[[], ApprovalPages]) -> None:
    @blueprint.post(f"{PLACE}/refusal")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def refuse(approval_id: str, number: int) -> Any:
        """Refuse, with a reason: the circulation ends."""
        person, desk, reason = current_principal().id, pages().desk, request.form.get("reason", "")
        return _do(
            pages(),
            approval_id,
            number,
            lambda: desk.taking_part.refuse(approval_id, number, person, reason=reason),
        )

    @blueprint.post(f"{PLACE}/acknowledgement")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def acknowledge(approval_id: str, number: int) -> Any:
        """Mark as seen and forwarded."""
        person, desk = current_principal().id, pages().desk
        opinion = request.form.get("opinion", "")
        return _do(
            pages(),
            approval_id,
            number,
            lambda: desk.taking_part.acknowledge(approval_id, number, person, opinion=opinion),
        )


def _serve_requester(blueprint: APIBlueprint, pages: Callable[[], ApprovalPages]) -> None:
    @blueprint.post(f"{ONE}/cancellation")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def cancel(approval_id: str) -> Any:
        """End a circulation that one started."""
        person, desk, reason = current_principal().id, pages().desk, request.form.get("reason", "")
        return _do(
            pages(),
            approval_id,
            None,
            lambda: desk.changing.cancel(approval_id, person, reason=reason),
        )

    @blueprint.post(f"{PLACE}/replacement")
    @requires(TAKE_PART)
    @limited(ATTEMPTS)
    @takes_form
    def replace(approval_id: str, number: int) -> Any:
        """Ask another in somebody's place."""
        person, desk = current_principal().id, pages().desk
        staff_number = request.form.get("staff_number", "").strip()
        return _do(
            pages(),
            approval_id,
            None,
            lambda: desk.changing.replace(
                approval_id, person, number=number, staff_number=staff_number
            ),
        )


def show_approval(
    pages: ApprovalPages,
    approval_id: str,
    mistake: CamtrustError | None = None,
    number: int | None = None,
) -> str:
    """Return the page of a circulation, with what was wrong in a form of it.

    ``number``: in whose place the form acts; None for one of whoever started it.
    """
    desk, person = pages.desk, current_principal().id
    found = desk.sight.seen(approval_id, person)
    places = desk.sight.places(found, person)
    return render_template(
        "approval/one.html",
        one=found,
        places=places,
        is_mine=found.requester == person,
        can_act={
            person.number: desk.can_act(person, found.institution)
            for person in found.participants
            if found.is_turn_of(person)
        },
        erased=found.erased_at is not None,
        mistake=mistake,
        mistaken_number=number,
    )


def _do(
    pages: ApprovalPages, approval_id: str, number: int | None, act: Callable[[], Approval]
) -> Any:
    try:
        act()
    except NotYourTurn:
        # The form was sent twice, or its answer got lost: what was done is shown.
        if number is None or not _was_done_by(pages, approval_id, number):
            raise
    except _MISTAKES as mistake:
        return show_approval(pages, approval_id, mistake, number), status_of(mistake)
    return to_document(approval_id)


def _was_done_by(pages: ApprovalPages, approval_id: str, number: int) -> bool:
    person = current_principal().id
    found: Approval = pages.desk.sight.seen(approval_id, person)
    return found.participant(number).state is not ParticipantState.WAITING and any(
        act.participant == number and act.by == person for act in found.acts
    )


def status_of(mistake: CamtrustError) -> int:
    """Return the status of a page that shows a mistake."""
    if isinstance(mistake, TooMany):
        return 429
    if isinstance(mistake, TimestampUnavailable | StatusUnavailable):
        return 503
    if isinstance(mistake, Conflict):
        return 409
    return 403 if isinstance(mistake, Forbidden) else 422
