"""``/office/lists`` and ``/office/institutions``. What they change, they change as the API does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, redirect, render_template, request, url_for

from core.digits import ascii_digits
from core.errors import CamtrustError, Conflict, Malformed, NotFound, Unacceptable
from core.web.access_control import current_principal, requires
from core.web.cursors import cursor_after, row_id_of
from core.web.forms import takes_form, takes_upload
from core.web.step_up import steps_up
from enrollment.institutions.institution import (
    InstitutionDetails,
    InstitutionKind,
    InstitutionState,
)
from enrollment.institutions.routes import (
    institution_seen,
    institutions_seen,
    kept_institutions,
)
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.pages import labels
from enrollment.lists.routes import list_office, rejects_response
from enrollment.lists.settings import LARGEST_UPLOAD_OCTETS
from enrollment.lists.staff_list import Outcome, StaffList
from enrollment.office.routes import PREFIX, page_context
from enrollment.office.typed import ActMalformed, act_named
from enrollment.permissions import (
    APPLY_LIST,
    MANAGE_INSTITUTIONS,
    READ_INSTITUTIONS,
    READ_LISTS,
    UPLOAD_LIST,
)

TEXTS = Path(__file__).parent / "locale"
PAGE_SIZE = 25
ROWS_SHOWN = 50
LEAVERS_SHOWN = 200
# What the rows of a list may be narrowed to, besides an outcome.
PROPOSALS = "proposals"
list_pages = APIBlueprint(
    "list_pages", __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
)
_NUMBER = re.compile(r"[0-9]{1,7}")
_WORDS = re.compile(r"[\s,;]+")


def mount_list_pages(app: Flask) -> None:
    """Serve the pages from ``app``, beside the officers' other ones."""
    app.register_blueprint(list_pages)


@list_pages.context_processor
def for_list_templates() -> dict[str, Any]:
    """Give the templates what all officers' pages have, and the words of lists."""
    return page_context() | {"words": labels}


@list_pages.get("/lists")
@requires(READ_LISTS)
def all_lists() -> str:
    """Show the lists, newest first, and the form for another."""
    return _lists_page()


