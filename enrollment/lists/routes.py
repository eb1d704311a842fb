"""``/enrollment/v1/staff-lists``: upload, look at, accept, approve, give up, and the rejects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.cursors import CursorMalformed, cursor_after, row_id_of
from core.web.idempotent import act_id, idempotent
from core.web.openapi import may_refuse
from core.web.problems import InvalidFields
from core.web.step_up import steps_up
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.jurisdiction import Jurisdiction
from enrollment.lists.errors import (
    ListChanged,
    ListColumnsMissing,
    ListNotReady,
    ListOutdated,
    ListTooLarge,
    ListUnknown,
    ListUnreadable,
    SecondListOfficerNeeded,
)
from enrollment.lists.list_office import InstitutionMissing, ListOffice
from enrollment.lists.messages import (
    AcceptanceMessage,
    EmptyListMessage,
    LeaversView,
    ListApprovalMessage,
    ListsQuery,
    RowsQuery,
    RowsView,
    StaffListsView,
    StaffListView,
    UploadQuery,
    view_of_leaver,
    view_of_list,
    view_of_row,
)
from enrollment.lists.rejects import MEDIA_TYPE, rejects_csv
from enrollment.lists.settings import LARGEST_UPLOAD_OCTETS
from enrollment.lists.staff_list import StaffList
from enrollment.permissions import APPLY_LIST, READ_LISTS, UPLOAD_LIST

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_NAMES = {CSV: "list.csv", XLSX: "list.xlsx"}
UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        CSV: {
            "schema": {"type": "string"},
            "example": "Staff number,Surname,Given name\n0017,Sok,Dara\n",
        },
        XLSX: {
            "schema": {"type": "string", "contentMediaType": XLSX},
            "example": "The octets of the workbook.",
        },
    },
}
REJECTS_RESPONSES: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The rows and their reasons.", "content": {CSV: {}}}
}
MOST_LEAVERS = 1_000
staff_lists_api = APIBlueprint("staff_lists", __name__, url_prefix="/enrollment/v1/staff-lists")
_KEY = "camtrust_staff_lists"


def mount_staff_lists(app: Flask, office: Callable[[], ListOffice]) -> None:
    """Serve the routes from ``app``; ``office`` is asked at each request."""
    app.extensions[_KEY] = office
    app.register_blueprint(staff_lists_api)


def list_office() -> ListOffice:
    """Return what works with lists."""
    office: Callable[[], ListOffice] = current_app.extensions[_KEY]
    return office()


@staff_lists_api.post("")
@requires(UPLOAD_LIST)
@reads(CSV, XLSX, max_octets=LARGEST_UPLOAD_OCTETS)
@may_refuse(
    ListUnreadable,
    ListTooLarge,
    ListColumnsMissing,
    InstitutionMissing,
    InstitutionUnknown,
    InstitutionNotActive,
    InvalidFields,
)
@idempotent
@staff_lists_api.input(UploadQuery, location="query")
@staff_lists_api.output(StaffListView, status_code=201)
@staff_lists_api.doc(extensions={"requestBody": UPLOAD_BODY})
def upload_list(query_data: UploadQuery) -> Any:
    """Upload an institution's whole list. Nothing is changed by it but what the list shows."""
    found = list_office().take(
        current_principal(),
        query_data.institution,
        file_name=FILE_NAMES[request.mimetype],
        octets=request.get_data(),
        list_id=act_id(),
    )
    location = f"{staff_lists_api.url_prefix}/{found.id}"
    return view_of_list(found), 201, {"Location": location}


@staff_lists_api.get("")
@requires(READ_LISTS)
@may_refuse(CursorMalformed, InvalidFields)
@staff_lists_api.input(ListsQuery, location="query")
@staff_lists_api.output(StaffListsView)
def list_lists(query_data: ListsQuery) -> StaffListsView:
    """List the lists, newest first."""
    found = list_office().lists.page(
        _jurisdiction(),
        # One more than asked for tells whether there is a next page.
        limit=query_data.limit + 1,
        after=None if query_data.cursor is None else row_id_of(query_data.cursor),
        institution=query_data.institution,
    )
    shown = found[: query_data.limit]
    return StaffListsView(
        staff_lists=tuple(map(view_of_list, shown)),
        next_cursor=cursor_after(shown[-1].id) if len(found) > len(shown) else None,
    )


