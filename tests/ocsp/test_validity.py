"""How long answers hold is data, by role and authority, and what cannot be kept is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from camtrust.settings import read_settings
from core.settings import SettingsRefused
from ocsp.settings import OcspSettings
from ocsp.validity import Validity

HOUR = timedelta(hours=1)


def test_camdx_is_signed_again_every_half_hour_and_people_daily() -> None:
    settings = OcspSettings()
    camdx = settings.validity_of("camdx-1", "camdx")
    assert (camdx.valid, camdx.sign_again) == (8 * HOUR, HOUR / 2)
    people = settings.validity_of("people-1", "people")
    assert (people.valid, people.sign_again) == (48 * HOUR, 24 * HOUR)
    # A role that nobody named has the same times as people.
    assert settings.validity_of("health-1", "health").valid == 48 * HOUR


def test_an_authority_overrides_its_role_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "camtrust.toml").write_text(
        '[ocsp.validity.camdx-2]\nsign_again = "PT10M"\n'
        '[ocsp.validity.people]\nvalid = "P3D"\n[ocsp.validity.people-7]\nranges = 8\n'
    )
    settings = read_settings(tmp_path).ocsp
    own = settings.validity_of("camdx-2", "camdx")
    assert (own.valid, own.sign_again, own.this_update_within) == (8 * HOUR, HOUR / 6, HOUR)
    assert settings.validity_of("camdx-1", "camdx").sign_again == HOUR / 2
    other = settings.validity_of("people-7", "people")
    assert (other.valid, other.sign_again, other.ranges) == (72 * HOUR, 24 * HOUR, 8)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('sign_again = "PT25H"', "half of valid"),
        ('sign_again = "PT30S"', "a minute at least"),
        ('this_update_within = "PT24H"', "too old"),
        ("ranges = 0", "ranges"),
    ],
)
def test_times_that_cannot_be_kept_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "camtrust.toml").write_text(f"[ocsp.validity.people]\n{line}\n")
    with pytest.raises(SettingsRefused, match=reason):
        read_settings(tmp_path)


def test_xroad_would_refuse_answers_that_caches_keep_too_long() -> None:
    with pytest.raises(ValidationError, match=r"validity\.camdx: .*too old"):
        OcspSettings(max_age=timedelta(minutes=40))
    with pytest.raises(ValidationError, match="validity"):
        OcspSettings(validity={"people": "48 h"})
    short = Validity(valid=HOUR / 2, sign_again=HOUR / 4)
    with pytest.raises(ValidationError, match=r"validity\.people: .*Section 7\.2"):
        OcspSettings(validity={"people": short}, max_age=HOUR / 2)