@list_pages.post("/lists")
@requires(UPLOAD_LIST)
@takes_upload(LARGEST_UPLOAD_OCTETS)
def upload() -> Any:
    """Take a list."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _lists_page(mistaken="file"), 422
    try:
        taken = list_office().take(
            current_principal(),
            request.form.get("institution") or None,
            file_name=file.filename,
            octets=file.read(),
            list_id=_act(),
        )
    except (Malformed, Unacceptable, NotFound, Conflict) as refusal:
        return _lists_page(refusal=refusal), 422
    return _to_list(taken.id)


@list_pages.get("/lists/<list_id>")
@requires(READ_LISTS)
def one_list(list_id: str) -> str:
    """Show a list: what would change, what was found, and who would leave."""
    return _list_page(_find(list_id))


@list_pages.post("/lists/<list_id>/acceptance")
@requires(UPLOAD_LIST)
@takes_form
def accept(list_id: str) -> Any:
    """Accept what rows propose, or take that back."""
    chosen = request.form.get("rows", "")
    list_office().lists.accept(
        list_id,
        Jurisdiction.of(current_principal()),
        yes=request.form.get("accept") != "no",
        numbers=[int(chosen)] if _NUMBER.fullmatch(chosen) else None,
    )
    here = url_for(
        "list_pages.one_list",
        list_id=list_id,
        show=request.form.get("show") or None,
        after=request.form.get("after") or None,
        _anchor="rows",
    )
    return redirect(here, 303)


@list_pages.post("/lists/<list_id>/approval")
@requires(APPLY_LIST)
@takes_form
@steps_up
def approve(list_id: str) -> Any:
    """Let a list be applied."""
    looked_at = request.form.get("revision", "")
    if not _NUMBER.fullmatch(looked_at):
        raise ActMalformed("Open the page again and send its form once more.")
    try:
        list_office().apply(current_principal(), list_id, int(looked_at))
    except Conflict as refusal:
        return _list_page(_find(list_id), refusal=refusal), 409
    return _to_list(list_id)


@list_pages.post("/lists/<list_id>/withdrawal")
@requires(UPLOAD_LIST)
@takes_form
@steps_up
def withdraw(list_id: str) -> Any:
    """Give a list up."""
    list_office().lists.withdraw(list_id, Jurisdiction.of(current_principal()))
    return _to_list(list_id)


@list_pages.get("/lists/<list_id>/rejects.csv")
@requires(READ_LISTS)
def rejects(list_id: str) -> Response:
    """Hand out the rows that applying leaves out."""
    return rejects_response(_find(list_id))


@list_pages.get("/institutions")
@requires(READ_INSTITUTIONS)
def all_institutions() -> str:
    """Show the institutions, and the form for another."""
    return _institutions_page()


@list_pages.post("/institutions")
@requires(MANAGE_INSTITUTIONS)
@takes_form
@steps_up
def register() -> Any:
    """Register an institution."""
    try:
        kept_institutions().register(_details())
    except (Conflict, Unacceptable) as refusal:
        return _institutions_page(refusal=refusal, typed=request.form), 422
    return redirect(url_for("list_pages.all_institutions"), 303)


@list_pages.post("/institutions/<institution_id>/state")
@requires(MANAGE_INSTITUTIONS)
@takes_form
@steps_up
def change_institution(institution_id: str) -> Any:
    """Suspend, reinstate or close an institution."""
    institution_seen(institution_id)
    state = request.form.get("state", "")
    if state not in set(InstitutionState):
        raise ActMalformed("Open the page again and send its form once more.")
    kept_institutions().change_state(institution_id, InstitutionState(state))
    return redirect(url_for("list_pages.all_institutions"), 303)


def _find(list_id: str) -> StaffList:
    return list_office().lists.find(list_id, Jurisdiction.of(current_principal()))


def _lists_page(*, refusal: CamtrustError | None = None, mistaken: str = "") -> str:
    cursor = request.args.get("after")
    found = list_office().lists.page(
        Jurisdiction.of(current_principal()),
        limit=PAGE_SIZE + 1,
        after=None if cursor is None else row_id_of(cursor),
    )
    shown = found[:PAGE_SIZE]
    return render_template(
        "lists/lists.html",
        found=shown,
        following=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
        institutions=[one for one in institutions_seen() if one.state is InstitutionState.ACTIVE],
        chosen=request.form.get("institution", ""),
        refusal=refusal,
        mistaken=mistaken,
        most_mebibytes=list_office().settings.max_octets // (1024 * 1024),
    )


def _list_page(found: StaffList, *, refusal: CamtrustError | None = None) -> str:
    show, after = request.args.get("show", ""), request.args.get("after", "")
    lists = list_office().lists
    rows = lists.rows(
        found.id,
        limit=ROWS_SHOWN + 1,
        after=int(after) if _NUMBER.fullmatch(after) else 0,
        outcomes=[Outcome(show)] if show in set(Outcome) else _interesting(show),
        proposed=True if show == PROPOSALS else None,
    )
    shown = rows[:ROWS_SHOWN]
    return render_template(
        "lists/list.html",
        one=found,
        rows=shown,
        following=shown[-1].number if len(rows) > len(shown) else None,
        show=show,
        after=after,
        leavers=lists.leavers(found.id, limit=LEAVERS_SHOWN),
        grace_days=list_office().settings.grace_days,
        refusal=refusal,
        mine=found.uploaded_by == current_principal().id,
    )


def _interesting(show: str) -> list[Outcome]:
    # Thousands of rows that change nothing are no news.
    if show in {PROPOSALS, "all"}:
        return []
    return [one for one in Outcome if one is not Outcome.UNCHANGED]


def _institutions_page(*, refusal: CamtrustError | None = None, typed: Any = None) -> str:
    return render_template(
        "lists/institutions.html", found=institutions_seen(), refusal=refusal, typed=typed or {}
    )


def _details() -> InstitutionDetails:
    def given(name: str) -> str:
        return ascii_digits(request.form.get(name, "")).strip()

    kind = given("kind")
    return InstitutionDetails(
        id=given("id"),
        kind=InstitutionKind(kind) if kind in set(InstitutionKind) else InstitutionKind.MINISTRY,
        name_km=request.form.get("name_km", "").strip(),
        name_latin=given("name_latin"),
        registration_identifier=given("registration_identifier") or None,
        mail_domains=tuple(one for one in _WORDS.split(given("mail_domains").lower()) if one),
        member_class=given("member_class") or None,
        member_code=given("member_code") or None,
    )


def _act() -> str:
    return act_named(request.form.get("act", ""))


def _to_list(list_id: str) -> Any:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("list_pages.one_list", list_id=list_id), 303)
