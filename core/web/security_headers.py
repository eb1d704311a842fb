"""Headers that tell a browser what a page of ours may never do."""

from __future__ import annotations

from flask import Flask, Response

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
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers hold what only the asker may see, unless a route says otherwise.
    "Cache-Control": "no-store",
}


def send_security_headers(app: Flask) -> None:
    """Add the headers to every answer that does not set them itself."""

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
