"""Which names an order may have (RFC 8555, Sections 7.1.4 and 9.7.7)."""

from __future__ import annotations

from collections.abc import Sequence

from ca.constraints.alternative_names import is_dns_name
from enrollment.acme.errors import IdentifierRefused, IdentifierTypeRefused, PayloadMalformed
from enrollment.acme.payloads import Identifier
from enrollment.grants.grant import Grant

DNS = "dns"


def names_of(identifiers: Sequence[Identifier], *, grant: Grant, most: int) -> tuple[str, ...]:
    """Return the names in lower case, each once, in the order in which they stand.

    Raises IdentifierTypeRefused, PayloadMalformed, and IdentifierRefused with one subproblem for
    each name that is not certified (RFC 8555, Section 6.7.1).
    """
    if any(one.type != DNS for one in identifiers):
        raise IdentifierTypeRefused("Identifiers of type dns are certified here.")
    # RFC 4343: names compare without case; certificates carry them in lower case.
    names = tuple(dict.fromkeys(one.value.lower() for one in identifiers))
    if len(names) > most:
        raise PayloadMalformed(f"An order has at most {most} names.")
    refused = [(name, reason) for name in names if (reason := _reason(name, grant))]
    if refused:
        raise IdentifierRefused(
            refused[0][1], subproblems=[_subproblem(name, reason) for name, reason in refused]
        )
    return names


def _reason(name: str, grant: Grant) -> str | None:
    if name.startswith("*."):
        # CP 3.2: each name is proven by itself; nobody here proves a whole zone.
        return "Names with a wildcard are not certified here."
    if not is_dns_name(name):
        return "This is no fully qualified host name in its ASCII form."
    if not grant.covers(name):
        return "The account's grant does not cover this name."
    return None


def _subproblem(name: str, reason: str) -> dict[str, object]:
    return {
        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": reason,
        # What the client sent itself, and no longer than a name can be.
        "identifier": {"type": DNS, "value": name[:253]},
    }
