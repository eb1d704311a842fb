"""Names of servers that a client asks for, where the protocol proves none: officers granted them.

What is not asked for is given as it stands in the grant.
"""

from __future__ import annotations

from ca.csr import VerifiedCsr
from ca.plan import FactValue
from enrollment.grants.errors import NameNotGranted
from enrollment.grants.grant import BELOW, Grant


def names_asked(csr: VerifiedCsr) -> tuple[str, ...]:
    """Return the DNS names that a request asks for, in lower case."""
    return tuple(one.value.lower() for one in csr.alternative_names if one.kind == "dns")


def facts_of_names(grant: Grant, asked: tuple[str, ...]) -> dict[str, FactValue]:
    """Return the facts that names lead to. Raises NameNotGranted."""
    exact = tuple(name for name in grant.dns_names if not name.startswith(BELOW))
    for name in asked:
        if not grant.covers(name):
            raise NameNotGranted("The request asks for a name that the grant does not cover.")
    names = asked or exact
    if not names:
        if grant.dns_names:
            raise NameNotGranted("Name the server in the request: the grant has no exact name.")
        return {}
    return {"dns_names": names, "server_name": names[0]}
