"""Headers that tell a browser what a page of ours may never do.

A page runs no script, unless its template asks for one of ours by ``need_script(path)``: then that
page alone runs scripts that come from this host, and none that stands in the page.
"""

from __future__ import annotations

from flask import Flask, Response, g, url_for

# Pages carry no script and no style of their own: everything comes from /assets.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# CSP Level 3, Section 6.1.11. No 'unsafe-inline', no 'unsafe-eval', no other host.
SCRIPTED = "; script-src 'self'"
# For scripts that ask us something themselves; where keys are made, none does.
ASKING = "; connect-src 'self'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers hold what only the asker may see, unless a route says otherwise.
    "Cache-Control": "no-store",
}


def send_security_headers(app: Flask) -> None:
    """Add the headers to every answer that does not set them itself."""
    app.jinja_env.globals |= {
        "need_script": need_script,
        "page_script": page_script,
        "page_scripts": page_scripts,
    }

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy())
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def need_script(path: str, *, asks: bool = False) -> str:
    """Let the page that is being made run our script at ``path``; called in its template.

    ``asks``: the script sends requests itself.
    """
    scripts = g.setdefault("page_scripts", [])
    if path not in scripts:
        scripts.append(path)
    g.page_asks = g.get("page_asks", False) or asks
    return ""


def page_script(name: str) -> str:
    """Do as :func:`need_script` with the script ``page/NAME`` of the pages' assets."""
    return need_script(url_for("pages.static", filename=f"page/{name}"))


def page_scripts() -> list[str]:
    """Return the scripts that the page asked for, for the end of its body."""
    scripts: list[str] = g.get("page_scripts", [])
    return scripts


def send_forms_to(*origins: str) -> None:
    """Let the forms of the page that is being made lead on to ``origins``, besides to us.

    Chromium holds a redirect that answers a form against form-action too (CSP 3, Section 6.4.1).
    """
    g.form_origins = origins


def _policy() -> str:
    policy = CONTENT_SECURITY_POLICY
    if origins := g.get("form_origins"):
        policy = policy.replace("form-action 'self'", " ".join(("form-action 'self'", *origins)))
    if g.get("page_scripts"):
        policy += SCRIPTED
    return policy + (ASKING if g.get("page_asks") else "")
