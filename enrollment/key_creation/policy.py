"""The file ``policy.toml``: which homes a key may have, and which keys browsers make."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from core.settings import Section, SettingsRefused

FILE = Path(__file__).parent / "policy.toml"
# What scripts/algorithms.js makes, and the profile's word for it (ca/profiles).
KEY_TYPES: Mapping[str, str] = {"ec-p256": "ec-p256", "ec-p384": "ec-p384", "rsa-3072": "rsa"}

Algorithm = Literal["ec-p256", "ec-p384", "rsa-3072"]


class KeyHome(StrEnum):
    """Where a subscriber's private key lives."""

    OWN_REQUEST = "own-request"
    FILE = "file"
    BROWSER = "browser"
    STATE_HSM = "state-hsm"


class ProfileKeys(Section):
    """What holds for one kind of certificate."""

    homes: Annotated[tuple[KeyHome, ...], Field(min_length=1)]
    algorithms: tuple[Algorithm, ...] = ()


class _PolicyFile(Section):
    format: Literal["camtrust-key-creation-1"]
    profiles: dict[str, ProfileKeys]


ELSEWHERE_ALONE = ProfileKeys(homes=(KeyHome.OWN_REQUEST,))


def load_key_policy(path: Path = FILE) -> Mapping[str, ProfileKeys]:
    """Return the policy by profile. Raises SettingsRefused, naming file, key and reason."""
    try:
        document = _PolicyFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise SettingsRefused(f"{path}: {key}: {first['msg']}") from error
    return document.profiles
