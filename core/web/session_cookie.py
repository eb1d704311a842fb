"""The cookie that carries the token of a session, and is not readable by scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from werkzeug.http import parse_cookie

# RFC 6265bis, Section 4.1.3.2: only this very host sets it, over TLS, for all its paths.
COOKIE = "__Host-session"


def open_session(response: Response, token: str) -> None:
    """Hand a session's token to the browser; it forgets it when it is closed.

    SameSite=Lax: a link in an official mail may lead to a page of one's own; forms of other sites
    bring no cookie.
    """
    response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Lax")


def close_session(response: Response) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")


def session_token(environ: Mapping[str, Any]) -> str | None:
    """Return the token that a request brings, None for none."""
    return parse_cookie(dict(environ)).get(COOKIE) or None
