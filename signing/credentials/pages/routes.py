"""A person's own signing keys: another PIN, a locked key opened again, a key ended for ever.

Each act is confirmed by a passkey over this very act, before a PIN is judged. The pages stand at
the public listener, where people are signed in. Layout, passkey script and the page of refusals are
other rooms': ``camtrust/`` hands them over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Flask, Response, redirect, render_template, request, url_for

from core.clock import Clock
from core.errors import CamtrustError, Forbidden, Malformed, TooMany
from core.web.access_control import current_principal, requires
from core.web.bodies import JSON
from core.web.forms import takes_form
from core.web.limits import limited
from core.web.problems import show_problems_as_pages
from signing.credentials.certificates import Certificates, SigningCertificate
from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.credentials import Credentials
from signing.credentials.errors import (
    NOTHING_CHANGED,
    CertificateMissing,
    CredentialLocked,
    CredentialStateRefused,
    PinBusy,
    PinRefused,
    PinUnsuitable,
    SecondFactorRefused,
    TooManyUnlockings,
)
from signing.credentials.holder_acts import HolderActs
from signing.credentials.permissions import AUTHORIZE
from signing.credentials.second_factor import KeyAct, KeyActKind

TEXTS = Path(__file__).parent / "locale"
NAME = "signing_keys"
# The page to begin with; the pages around these lead to it.
KEY_PAGE = f"{NAME}.mine"
PREFIX = "/my/signing-keys"
# Of one person; nobody types PINs faster.
ATTEMPTS = "30 per minute"
# What its reader can put right on the page; anything else is a page of its own.
_MISTAKES = (
    PinRefused,
    PinBusy,
    PinUnsuitable,
    SecondFactorRefused,
    CredentialLocked,
    CredentialStateRefused,
    TooManyUnlockings,
)
# By the last part of a form's address.
_ACTS = {
    "pin": KeyActKind.CHANGE_PIN,
    "unlocking": KeyActKind.UNLOCK,
    "destruction": KeyActKind.DESTROY,
}
_ANY = "any(pin, unlocking, destruction)"


class PinsDiffer(Malformed):
    """The new PIN was typed twice, and not the same."""

    problem = "pins-differ"
    title = "The two new PINs differ"


@dataclass(frozen=True)
class HeldKey:
    """A key with its certificate, None as long as there is none, and what is wrong with that."""

    credential: Credential
    held: SigningCertificate | None
    trouble: str | None


@dataclass(frozen=True)
class KeyPages:
    """What the pages work with, and what they are built upon.

    ``layout`` and ``passkey_parts`` are templates: the page around these, and the macro ``trouble``
    that brings the passkeys' script.
    """

    credentials: Credentials
    certificates: Certificates
    acts: HolderActs
    layout: str
    passkey_parts: str
    refusal_page: Callable[[CamtrustError, int], str]
    clock: Clock

    def keys_of(self, holder: Holder) -> list[HeldKey]:
        """Return a person's keys, oldest first."""
        return [self._with_certificate(one) for one in self.credentials.of_holder(holder)]

    def key(self, key_id: str, holder: Holder) -> HeldKey:
        """Return one of them. Raises CredentialUnknown."""
        return self._with_certificate(self.credentials.find(key_id, holder=holder))

    def _with_certificate(self, credential: Credential) -> HeldKey:
        try:
            held = self.certificates.of(credential)
        except CertificateMissing:
            return HeldKey(credential, None, None)
        return HeldKey(credential, held, held.trouble(self.clock.now()))


def key_pages_blueprint(pages: Callable[[], KeyPages]) -> APIBlueprint:
    """Return the routes; ``pages`` is asked at each request."""
    blueprint = APIBlueprint(
        NAME, __name__, url_prefix=PREFIX, template_folder="templates", enable_openapi=False
    )
    blueprint.record_once(
        lambda state: show_problems_as_pages(
            cast(Flask, state.app),
            PREFIX,
            lambda error, status: pages().refusal_page(error, status),
        )
    )
    _serve_pages(blueprint, pages)
    _serve_acts(blueprint, pages)
    return blueprint


def _serve_pages(blueprint: APIBlueprint, pages: Callable[[], KeyPages]) -> None:
    @blueprint.get("")
    @requires(AUTHORIZE)
    def mine() -> str:
        """List the person's keys."""
        keys, done = pages().keys_of(_me()), request.args.get("done")
        return render_template(
            "signing_keys/keys.html", layout=pages().layout, keys=keys, done=done
        )

    @blueprint.get("/<key_id>")
    @requires(AUTHORIZE)
    def show(key_id: str) -> str:
        """Show one, with what can be done with it."""
        return _page(pages(), key_id)


def _serve_acts(blueprint: APIBlueprint, pages: Callable[[], KeyPages]) -> None:
    @blueprint.post(f"/<key_id>/<{_ANY}:act>/question")
    @requires(AUTHORIZE)
    @limited(ATTEMPTS)
    @takes_form
    def ask(key_id: str, act: str) -> Response:
        """Hand out what the person's passkey is asked about an act."""
        question = pages().acts.question(KeyAct(_me(), key_id, _ACTS[act]))
        return Response(question, content_type=JSON)

    @blueprint.post(f"/<key_id>/<{_ANY}:act>")
    @requires(AUTHORIZE)
    @limited(ATTEMPTS)
    @takes_form
    def do(key_id: str, act: str) -> Any:
        """Change the PIN, open the key again, or end it."""
        try:
            _do(pages().acts, KeyAct(_me(), key_id, _ACTS[act]))
        except (*_MISTAKES, PinsDiffer) as mistake:
            return _page(pages(), key_id, mistake, act), _status_of(mistake)
        if act == "destruction":
            return redirect(url_for(f"{NAME}.mine", done=act), 303)
        return redirect(url_for(f"{NAME}.show", key_id=key_id, done=act), 303)


def _do(acts: HolderActs, act: KeyAct) -> None:
    form, me = request.form, current_principal().id
    proof = form.get("assertion")
    if act.kind is KeyActKind.CHANGE_PIN:
        new = form.get("new_pin", "")
        # Before anything is counted: a slip of the finger is no wrong PIN.
        if new != form.get("new_pin_again", ""):
            raise PinsDiffer("Type the same new PIN twice.", kept=NOTHING_CHANGED)
        acts.change_pin(act, proof, old=form.get("pin", ""), new=new)
    elif act.kind is KeyActKind.UNLOCK:
        acts.unlock(act, proof, by=me)
    else:
        acts.destroy(act, proof, by=me)


def _me() -> Holder:
    return Holder(HolderKind.PERSON, current_principal().id)


def _page(
    pages: KeyPages, key_id: str, mistake: CamtrustError | None = None, act: str | None = None
) -> str:
    found = pages.key(key_id, _me())
    return render_template(
        "signing_keys/key.html",
        layout=pages.layout,
        passkey_parts=pages.passkey_parts,
        one=found.credential,
        key=found,
        mistake=mistake,
        act=act,
        done=request.args.get("done"),
        back_here=url_for(f"{NAME}.show", key_id=key_id),
    )


def _status_of(mistake: CamtrustError) -> int:
    if isinstance(mistake, TooMany):
        return 429
    return 403 if isinstance(mistake, Forbidden) else 422
