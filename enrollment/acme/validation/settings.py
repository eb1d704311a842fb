"""How validations look at the world: the section ``[acme.validation]``."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ca.constraints.alternative_names import is_dns_name
from core.outgoing.resolver import parse_resolver
from core.settings import Section

# Other machines than ours must be able to see what we saw; more than this only takes time.
MOST_VANTAGE_POINTS = 12


def _resolver(text: str) -> str:
    parse_resolver(text)
    return text


def _caa_identity(name: str) -> str:
    if not is_dns_name(name):
        raise ValueError("a CAA identity is a lower-case DNS name")
    return name


Resolver = Annotated[str, AfterValidator(_resolver)]
CaaIdentity = Annotated[str, AfterValidator(_caa_identity)]


class VantagePoint(Section):
    """A remote perspective: resolvers somewhere else, and the way out to that place.

    ``resolvers`` are asked for everything that this perspective looks up. Connections and
    questions leave from ``source_addresses`` (at most one of each IP version; versions that are
    left out are not used), which the system routes to another place: through a tunnel whose far
    end is there, or another provider's line. Without them only the resolvers differ, which
    finds poisoned names but no hijacked route.
    """

    name: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9 ._-]+$")
    resolvers: tuple[Resolver, ...] = Field(min_length=1)
    source_addresses: tuple[IPv4Address | IPv6Address, ...] = ()

    @model_validator(mode="after")
    def _questions_and_connections_leave_from_there(self) -> Self:
        versions = [address.version for address in self.source_addresses]
        if len(versions) != len(set(versions)):
            raise ValueError("source_addresses holds more than one address of an IP version")
        asked = {ip_address(parse_resolver(one)[0]).version for one in self.resolvers}
        # A question that left by the common way would be no look from elsewhere.
        if versions and not (len(asked) == 1 and asked <= set(versions)):
            raise ValueError("resolvers are of one IP version, and source_addresses has that one")
        return self


class ValidationSettings(Section):
    """How names are validated.

    ``caa_identities``: the domains that name us in CAA records. ``resolvers``: ``ip:port``, the
    system's when empty; they should validate DNSSEC, and answer SERVFAIL to what is forged.
    ``http_port`` and ``https_port`` are other than 80 and 443 in tests only. A validation
    connects to public addresses, to ``allowed_networks`` (a ministry's own, say) and, with
    ``allow_private_addresses``, to any. ``timeout_seconds``: for everything that one perspective
    does for one validation. ``vantage_points`` look again after the first perspective;
    ``remote_failures_allowed`` of them may fail: 0 of one, 1 of two to five, 2 of more, unless
    it is set (CA/Browser Forum, TLS Baseline Requirements, Section 3.2.2.9).
    """

    caa_identities: tuple[CaaIdentity, ...] = ()
    resolvers: tuple[Resolver, ...] = ()
    http_port: int = Field(default=80, ge=1, le=65_535)
    https_port: int = Field(default=443, ge=1, le=65_535)
    allow_private_addresses: bool = False
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    vantage_points: tuple[VantagePoint, ...] = Field(default=(), max_length=MOST_VANTAGE_POINTS)
    remote_failures_allowed: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _the_remote_count(self) -> Self:
        names = [point.name for point in self.vantage_points]
        if len(names) != len(set(names)):
            raise ValueError("two vantage_points have the same name")
        allowed = self.remote_failures_allowed
        if allowed is not None and names and allowed >= len(names):
            raise ValueError("remote_failures_allowed would let every vantage point fail")
        return self

    @property
    def failures_allowed(self) -> int:
        """How many of the vantage points may fail."""
        if self.remote_failures_allowed is not None:
            return self.remote_failures_allowed
        count = len(self.vantage_points)
        if count < 2:
            return 0
        return 1 if count <= 5 else 2
