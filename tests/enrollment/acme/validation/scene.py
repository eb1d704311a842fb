"""A small world for validations: names, web servers, and a validator that looks at them.

127.0.0.2 and ``::1`` stand for the public Internet, 127.0.0.1 for what is inside: all of it is
loopback, but the settings of the validator allow the first two alone.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from enrollment.acme.validation import (
    Challenge,
    Validation,
    ValidationFailed,
    ValidationSettings,
)
from tests.enrollment.acme.dns_server import DnsServer, free_port
from tests.enrollment.acme.validation.web_server import Behaviour, WebServer, page, tls_context

OUTSIDE, OUTSIDE_6, INSIDE = "127.0.0.2", "::1", "127.0.0.1"
NAME = "www.moi.gov.kh"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
KEY_AUTHORIZATION = f"{TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
PATH = f"/.well-known/acme-challenge/{TOKEN}"
RIGHT = page(KEY_AUTHORIZATION.encode())


class Scene:
    def __init__(self, dns_server: DnsServer, folder: Path) -> None:
        self.dns = dns_server
        self.http_port, self.https_port = free_port(OUTSIDE), free_port(OUTSIDE)
        self._folder = folder
        self._servers: list[WebServer] = []

    def close(self) -> None:
        for server in self._servers:
            server.close()

    def serve(
        self, behaviour: Behaviour, address: str = OUTSIDE, *, tls: bool = False
    ) -> WebServer:
        port = self.https_port if tls else self.http_port
        server = WebServer(address, port, tls_context(self._folder) if tls else None)
        server.behaviour = behaviour
        self._servers.append(server)
        return server

    def validation(self, **settings: Any) -> Validation:
        given: dict[str, Any] = {
            "caa_identities": ("pki.gov.kh",),
            "resolvers": (self.dns.resolver,),
            "http_port": self.http_port,
            "https_port": self.https_port,
            "allowed_networks": (ip_network(OUTSIDE), ip_network(OUTSIDE_6)),
            "timeout_seconds": 2.0,
        }
        return Validation.build(ValidationSettings(**{**given, **settings}))

    def http_01(self, name: str = NAME, **settings: Any) -> None:
        self.validation(**settings).validate(Challenge("http-01", name, TOKEN, KEY_AUTHORIZATION))

    def dns_01(self, name: str = NAME, **settings: Any) -> None:
        self.validation(**settings).validate(Challenge("dns-01", name, TOKEN, KEY_AUTHORIZATION))

    def refused_http_01(self, name: str = NAME, **settings: Any) -> ValidationFailed:
        with pytest.raises(ValidationFailed) as refusal:
            self.http_01(name, **settings)
        return refusal.value

    def refused_dns_01(self, name: str = NAME, **settings: Any) -> ValidationFailed:
        with pytest.raises(ValidationFailed) as refusal:
            self.dns_01(name, **settings)
        return refusal.value
