"""Settings: one TOML file in the home directory and ``CAMTRUST_`` environment variables.

Each package declares its own section (a :class:`Section`); camtrust/settings.py puts the
sections together. ``CAMTRUST_DATABASE__URL`` overrides ``url`` of ``[database]``.
Everything is validated at start; a mistake names the file, the key and the reason.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import Unacceptable

FILE_NAME = "camtrust.toml"
ENVIRONMENT_PREFIX = "CAMTRUST_"
# Read by other parts than the settings.
_NOT_SETTINGS = {"CAMTRUST_HOME", "CAMTRUST_REQUIRE_SERVICES", "CAMTRUST_SCREENSHOTS"}


class SettingsRefused(Unacceptable):
    """The settings are not valid; the message names file, key and reason."""

    problem = "settings-refused"
    title = "The settings are not valid"


class Section(BaseModel):
    """One section of the settings: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def load_settings(
    model: type[SettingsT], home: Path, environment: Mapping[str, str] | None = None
) -> SettingsT:
    """Read ``home/camtrust.toml`` and the environment into ``model``.

    ``model`` has a field ``home``. Raises SettingsRefused.
    """
    path = home / FILE_NAME
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"{path}: not valid TOML: {error}") from error
    overrides = _from_environment(model, os.environ if environment is None else environment)
    try:
        return model.model_validate({**_merge(values, overrides), "home": home})
    except ValidationError as error:
        raise SettingsRefused(_explain(path, error)) from error


def _from_environment(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _NOT_SETTINGS:
            continue
        keys = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if keys[0] not in model.model_fields or keys[0] == "home":
            raise SettingsRefused(f"environment: {variable} names no section of the settings")
        target = result
        for key in keys[:-1]:
            target = target.setdefault(key, {})
        target[keys[-1]] = value
    return result


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged


def _explain(source: Path, error: ValidationError) -> str:
    # The input itself is left out: it may be a secret.
    lines = [
        f"{source}: {'.'.join(map(str, one['loc'])) or '(file)'}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return "\n".join(lines)
