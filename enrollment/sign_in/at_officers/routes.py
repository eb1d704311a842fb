"""A subscriber's certificate is judged here, and the browser goes back with a code.

The routes check their callers themselves: who comes is no officer, and signs in nowhere at this
host. At the public listener no certificate ever arrives, so there they refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Flask, redirect, render_template, request

from core.errors import CamtrustError
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from core.web.security_headers import send_forms_to
from enrollment.sign_in.errors import CertificateMissing, HandoverRefused
from enrollment.sign_in.handovers import Handovers
from enrollment.sign_in.presented import PresentedPeople

NAME = "certificate_sign_in"
PREFIX = "/certificate-sign-in"
LONGEST_HANDOVER = 64


def certificate_sign_in_blueprint(
    *, people: Callable[[], PresentedPeople], handovers: Handovers, public_url: str, origin: str
) -> APIBlueprint:
    """Return the routes; ``origin`` is the public host's, where the browser goes back to."""
    desk = APIBlueprint(
        NAME,
        __name__,
        url_prefix=PREFIX,
        template_folder="../templates",
        enable_openapi=False,
    )

    def for_templates() -> dict[str, Any]:
        return {"home": f"{public_url}/sign-in", "back_here": request.full_path}

    def refusal_page(error: CamtrustError, status: int) -> str:
        return render_template(
            "refusal_page.html",
            layout="sign_in/layout.html",
            error=error,
            status=status,
            **for_templates(),
        )

    desk.context_processor(for_templates)
    desk.record(lambda state: show_problems_as_pages(cast(Flask, state.app), PREFIX, refusal_page))

    _serve(desk, people, handovers, public_url, origin)
    return desk


def _serve(
    desk: APIBlueprint,
    people: Callable[[], PresentedPeople],
    handovers: Handovers,
    public_url: str,
    origin: str,
) -> None:
    @desk.get("")
    @limited("60 per minute")
    def page() -> str:
        send_forms_to(origin)
        certificate = people().certificate(request.environ)
        if certificate is None:
            raise CertificateMissing("Begin at the sign-in page, and choose a certificate.")
        return render_template(
            "sign_in/certificate.html",
            certificate=certificate,
            handover=request.args.get("handover", "")[:LONGEST_HANDOVER],
        )

    @desk.post("")
    @limited("60 per minute")
    @takes_form
    def go_back() -> Any:
        principal = people().subscriber(request.environ)
        handover = request.form.get("handover", "")
        if len(handover) > LONGEST_HANDOVER:
            raise HandoverRefused("Begin at the sign-in page.")
        code = handovers.certify(handover, principal=principal)
        return redirect(f"{public_url}/sign-in/certificate/answer?code={code}", 303)
