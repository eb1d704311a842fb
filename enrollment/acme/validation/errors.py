"""Why a validation failed, in words for the one who has to mend it."""

from __future__ import annotations

from typing import Literal

from core.errors import Forbidden

# RFC 8555, Section 6.7: the error types that a validation can end in.
AcmeType = Literal["connection", "dns", "incorrectResponse", "unauthorized", "caa"]

LONGEST_QUOTE = 80
# What may stand as it is, in a sentence, in a log line and on a page.
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?=+@,;*[]() "
)


class ValidationFailed(Forbidden):
    """The control of a name was not proved, or its CAA records do not let us issue.

    ``acme_type`` is the error of RFC 8555, Section 6.7: ``connection`` (nothing was reached, or
    nothing that may be reached), ``dns`` (a look-up failed), ``incorrectResponse`` (an answer
    came, and it is not the expected one), ``unauthorized`` (this challenge cannot prove this
    name), ``caa``.
    """

    problem = "validation-failed"
    title = "The control of a name was not proved"

    def __init__(self, acme_type: AcmeType, detail: str, **data: object) -> None:
        super().__init__(detail, kept=None, **data)
        self.acme_type: AcmeType = acme_type


def quoted(seen: bytes | str) -> str:
    """Return what a stranger sent as a short quotation without anything but plain ASCII."""
    text = seen.decode("latin-1") if isinstance(seen, bytes) else seen
    shown = "".join(one if one in _PLAIN else _escaped(one) for one in text[:LONGEST_QUOTE])
    return f'"{shown}"' + (" and more" if len(text) > LONGEST_QUOTE else "")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"
