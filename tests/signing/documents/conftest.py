from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from camtrust.wiring import Services
from tests.interop.conftest import founded_copy
from tests.signing.documents.judges import Judges, publishing
from tests.signing.documents.world import World, make_world, run

if TYPE_CHECKING:
    from tests.conftest import Template


@pytest.fixture(scope="module")
def world(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home with a seal, its time-stamps made by openssl."""
    folder = tmp_path_factory.mktemp("documents")
    services = Services(home=founded_copy(sqlite_template, folder / "home"))
    # Closed even where making it fails: a token's module has one configuration in a process.
    with closing(services):
        yield make_world(services, folder)


@pytest.fixture(scope="module")
def published(world: World) -> Iterator[str]:
    with publishing(world.services) as proxy:
        yield proxy


@pytest.fixture
def judges(world: World, published: str, tmp_path: Path, require: Callable[[str], str]) -> Judges:
    nss = tmp_path / "nss"
    nss.mkdir()
    root = world.folder / "root.pem"
    certutil = require("certutil")
    run(certutil, "-N", "-d", f"sql:{nss}", "--empty-password")
    run(certutil, "-A", "-d", f"sql:{nss}", "-n", "root", "-t", "C,C,C", "-a", "-i", root)
    return Judges(tmp_path, root, nss, published, require)