@staff_lists_api.get("/<list_id>")
@requires(READ_LISTS)
@may_refuse(ListUnknown)
@staff_lists_api.output(StaffListView)
def show_list(list_id: str) -> StaffListView:
    """Show a list with its counts: what would change, what was found."""
    return view_of_list(_find(list_id))


@staff_lists_api.get("/<list_id>/rows")
@requires(READ_LISTS)
@may_refuse(ListUnknown, InvalidFields)
@staff_lists_api.input(RowsQuery, location="query")
@staff_lists_api.output(RowsView)
def show_rows(list_id: str, query_data: RowsQuery) -> RowsView:
    """Show rows with their values and findings, in the order of the file."""
    found = list_office().lists.rows(
        _find(list_id).id,
        limit=query_data.limit + 1,
        after=query_data.after,
        outcomes=() if query_data.outcome is None else (query_data.outcome,),
        proposed=query_data.proposed,
    )
    shown = found[: query_data.limit]
    return RowsView(
        rows=tuple(map(view_of_row, shown)),
        next_after=shown[-1].number if len(found) > len(shown) else None,
    )


@staff_lists_api.get("/<list_id>/leavers")
@requires(READ_LISTS)
@may_refuse(ListUnknown)
@staff_lists_api.output(LeaversView)
def show_leavers(list_id: str) -> LeaversView:
    """Show whom the list drops."""
    found = _find(list_id)
    leavers = list_office().lists.leavers(list_id, limit=MOST_LEAVERS)
    return LeaversView(gone=found.gone, leavers=tuple(map(view_of_leaver, leavers)))


@staff_lists_api.post("/<list_id>/acceptance")
@requires(UPLOAD_LIST)
@reads(JSON)
@may_refuse(ListUnknown, ListNotReady)
@idempotent
@staff_lists_api.input(AcceptanceMessage, location="json")
@staff_lists_api.output(StaffListView)
def accept_proposals(list_id: str, json_data: AcceptanceMessage) -> StaffListView:
    """Accept what rows propose, all of them or some; or take that back."""
    return view_of_list(
        list_office().lists.accept(
            list_id, _jurisdiction(), yes=json_data.accept, numbers=json_data.rows
        )
    )


@staff_lists_api.post("/<list_id>/approval")
@requires(APPLY_LIST)
@reads(JSON)
@may_refuse(
    ListUnknown,
    ListNotReady,
    ListChanged,
    ListOutdated,
    InstitutionNotActive,
    SecondListOfficerNeeded,
)
@idempotent
@steps_up
@staff_lists_api.input(ListApprovalMessage, location="json")
@staff_lists_api.output(StaffListView)
def approve_list(list_id: str, json_data: ListApprovalMessage) -> StaffListView:
    """Let the list be applied. A long one goes on by itself; its state says how far it is."""
    return view_of_list(list_office().apply(current_principal(), list_id, json_data.revision))


@staff_lists_api.post("/<list_id>/withdrawal")
@requires(UPLOAD_LIST)
@reads(JSON)
@may_refuse(ListUnknown, ListNotReady)
@idempotent
@steps_up
@staff_lists_api.input(EmptyListMessage, location="json")
@staff_lists_api.output(StaffListView)
def withdraw_list(list_id: str, json_data: EmptyListMessage) -> StaffListView:
    """Give a list up before it is applied."""
    return view_of_list(list_office().lists.withdraw(list_id, _jurisdiction()))


@staff_lists_api.get("/<list_id>/rejects")
@requires(READ_LISTS)
@may_refuse(ListUnknown)
@staff_lists_api.doc(responses=REJECTS_RESPONSES)
def show_rejects(list_id: str) -> Response:
    """Hand out the rows that applying leaves out, with their reasons, as CSV."""
    return rejects_response(_find(list_id))


def rejects_response(found: StaffList) -> Response:
    """Return the rejects of a list as a file that is sent while they are read."""
    return Response(
        rejects_csv(list_office().lists.all_rejects(found.id)),
        content_type=MEDIA_TYPE,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="rejects-{found.id}.csv"',
        },
    )


def _jurisdiction() -> Jurisdiction:
    return Jurisdiction.of(current_principal())


def _find(list_id: str) -> StaffList:
    return list_office().lists.find(list_id, _jurisdiction())
