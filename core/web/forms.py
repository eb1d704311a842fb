"""Forms that only our own pages can send.

Each form carries a random token that a cookie carries too (the double-submit pattern). A page of
another site can make a browser send the cookie, but can neither read nor set it: its name begins
with ``__Host-``, so only this very host sets it, over TLS (RFC 6265bis, Section 4.1.3.2).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any

from flask import Flask, Response, g, request

from core.errors import Malformed

FORM = "application/x-www-form-urlencoded"
UPLOAD = "multipart/form-data"  # RFC 7578
COOKIE = "__Host-form"
FIELD = "form_token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class FormOutdated(Malformed):
    """A form came without the token of the page that it should have been sent from."""

    problem = "form-outdated"
    title = "This form is out of date"


def guard_forms(app: Flask) -> None:
    """Give the templates ``form_token`` and ``new_act``, and keep the token in its cookie."""
    app.jinja_env.globals |= {"form_token": form_token, "new_act": new_act}

    @app.after_request
    def keep_token(response: Response) -> Response:
        token = g.get("form_token")
        if token is not None and request.cookies.get(COOKIE) != token:
            response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Strict")
        return response


def form_token() -> str:
    """Return the token that the forms of this page carry."""
    if "form_token" not in g:
        given = request.cookies.get(COOKIE, "")
        g.form_token = given if _TOKEN.fullmatch(given) else secrets.token_urlsafe(32)
    token: str = g.form_token
    return token


def new_act() -> str:
    """Return a name for what a form asks for: sent twice, it is done once. 32 hex digits."""
    return secrets.token_hex(16)


def takes_form(view: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a route reads a form of ours; it stands directly under ``@requires``.

    The route raises FormOutdated for a form without its token.
    """
    # A small file, such as a certification request, comes within the measure of every body.
    return _checked(view, (FORM, UPLOAD), None)


def takes_upload(max_octets: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare as ``takes_form`` that a route reads a form with a file, of so many octets in all."""
    return lambda view: _checked(view, (UPLOAD,), max_octets)


def _checked(
    view: Callable[..., Any], media_types: tuple[str, ...], most: int | None
) -> Callable[..., Any]:
    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        expected = request.cookies.get(COOKIE, "").encode()
        given = request.form.get(FIELD, "").encode()
        if not expected or not compare_digest(expected, given):
            raise FormOutdated(
                "Open the page again and send its form once more.", kept="Nothing was changed."
            )
        return view(*args, **kwargs)

    vars(checked)["media_types"] = media_types
    vars(checked)["max_octets"] = most
    return checked
