"""``/invitations/<token>`` and ``/activate``: look at an invitation, and spend it.

The token stands in the path: the event log knows the rule alone, no page sends a Referer, and
deploy/nginx writes no access log for it. Spent or expired, it opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, redirect, render_template, request, url_for

from core.errors import CamtrustError
from core.web.access_control import public
from core.web.forms import takes_form
from core.web.languages import Language, language, translatable
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from core.web.session_cookie import open_session
from enrollment.invitations.errors import DigitsMalformed, DigitsRefused
from enrollment.invitations.inviting import PATH
from enrollment.invitations.opening import Glance, Opening

TEXTS = Path(__file__).parent / "locale"
ACTIVATE = "/activate"
# Where somebody goes whose account is open.
AFTERWARDS = "/my/"
# Each caller's; a ministry behind one address opens many accounts in a morning.
LIMIT = "120 per hour"
ASK = translatable(
    "Ask the registration office of your institution for a new invitation, or go to a One Window "
    "office with your identity card."
)
NEXT_STEPS: Mapping[str, str] = {
    "invitation-unknown": translatable(
        "Look whether the whole link was opened; in some mail programs it is cut. Otherwise ask "
        "the registration office of your institution for a new invitation."
    ),
    "invitation-spent": translatable(
        "If it was you, sign in the way you chose then. If it was not, tell the registration "
        "office of your institution at once."
    ),
    "invitation-withdrawn": translatable(
        "Look for a newer mail or slip. If there is none, ask the registration office of your "
        "institution."
    ),
    "no-longer-listed": translatable(
        "If you still work there, ask its personnel office to put you on its list again."
    ),
    "account-closed": translatable("Ask the registration office of your institution why."),
    "form-outdated": translatable(
        "Open the link or the page again, and press its button. The browser has to accept cookies."
    ),
    "too-many-guesses": translatable("Scan the square on the slip, or come back in an hour."),
    "rate-limited": translatable("Scan the square on the slip, or come back in an hour."),
    "unavailable": translatable(
        "Wait a little, then press the button again: a part of the service is away."
    ),
}


def door_blueprint(opening: Callable[[], Opening]) -> APIBlueprint:
    """Return the pages; ``opening`` is asked at each request."""
    door = APIBlueprint("invitations", __name__, template_folder="templates", enable_openapi=False)

    @door.record_once
    def show_refusals(state: Any) -> None:
        for prefix in (PATH, ACTIVATE):
            show_problems_as_pages(state.app, prefix, _refusal_page)

    @door.context_processor
    def for_templates() -> dict[str, Any]:
        return _common()

    @door.after_request
    def hide(response: Response) -> Response:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    _serve_links(door, opening)
    _serve_digits(door, opening)
    return door


def _serve_links(door: APIBlueprint, opening: Callable[[], Opening]) -> None:
    @door.get(f"{PATH}<token>")
    @public
    def look(token: str) -> str:
        """Show what a link is for. Programs look too: nothing changes."""
        seen = opening().glance(token)
        return render_template(
            "invitations/open.html",
            institution=_institution(seen),
            name=_name(seen),
            ends_at=seen.ends_at,
        )

    @door.post(f"{PATH}<token>")
    @limited(LIMIT)
    @public
    @takes_form
    def spend(token: str) -> Any:
        """Spend a link: its account opens, and a session in it."""
        return _signed_in(opening().spend(token, shared_computer=_is_shared()))


def _serve_digits(door: APIBlueprint, opening: Callable[[], Opening]) -> None:
    @door.get(ACTIVATE)
    @public
    def activate() -> str:
        """Show where the digits of a slip are typed."""
        return render_template("invitations/activate.html", number="", mistaken=None)

    @door.post(ACTIVATE)
    @limited(LIMIT)
    @public
    @takes_form
    def spend_digits() -> Any:
        """Spend a slip by its digits."""
        number, code = request.form.get("number", ""), request.form.get("code", "")
        try:
            opened = opening().spend_digits(number, code, shared_computer=_is_shared())
        except (DigitsMalformed, DigitsRefused) as mistaken:
            page = render_template(
                "invitations/activate.html",
                number=number[:20],
                mistaken=mistaken,
                shared=_is_shared(),
            )
            return page, 422
        return _signed_in(opened)


def _signed_in(session_token: str) -> Response:
    # 303: a page that is loaded again sends no form again. RFC 9110, Section 15.4.4.
    response = make_response(redirect(AFTERWARDS, 303))
    open_session(response, session_token)
    return response


def _is_shared() -> bool:
    return request.form.get("shared_computer") == "yes"


def _institution(seen: Glance) -> str:
    details = seen.institution
    return details.name_km if language() is Language.KHMER else details.name_latin


def _name(seen: Glance) -> str:
    names = [seen.name_khmer, seen.name_latin]
    if language() is Language.ENGLISH:
        names.reverse()
    return " / ".join(name for name in names if name)


def _refusal_page(error: CamtrustError, status: int) -> str:
    step = NEXT_STEPS.get(error.problem) or (NEXT_STEPS["unavailable"] if status == 503 else ASK)
    return render_template("invitations/refused.html", error=error, next_step=step, **_common())


def _common() -> dict[str, Any]:
    activate = url_for("invitations.activate")
    return {
        "home": activate,
        # After a form was sent, the same path answers to GET.
        "back_here": request.path,
    }
