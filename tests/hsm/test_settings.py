from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import Clock
from core.database import Database
from core.settings import Section, SettingsRefused, load_settings
from hsm.settings import DEFAULT_TOKENS, HsmSettings
from hsm.softhsm import development_settings
from hsm.store import Pkcs11KeyStore


class Settings(Section):
    home: Path
    hsm: HsmSettings = HsmSettings()


TWO_MODULES = """
[hsm.modules.soft]
uri = "pkcs11:?module-path=/usr/lib/softhsm/libsofthsm2.so"
environment = { SOFTHSM2_CONF = "{home}/softhsm2.conf" }

[hsm.modules.vendor]
uri = "pkcs11:?module-path=/opt/vendor/lib/pkcs11.so"

[hsm.tokens.issuing]
uri = "pkcs11:token=CA;serial=12?module-name=vendor"
pin = { environment = "ISSUING_PIN" }

[hsm.tokens.operations]
uri = "pkcs11:token=operations?module-name=soft"
pin = { file = "pins/operations" }
"""


def read(home: Path, text: str) -> HsmSettings:
    (home / "camtrust.toml").write_text(text)
    return load_settings(Settings, home, {}).hsm


def test_each_token_lives_in_the_module_that_its_uri_names(home: Path) -> None:
    settings = read(home, TWO_MODULES)
    assert settings.module_of("issuing") == "vendor"
    assert settings.module_of("operations") == "soft"
    assert settings.modules["vendor"].path == "/opt/vendor/lib/pkcs11.so"


def test_without_any_token_the_development_tokens_are_meant(home: Path) -> None:
    assert tuple(development_settings(home).tokens) == DEFAULT_TOKENS
    assert HsmSettings().kind == "softhsm"
    assert read(home, TWO_MODULES).kind == "configured"


@pytest.mark.parametrize(
    ("defect", "said"),
    [
        (('pin = { environment = "ISSUING_PIN" }', "pin = {}"), "exactly one"),
        (
            ('pin = { environment = "ISSUING_PIN" }', "pin = { file = 'a', prompt = true }"),
            "exactly one",
        ),
        (("?module-name=vendor", "?module-name=other"), "module-name"),
        (("?module-name=vendor", ""), "module-name"),
        (("pkcs11:token=CA;serial=12", "pkcs11:"), "which token"),
        (("?module-path=/opt/vendor/lib/pkcs11.so", ""), "module-path"),
        (("serial=12", "serial=12;pin-value=482913"), "PIN"),
    ],
)
def test_a_defect_is_said_with_its_place_and_without_its_text(
    home: Path, defect: tuple[str, str], said: str
) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        read(home, TWO_MODULES.replace(*defect))
    assert "camtrust.toml: hsm" in refusal.value.detail
    assert said in refusal.value.detail
    assert "482913" not in str(refusal.value)


def test_settings_without_a_home_are_refused(sqlite: Database, clock: Clock) -> None:
    with pytest.raises(SettingsRefused, match="home"):
        Pkcs11KeyStore(settings=HsmSettings(), database=sqlite, clock=clock)


def test_one_module_is_not_opened_twice_with_other_settings(
    softhsm: HsmSettings, keys: Pkcs11KeyStore, home: Path, sqlite: Database, clock: Clock
) -> None:
    with pytest.raises(SettingsRefused, match="in use in this process"):
        Pkcs11KeyStore(settings=softhsm.at(home / "elsewhere"), database=sqlite, clock=clock)
    keys.check_canary()
