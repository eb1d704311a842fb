"""What the routes of documents say alike of files: in their description, and in their answers."""

from __future__ import annotations

from typing import Any

PDF = "application/pdf"
FILE = {"type": "string", "contentMediaType": PDF}
SIGNED: dict[int, Any] = {
    200: {"description": "The signed document", "content": {PDF: {"schema": FILE}}}
}


def link_to(address: str) -> str:
    """Return the Link header (RFC 8288) that names the page of a document."""
    return f'<{address}>; rel="describedby"'
