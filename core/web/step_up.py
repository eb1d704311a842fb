"""Step-up: an act of weight is confirmed by whoever asks for it, this very act and once.

``@steps_up`` stands on the route, under ``@takes_form`` or ``@idempotent``. What a request asks
for is named by an :class:`Act`: its path and all that it sends. Who has to confirm and how, a
:class:`StepUpCheck` from above knows; camtrust/ gives it to the app.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from flask import Flask, current_app, request

from core.access import Principal
from core.canonical_json import canonical_json
from core.errors import CamtrustError, Malformed
from core.web.access_control import current_principal
from core.web.forms import FIELD as FORM_TOKEN
from core.web.forms import FORM

HEADER = "Step-Up"
FIELD = "step_up"
# A credential in JSON has about 1 kB.
LONGEST_ASSERTION = 8_192
STEP_UP_PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    "description": (
        "An officer's passkey's answer to the question that /enrollment/v1/step-up puts about "
        "this very request: base64url of its JSON. Demanded where the settings say so."
    ),
}
ViewT = TypeVar("ViewT", bound=Callable[..., Any])
_KEY = "camtrust_step_up"


class StepUpMalformed(Malformed):
    """The header ``Step-Up`` is the base64url text of an assertion in JSON."""

    problem = "step-up-malformed"
    title = "The confirmation cannot be read"


@dataclass(frozen=True)
class Act:
    """What a request asks for: ``document`` is canonical JSON of its path and its content."""

    document: bytes

    @property
    def sha256(self) -> bytes:
        """The name of the act: 32 octets."""
        return sha256(self.document).digest()


@dataclass(frozen=True)
class Asked:
    """Who asks for an act, with the passkey's answer in JSON where one came.

    ``if_able``: a passkey is demanded only from those who have one.
    """

    principal: Principal
    act: Act
    assertion: str | None
    if_able: bool = False


class StepUpCheck(Protocol):
    """Decides whether an act is confirmed."""

    @property
    def refusals(self) -> tuple[type[CamtrustError], ...]:
        """What ``check`` may raise."""

    @property
    def asks_for_passkey(self) -> bool:
        """Whether the pages have to ask for a passkey."""

    def check(self, asked: Asked, environ: Mapping[str, Any]) -> None:
        """Return if the act is confirmed; refuse otherwise."""


def act_of_form(path: str, fields: Iterable[tuple[str, str]]) -> Act:
    """Return the act of a form: every field counts but its token and the confirmation itself."""
    # A script sees a line break as it was typed, the form sends CRLF (HTML, Section 4.10.22.4).
    counted = sorted(
        [name, value.replace("\r\n", "\n").replace("\r", "\n")]
        for name, value in fields
        if name not in {FORM_TOKEN, FIELD}
    )
    return Act(canonical_json({"form": counted, "path": path}))


def act_of_json(path: str, body: object) -> Act:
    """Return the act of a request with a body in JSON, or with none."""
    return Act(canonical_json({"json": body, "path": path}))


def steps_up(view: ViewT) -> ViewT:
    """Demand that the officer confirms this act; where the act is a program's, nothing is asked."""
    return _confirmed(view, if_able=False)


def steps_up_if_able(view: ViewT) -> ViewT:
    """As ``steps_up``, for the acts by which officers come to have passkeys at all."""
    return _confirmed(view, if_able=True)


def _confirmed(view: ViewT, *, if_able: bool) -> ViewT:
    @wraps(view)
    def confirmed(*args: Any, **kwargs: Any) -> Any:
        check: StepUpCheck = current_app.extensions[_KEY]
        asked = Asked(current_principal(), _act(), _assertion(), if_able)
        check.check(asked, request.environ)
        return view(*args, **kwargs)

    vars(confirmed)["steps_up"] = True
    return cast(ViewT, confirmed)


def demand_step_up(app: Flask, check: StepUpCheck) -> None:
    """Give the app who checks confirmations, and its templates what their forms need for it."""
    app.extensions[_KEY] = check
    app.jinja_env.globals["asks_for_passkey"] = lambda: check.asks_for_passkey


def step_up_refusals(app: Flask) -> list[type[CamtrustError]]:
    """Return what a route that steps up may refuse with, besides what its act does."""
    check: StepUpCheck = app.extensions[_KEY]
    return [StepUpMalformed, *check.refusals]


def _act() -> Act:
    if request.mimetype == FORM:
        return act_of_form(request.path, request.form.items(multi=True))
    if request.is_json or not request.get_data():
        return act_of_json(request.path, request.get_json(silent=True))
    raise StepUpMalformed("Only forms and JSON are confirmed.")


def _assertion() -> str | None:
    sent = request.headers.get(HEADER)
    if sent is None:
        return request.form.get(FIELD) or None
    if len(sent) > LONGEST_ASSERTION:
        raise StepUpMalformed("The confirmation is too long.")
    try:
        padded = sent.encode("ascii") + b"=" * (-len(sent) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (UnicodeError, binascii.Error) as error:
        raise StepUpMalformed("The confirmation is not base64url of JSON.") from error
