"""What the settings say of a way out: which addresses, whose certificates, how long."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from core.outgoing.resolver import parse_resolver
from core.settings import Section


def _resolver(text: str) -> str:
    parse_resolver(text)
    return text


class OutgoingSettings(Section):
    """Messages go to public addresses, to ``allowed_networks`` (a government network, say) and,
    with ``allow_private_addresses``, to any. ``resolvers``: ``ip:port``, the system's when empty.
    ``trust``: a PEM file of further anchors for the servers' certificates, within the home.
    """

    allow_private_addresses: bool = False
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    resolvers: tuple[Annotated[str, AfterValidator(_resolver)], ...] = ()
    timeout_seconds: float = Field(default=5.0, gt=0, le=30)
    trust: Path | None = None

    def within(self, home: Path) -> Self:
        """Return them with the file of anchors found from anywhere."""
        if self.trust is None:
            return self
        return self.model_copy(update={"trust": home / self.trust})
