"""Read what was typed into officers' forms: texts, and the name of the act."""

from __future__ import annotations

import re

from pydantic import ValidationError

from core.errors import Malformed
from enrollment.messages import RefusalMessage

_ACT = re.compile(r"[0-9a-f]{32}")


class ActMalformed(Malformed):
    """A form of the officers' pages lost the name of what it asks for."""

    problem = "act-malformed"
    title = "This form cannot be read"


def act_named(text: str) -> str:
    """Return the name of a form's act. Raises ActMalformed."""
    if not _ACT.fullmatch(text):
        raise ActMalformed("Open the page again and send its form once more.")
    return text


def words(text: str) -> str:
    """Return a text as the API's clients send it: a browser sends line breaks as CRLF."""
    return text.replace("\r\n", "\n").strip()


def is_reason(text: str) -> bool:
    """Tell whether a text can be a reason, a question or an answer."""
    try:
        RefusalMessage(reason=text)
    except ValidationError:
        return False
    return True
