"""``/office/officers``: the officers and programs of the reader's institution, or of all."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template

from core.web.access_control import requires
from enrollment.office.routes import PREFIX, at_hand, page_context, within
from enrollment.permissions import READ_OFFICERS

staff = APIBlueprint(
    "office_staff", __name__, url_prefix=f"{PREFIX}/officers", enable_openapi=False
)
staff.context_processor(page_context)


@staff.get("")
@requires(READ_OFFICERS)
def officers() -> str:
    """Show who holds office, oldest first, also those who left."""
    found = at_hand().desk.officers.all(within=within())
    return render_template("office/officers.html", found=found)
