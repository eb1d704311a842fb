"""Objections on a person's pages, ``/my/objections``, and the officers', ``/office/objections``."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, render_template, request

from core.digits import ascii_digits
from core.errors import CamtrustError
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form
from core.web.step_up import steps_up
from enrollment.jurisdiction import Jurisdiction
from enrollment.objections.errors import ObjectionMalformed
from enrollment.objections.objection import About, Objection, ObjectionToRaise, Outcome
from enrollment.office.routes import page_context
from enrollment.office.typed import act_named, is_reason, words
from enrollment.permissions import ANSWER_OBJECTION, OBJECT, READ
from enrollment.subscriber import labels
from enrollment.subscriber.routes import (
    PREFIX,
    institution_name,
    pages,
    personal_context,
    to_page,
)

PAGE_SIZE = 25
MOST_OWN = 50
objections = APIBlueprint("objections", __name__, template_folder="templates", enable_openapi=False)


def mount_objections(app: Flask) -> None:
    """Serve both sides' pages from ``app``."""
    app.register_blueprint(objections)


@objections.context_processor
def for_either_side() -> dict[str, Any]:
    """Give the templates of officers what officers' pages have, a person's what theirs have."""
    if request.path.startswith(PREFIX):
        return personal_context()
    return {**page_context(), "texts": labels, "name_of": institution_name}


@objections.get(f"{PREFIX}/objections")
@requires(OBJECT)
def mine() -> str:
    """Show what a person objected to."""
    found = pages().objections.of_person(current_principal().id, limit=MOST_OWN)
    return render_template("objections/mine.html", found=found)


@objections.post(f"{PREFIX}/objections")
@requires(OBJECT)
@takes_form
def raise_objection() -> Any:
    """Take "this is wrong" to the responsible office."""
    about = request.form.get("about", "")
    if about not in set(About):
        raise ObjectionMalformed("Open the page again and send its form once more.")
    raised = pages().objecting.raise_objection(
        ObjectionToRaise(
            id=act_named(request.form.get("act", "")),
            person=current_principal().id,
            about=About(about),
            text=words(request.form.get("text", "")),
            application=request.form.get("application") or None,
            institution=request.form.get("institution", ""),
            document_number=ascii_digits(request.form.get("document_number", "").strip()) or None,
        )
    )
    return to_page("objections.my_objection", objection_id=raised.id, done="sent")


@objections.get(f"{PREFIX}/objections/<objection_id>")
@requires(OBJECT)
def my_objection(objection_id: str) -> str:
    """Show an objection and its answer to who raised it."""
    one = pages().objections.find(objection_id, person=current_principal().id)
    sent = request.args.get("done") == "sent"
    return render_template("objections/my_objection.html", one=one, sent=sent)


@objections.get("/office/objections")
@requires(READ)
def office_list() -> str:
    """Show what the office has to answer, the first due first, or what it answered."""
    answered = request.args.get("answered") == "yes"
    cursor = request.args.get("after")
    found = pages().objections.page(
        _seen(),
        is_open=not answered,
        limit=PAGE_SIZE + 1,
        after=None if cursor is None else row_id_of(cursor),
    )
    shown = found[:PAGE_SIZE]
    following = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return render_template(
        "objections/office_list.html", found=shown, following=following, answered=answered
    )


@objections.get("/office/objections/<objection_id>")
@requires(READ)
def office_objection(objection_id: str) -> str:
    """Show one objection to an officer."""
    return _office_page(pages().objections.find(objection_id, seen_by=_seen()))


@objections.post("/office/objections/<objection_id>/answer")
@requires(ANSWER_OBJECTION)
@takes_form
@steps_up
def answer(objection_id: str) -> Any:
    """Answer an objection; agreeing to a release releases the certificate."""
    outcome, text = request.form.get("outcome", ""), words(request.form.get("answer", ""))
    if outcome not in set(Outcome) or not is_reason(text):
        one = pages().objections.find(objection_id, seen_by=_seen())
        return _office_page(one, mistaken=True, typed=text), 422
    pages().objecting.answer(
        objection_id,
        outcome=Outcome(outcome),
        answer=text,
        answered_by=current_principal().id,
        seen_by=_seen(),
    )
    return to_page("objections.office_objection", objection_id=objection_id)


def _seen() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _office_page(one: Objection, *, mistaken: bool = False, typed: str = "") -> str:
    return render_template(
        "objections/office_objection.html",
        one=one,
        holder=_name_of(one.person),
        mistaken=mistaken,
        typed=typed,
    )


def _name_of(person: str) -> str:
    # Whoever left the list may still be answered.
    try:
        name = pages().dossiers.of(person).record.details.name
    except CamtrustError:
        return person
    return name.khmer or name.latin or person
