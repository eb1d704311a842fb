"""``/office/seals``: an officer applies for the seal of an institution (ETSI EN 319 412-3).

Who applies cannot decide: two other officers do, on the application's own page, where the seal's
certificate is fetched as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for

from ca.csr import verify_csr
from core.errors import CamtrustError, Conflict, Malformed, Unacceptable
from core.web.access_control import current_principal, requires
from core.web.forms import takes_form
from enrollment.applications import Submission
from enrollment.institutions.institution import Institution, InstitutionState
from enrollment.legal_entities import ORGANIZATION
from enrollment.office.routes import at_hand, page_context, within
from enrollment.office.typed import act_named
from enrollment.permissions import SUBMIT

PROFILE = "organization-seal"
# What the profile takes for an organization_identifier: a number of the business register.
REGISTER = "NTRKH-"
seals = APIBlueprint(
    "seals",
    __name__,
    url_prefix="/office/seals",
    template_folder="templates",
    enable_openapi=False,
)


class SealOfNobody(Unacceptable):
    """The institution is not chosen, or is not registered with a number that a seal can name."""

    problem = "seal-of-nobody"
    title = "Choose whose seal it is"


seals.context_processor(page_context)


@seals.get("")
@requires(SUBMIT)
def ask() -> str:
    """Show what a seal would say, and ask for the request of its key."""
    return _page({})


@seals.post("")
@requires(SUBMIT)
@takes_form
def apply() -> Any:
    """Apply for the seal of an institution."""
    try:
        taken = at_hand().applications.submit(
            _submission(request.form),
            applicant=current_principal().id,
            application_id=act_named(request.form.get("act", "")),
        )
    except (Malformed, Unacceptable, Conflict) as refusal:
        return _page(request.form, refusal), 422
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    return redirect(url_for("office.application", application_id=taken.id), 303)


def _submission(form: Mapping[str, str]) -> Submission:
    chosen = [one.details for one in _sealing() if one.id == form.get("institution")]
    if not chosen:
        raise SealOfNobody("Choose the institution.", kept="What you typed is kept below.")
    details = chosen[0]
    name = details.name_km if form.get("name") == "km" else details.name_latin
    return Submission(
        profile=PROFILE,
        csr=verify_csr(form.get("csr", "").strip().encode()),
        holder=f"{ORGANIZATION}{details.registration_identifier}",
        facts={
            "organization_name": name,
            "organization_identifier": details.registration_identifier or "",
            "common_name": name,
        },
        institution=details.id,
    )


def _sealing() -> list[Institution]:
    """The institutions of the officer that a seal can be for."""
    return [
        one
        for one in at_hand().desk.institutions.all()
        if within().covers(one.id)
        and one.state is InstitutionState.ACTIVE
        and (one.details.registration_identifier or "").startswith(REGISTER)
    ]


def _page(typed: Mapping[str, str], refusal: CamtrustError | None = None) -> str:
    return render_template("seals/apply.html", found=_sealing(), typed=typed, refusal=refusal)
