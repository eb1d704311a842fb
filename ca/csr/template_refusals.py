"""Why a CRMF request is refused, beside what is wrong with any request."""

from __future__ import annotations

from core.errors import Unacceptable


class PossessionNotProven(Unacceptable):
    """RFC 4211, Section 4: nothing in the request shows that its sender holds the key."""

    problem = "possession-not-shown"
    title = "Possession of the key is not shown"


class TemplateRefused(Unacceptable):
    """RFC 4211, Section 5: the template has a field that is the authority's to fill, or no key."""

    problem = "template-refused"
    title = "The certificate template asks for what nobody gets"
