"""Why passes are taken back: policy as data, in ``reasons.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import Unacceptable
from core.settings import SettingsRefused

_FILE = "reasons.toml"


class ReasonUnknown(Unacceptable):
    """Passes are revoked for one of the reasons of a closed list."""

    problem = "pass-reason-unknown"
    title = "This is no reason for revoking a pass"


class _Reasons(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["camtrust-pass-reasons-1"]
    reasons: Mapping[str, str]


@cache
def reasons() -> Mapping[str, str]:
    """Return each reason with its sentence. Raises SettingsRefused."""
    text = resources.files(__package__).joinpath(_FILE).read_text("utf-8")
    try:
        return _Reasons.model_validate(tomllib.loads(text)).reasons
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsRefused(f"{_FILE}: {error}") from error


def check_reason(reason: str) -> str:
    """Return a reason that is on the list. Raises ReasonUnknown."""
    if reason not in reasons():
        raise ReasonUnknown(
            f"Passes are revoked for {', '.join(reasons())}.", kept="No pass was revoked."
        )
    return reason
