"""The how-to on `p11-kit server` says what the settings accept and the tests run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from hsm.settings import HsmSettings
from tests.hsm.conftest import P11_KIT_CLIENT, P11KitServer

HOW_TO = Path(__file__).parents[2] / "docs/how-to/p11-kit-server.md"


def test_the_settings_of_the_how_to_are_valid_and_those_that_are_tested() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    settings = HsmSettings.model_validate(tomllib.loads(block)["hsm"])
    assert settings.modules["remote"].path == str(P11_KIT_CLIENT)
    assert not settings.modules["remote"].locking
    assert settings.module_of("issuing") == "remote"


def test_the_command_of_the_how_to_is_the_one_that_is_tested(tmp_path: Path) -> None:
    (started,) = re.findall(r"ExecStart=/usr/bin/(.*?)\n\w", HOW_TO.read_text(), re.DOTALL)
    said = started.replace("\\\n", " ").replace('"', "").split()
    ours = P11KitServer(tmp_path, "/usr/lib/softhsm/libsofthsm2.so").command
    assert sorted(said) == sorted(
        "/run/camtrust-hsm/p11.sock" if part == str(tmp_path / "p11.sock") else part
        for part in ours
    )
