"""``/counter/``: officers of One Window and commune offices serve who stands before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, redirect, render_template, request, url_for

from ca.csr import verify_csr
from core.errors import CamtrustError, Malformed, Unacceptable
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from core.web.languages import Language, language
from core.web.problems import show_problems_as_pages
from core.web.step_up import steps_up
from enrollment.counter.counter import Counter
from enrollment.counter.receipt import receipt_of
from enrollment.counter.typed import DOCUMENT, PERSON, read_document, read_person
from enrollment.counter.visit import SeenDocument, Visit
from enrollment.office.registration import Office
from enrollment.office.routes import at_hand, page_context, refusal_page
from enrollment.office.typed import act_named
from enrollment.people.person import Person
from enrollment.permissions import SERVE

PREFIX = "/counter"
counter = APIBlueprint(
    "counter", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)


def counter_context() -> dict[str, Any]:
    """Give the counter's templates its own first page."""
    return page_context() | {
        "home": url_for("counter.ask"),
        "back_here": _back_here(),
        "name_of": _name_of,
    }


def _name_of(institution_id: str) -> str:
    details = at_hand().desk.institutions.find(institution_id).details
    return details.name_km if language() is Language.KHMER else details.name_latin


counter.context_processor(counter_context)


def mount_counter(app: Flask, registration: Office) -> None:
    """Serve the counter's pages from ``app``, where the officers' pages are mounted already."""
    app.register_blueprint(counter)
    show_problems_as_pages(app, f"{PREFIX}/", _refusal_page)


@counter.get("/")
@requires(SERVE)
def ask() -> str:
    """Ask for the identity document of whoever stands there."""
    return _ask_page({})


@counter.post("/visits")
@requires(SERVE)
@takes_form
def identify() -> Any:
    """Begin a visit of the person whom a document identifies, or ask who they are."""
    try:
        document = read_document(request.form)
        person = _counter().known(document)
    except Unacceptable as refusal:
        return _ask_page(_typed(DOCUMENT), refusal), 422
    if person is None:
        return _new_person_page(document, {})
    return _begin(person, document)


@counter.post("/people")
@requires(SERVE)
@takes_form
@steps_up
def take_up() -> Any:
    """Take a person up whom no list named, and begin their visit."""
    document = read_document(request.form)
    person = _counter().known(document)
    try:
        person = person or _counter().take_up(read_person(request.form, document))
    except Unacceptable as refusal:
        return _new_person_page(document, _typed(PERSON), refusal), 422
    return _begin(person, document)


@counter.get("/visits/<visit_id>")
@requires(SERVE)
def visit(visit_id: str) -> str:
    """Show the person who is served, and what can be done for them."""
    return _visit_page(_visit(visit_id))


@counter.post("/visits/<visit_id>/applications")
@requires(SERVE)
@takes_form
@steps_up
def apply(visit_id: str) -> Any:
    """Apply for the person with a request from their own token."""
    served = _visit(visit_id)
    try:
        _counter().apply(
            served,
            profile=request.form.get("profile", ""),
            csr=verify_csr(request.form.get("csr", "").strip().encode()),
            institution=request.form.get("institution", "") or None,
            officer=current_principal(),
            act_id=_act(),
        )
    except (Malformed, Unacceptable) as refusal:
        return _visit_page(served, refusal, _typed(("profile", "csr", "institution"))), 422
    return _to_receipt()


@counter.post("/visits/<visit_id>/suspensions")
@requires(SERVE)
@takes_form
@steps_up
def suspend(visit_id: str) -> Any:
    """Suspend a certificate of the person, whose key is lost."""
    return _change(visit_id, _counter().suspend)


@counter.post("/visits/<visit_id>/releases")
@requires(SERVE)
@takes_form
@steps_up
def release(visit_id: str) -> Any:
    """Release a suspended certificate of the person, who was identified again."""
    return _change(visit_id, _counter().release)


@counter.get("/receipts/<act_id>")
@requires(SERVE)
def receipt(act_id: str) -> str:
    """Show the receipt of a service, to be printed."""
    act = _counter().receipt(act_id, officer=current_principal())
    institutions = at_hand().desk.institutions
    return render_template(
        "counter/receipt.html",
        receipt=receipt_of(act),
        office=None if act.institution is None else institutions.find(act.institution).details,
    )


def _counter() -> Counter:
    return at_hand().desk.counter


def _visit(visit_id: str) -> Visit:
    return _counter().visit(visit_id, officer=current_principal())


def _act() -> str:
    return act_named(request.form.get("act", ""))


def _begin(person: Person, document: SeenDocument) -> Any:
    begun = _counter().identify(person, document, officer=current_principal(), act_id=_act())
    return redirect(url_for("counter.visit", visit_id=begun.id), 303)


def _change(visit_id: str, change: Callable[..., None]) -> Any:
    number = request.form.get("certificate", "")
    change(
        _visit(visit_id),
        int(number) if number.isascii() and number.isdigit() else 0,
        officer=current_principal(),
        act_id=_act(),
    )
    return _to_receipt()


def _to_receipt() -> Any:
    return redirect(url_for("counter.receipt", act_id=_act()), 303)


def _typed(names: tuple[str, ...]) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


def _ask_page(typed: dict[str, str], refusal: CamtrustError | None = None) -> str:
    return render_template("counter/ask.html", typed=typed, refusal=refusal)


def _new_person_page(
    document: SeenDocument, typed: dict[str, str], refusal: CamtrustError | None = None
) -> str:
    return render_template(
        "counter/new_person.html",
        seen=_typed(DOCUMENT),
        document=document,
        typed=typed,
        refusal=refusal,
    )


def _visit_page(
    shown: Visit, refusal: CamtrustError | None = None, typed: dict[str, str] | None = None
) -> str:
    counter_of = _counter()
    return render_template(
        "counter/visit.html",
        visit=shown,
        certificates=counter_of.certificates_of(shown.person),
        applications=counter_of.applications_of(shown.person),
        places=counter_of.places_of(shown.person),
        offered=counter_of.profiles(),
        refusal=refusal,
        typed=typed or {},
    )


def _back_here() -> str:
    return request.full_path if request.method == "GET" else url_for("counter.ask")


def _refusal_page(error: CamtrustError, status: int) -> str:
    return refusal_page(error, status)
