"""Where a request goes: a checked scheme, host, port and path."""

from __future__ import annotations

from dataclasses import dataclass

STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """A checked URL: a DNS name, a port that is allowed, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110, Section 7.2)."""
        standard = self.port == STANDARD_PORTS[self.scheme]
        return self.host if standard else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL."""
        return f"{self.scheme}://{self.authority}{self.path}"
