from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.enrollment.acme.dns_server import DnsServer
from tests.enrollment.acme.validation.scene import Scene


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def scene(dns_server: DnsServer, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(dns_server, tmp_path)
    yield made
    made.close()
