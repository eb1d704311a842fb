"""``/enrollment/v1/step-up``: what an officer's passkey is asked about an act."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON, reads
from core.web.openapi import may_refuse
from core.web.step_up import demand_step_up
from enrollment.permissions import STEP_UP
from enrollment.step_up.errors import NoPasskeyYet
from enrollment.step_up.messages import ActMessage
from enrollment.step_up.step_up import CHALLENGE_PATH, StepUp

step_up_api = APIBlueprint("step_up", __name__)
_KEY = "camtrust_step_up_questions"
OPTIONS_RESPONSE: Any = {
    200: {
        "description": "PublicKeyCredentialRequestOptionsJSON (Web Authentication, Section 5.1.9)",
        "content": {JSON: {"schema": {"type": "object"}}},
    }
}


def mount_step_up(app: Flask, step_up: StepUp) -> None:
    """Serve the question from ``app``, and demand confirmations where routes ask for them."""
    app.extensions[_KEY] = step_up
    demand_step_up(app, step_up)
    app.register_blueprint(step_up_api)


@step_up_api.post(CHALLENGE_PATH)
@requires(STEP_UP)
@reads(JSON)
@may_refuse(NoPasskeyYet)
@step_up_api.doc(responses=OPTIONS_RESPONSE)
@step_up_api.input(ActMessage, location="json")
def ask_about_an_act(json_data: ActMessage) -> Response:
    """Ask what your passkey has to sign to confirm an act.

    Send the signed answer with the act itself, within five minutes: as base64url of its JSON in
    the header `Step-Up`. It confirms this act alone, once.
    """
    step_up: StepUp = current_app.extensions[_KEY]
    options = step_up.question(current_principal().id, json_data.act())
    return Response(options, content_type=JSON)
