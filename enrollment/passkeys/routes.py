"""``/office/passkeys``: officers register passkeys and confirm each other's; and the script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, redirect, render_template, request, url_for

from core.web.access_control import current_principal, requires
from core.web.bodies import JSON
from core.web.forms import takes_form
from core.web.step_up import steps_up_if_able
from enrollment.office.routes import page_context, within
from enrollment.passkeys.confirmations import Confirmations
from enrollment.passkeys.credentials import read_new_credential
from enrollment.passkeys.passkey import PasskeyState
from enrollment.passkeys.passkeys import Passkeys
from enrollment.passkeys.questions import Questions
from enrollment.permissions import CONFIRM_PASSKEYS, OWN_PASSKEYS

TEXTS = Path(__file__).parent / "locale"
# Everybody may read the script; its blueprint holds nothing else.
SCRIPTS = "passkey_scripts"
passkey_scripts = APIBlueprint(
    SCRIPTS,
    __name__,
    static_folder="assets",
    static_url_path="/passkeys",
    template_folder="templates",
    enable_openapi=False,
)
officer_passkeys = APIBlueprint(
    "officer_passkeys", __name__, url_prefix="/office/passkeys", enable_openapi=False
)
_KEY = "camtrust_officer_passkeys"


@dataclass(frozen=True)
class PasskeyOffice:
    """What the routes work with: the passkeys of the officers' host."""

    passkeys: Passkeys
    questions: Questions
    confirmations: Confirmations


def mount_passkeys(app: Flask, office: PasskeyOffice) -> None:
    """Serve the officers' pages and the script from ``app``."""
    app.extensions[_KEY] = office
    app.register_blueprint(passkey_scripts)
    app.register_blueprint(officer_passkeys)


officer_passkeys.context_processor(page_context)


@officer_passkeys.get("")
@requires(OWN_PASSKEYS)
def mine() -> str:
    """Show the officer's passkeys, and those that wait for another officer."""
    me = current_principal().id
    own = _office().passkeys.of(me)
    return render_template(
        "passkeys/officers.html",
        own=own,
        # Whoever has no passkey yet vouches for others' by certificate.
        able=any(one.state is PasskeyState.ACTIVE for one in own),
        waiting=[one for one in _office().confirmations.waiting(within()) if one.principal != me],
    )


@officer_passkeys.post("/question")
@requires(OWN_PASSKEYS)
@takes_form
def ask() -> Response:
    """Hand out what a new passkey is asked."""
    me = current_principal().id
    options = _office().questions.to_register(me, me, _office().passkeys.of(me))
    return Response(options, content_type=JSON)


@officer_passkeys.post("")
@requires(OWN_PASSKEYS)
@takes_form
def register() -> Any:
    """Keep a new passkey of the officer, for another to confirm."""
    credential = read_new_credential(request.form.get("credential", ""))
    _office().passkeys.register(current_principal().id, request.form.get("name", ""), credential)
    return _back()


@officer_passkeys.post("/<passkey_id>/removal")
@requires(OWN_PASSKEYS)
@takes_form
def remove(passkey_id: str) -> Any:
    """Remove a passkey of the officer's own."""
    _office().passkeys.remove(current_principal().id, passkey_id)
    return _back()


@officer_passkeys.post("/<passkey_id>/confirmation")
@requires(CONFIRM_PASSKEYS)
@takes_form
@steps_up_if_able
def confirm(passkey_id: str) -> Any:
    """Vouch for another officer's passkey."""
    _office().confirmations.confirm(passkey_id, officer=current_principal().id, within=within())
    return _back()


@officer_passkeys.post("/<passkey_id>/declining")
@requires(CONFIRM_PASSKEYS)
@takes_form
@steps_up_if_able
def decline(passkey_id: str) -> Any:
    """Remove another officer's passkey that nobody vouches for."""
    _office().confirmations.decline(passkey_id, officer=current_principal().id, within=within())
    return _back()


def _office() -> PasskeyOffice:
    office: PasskeyOffice = current_app.extensions[_KEY]
    return office


def _back() -> Any:
    return redirect(url_for("officer_passkeys.mine"), 303)
