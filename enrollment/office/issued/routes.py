"""``/office/issued``: search over everything that was issued, and take the result along."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for

from ca.inquiry import STANDINGS
from core.digits import ascii_digits
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from enrollment.messages import HOLDER_PATTERN
from enrollment.office.issued.filters import Filters, cursor_of, place_of, read_filters
from enrollment.office.routes import PAGE_SIZE, PREFIX, at_hand, page_context, within
from enrollment.permissions import EXPORT, READ

issued = APIBlueprint(
    "office_issued", __name__, url_prefix=f"{PREFIX}/issued", enable_openapi=False
)
issued.context_processor(page_context)


@issued.get("")
@requires(READ)
def certificates() -> Any:
    """Show what was issued, newest first, filtered; what is personal is asked for by POST."""
    return _page(read_filters(request.args), "", request.args.get("after"))


@issued.post("")
@requires(READ)
@takes_form
def of_holder() -> Any:
    """Show what was issued to one holder, who stays out of the URL."""
    return _page(read_filters(request.form), _typed_holder(), request.form.get("after"))


@issued.post("/export")
@requires(EXPORT)
@takes_form
def export() -> Any:
    """Hand out what the filters mean as CSV; that it was is on record."""
    filters, holder = read_filters(request.form), _typed_holder()
    if filters.mistaken or _is_no_holder(holder):
        return _page(filters, holder, None)
    made = at_hand().desk.exports.make(
        filters.inquiry(within(), holder or None), officer=current_principal()
    )
    headers = {
        "Content-Disposition": 'attachment; filename="certificates.csv"',
        "Cache-Control": "no-store",
    }
    return Response(made.octets(), content_type="text/csv; charset=utf-8", headers=headers)


def _typed_holder() -> str:
    return ascii_digits(request.form.get("holder", "").strip())


def _is_no_holder(holder: str) -> bool:
    return bool(holder) and not re.fullmatch(HOLDER_PATTERN, holder)


def _page(filters: Filters, holder: str, cursor: str | None) -> Any:
    mistaken = list(filters.mistaken) + (["holder"] if _is_no_holder(holder) else [])
    found, following = [], None
    if not mistaken:
        answer = at_hand().desk.inquiries.page(
            filters.inquiry(within(), holder or None),
            limit=PAGE_SIZE,
            after=place_of(cursor) if cursor else None,
        )
        found, following = list(answer.certificates), answer.following
    page = render_template(
        "office/issued.html",
        found=found,
        following=None if following is None else cursor_of(following),
        filters=filters.typed,
        holder=holder,
        mistaken=mistaken,
        standings=STANDINGS,
        institutions=at_hand().desk.institutions.all() if within().institution is None else [],
        here=url_for("office_issued.certificates"),
    )
    return (page, 422) if mistaken else page
