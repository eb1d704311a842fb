"""What an issue or issuewild property says (RFC 8659, Section 4.2; RFC 8657)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from enrollment.acme.validation.errors import ValidationFailed, quoted

# RFC 8659, Section 4.2, in its words. ``label`` and ``tag`` have the same form.
_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_ISSUER = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PARAMETER = re.compile(rf"({_LABEL})[ \t]*=[ \t]*([!-:<-~]*)")
_WHITE_SPACE = " \t"
# A record holds 64 kB; the parameters that we know take a few hundred octets.
LONGEST_VALUE = 4_096


@dataclass(frozen=True)
class IssueValue:
    """Who may issue, and under which conditions. No ``issuer``: nobody, by this property."""

    issuer: str | None
    parameters: tuple[tuple[str, str], ...]

    def of(self, tag: str) -> list[str]:
        """Return the values of a parameter; there may be several, or none."""
        return [value for name, value in self.parameters if name == tag]


def parse_issue_value(value: bytes) -> IssueValue:
    """Read the value of an issue or issuewild property. Raises ValidationFailed (``caa``).

    Issuer and tags are made lower-case; values are as they stand.
    """
    if len(value) > LONGEST_VALUE or not value.isascii():
        raise _unreadable(value)
    issuer, _, rest = value.decode("ascii").partition(";")
    issuer = issuer.strip(_WHITE_SPACE)
    if issuer and not _ISSUER.fullmatch(issuer):
        raise _unreadable(value)
    return IssueValue(issuer=issuer.lower() or None, parameters=_parameters(rest, value))


def _parameters(text: str, value: bytes) -> tuple[tuple[str, str], ...]:
    if not text.strip(_WHITE_SPACE):
        return ()
    found: list[tuple[str, str]] = []
    parts = text.split(";")
    # Many zones end the list with a semicolon, which the grammar does not know.
    if not parts[-1].strip(_WHITE_SPACE):
        parts.pop()
    for part in parts:
        match = _PARAMETER.fullmatch(part.strip(_WHITE_SPACE))
        if match is None:
            raise _unreadable(value)
        found.append((match[1].lower(), match[2]))
    return tuple(found)


def _unreadable(value: bytes) -> ValidationFailed:
    return ValidationFailed("caa", f"The CAA property {quoted(value)} cannot be read.")
