"""docs/reference/profiles.md says what is true."""

from __future__ import annotations

from pathlib import Path

from ca.profiles import load_profiles
from ca.profiles.definition import Extensions, ProfileDefinition
from ca.settings import CaSettings

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "profiles.md").read_text("utf-8")


def test_the_reference_lists_every_profile_with_its_days_and_officers() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in TEXT.splitlines()
        if line.startswith("| `") and line.count("|") == 8
    ]
    listed = {row[0].strip("`"): row for row in rows}
    profiles = load_profiles()
    assert set(listed) == set(profiles)
    for name, profile in profiles.items():
        assert listed[name][2].split(",")[0] == str(profile.definition.validity_days)
        assert listed[name][4] == str(profile.approvals)
        assert all(f"`{fact}`" in listed[name][5] for fact in profile.facts)


def test_the_reference_explains_every_key() -> None:
    keys = {*ProfileDefinition.model_fields, *Extensions.model_fields, *CaSettings.model_fields}
    missing = {key for key in keys - {"keys", "lint", "key_usage"} if f"`{key}`" not in TEXT}
    assert missing == set()
