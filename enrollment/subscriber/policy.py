"""What a person may apply for and by which rules: ``policy.toml``, or the operator's own copy."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from core.settings import Section, SettingsRefused

POLICY = Path(__file__).parent / "policy.toml"
Days = Annotated[int, Field(ge=1, le=400)]
# One application has at most so many certificates, each with its own key.
MOST_CERTIFICATES = 4


class _Deadline(Section):
    cp_section: str
    within_days: Days

    @property
    def within(self) -> timedelta:
        """How long the office has."""
        return timedelta(days=self.within_days)


class _Renewal(Section):
    cp_section: str
    opens_days: Days
    same_key: frozenset[str] = frozenset()
    without_officers: frozenset[str] = frozenset()

    @property
    def opens(self) -> timedelta:
        """How long before its end a certificate may be renewed."""
        return timedelta(days=self.opens_days)


class _Certificates(Section):
    cp_section: str
    profiles: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_CERTIFICATES)]


class SubscriberPolicy(Section):
    """The whole file."""

    format: Literal["camtrust-subscriber-policy-1"]
    decision: _Deadline
    objection: _Deadline
    renewal: _Renewal
    certificates: _Certificates

    @classmethod
    def load(cls, path: Path = POLICY) -> Self:
        """Read a policy. Raises SettingsRefused, naming file, key and reason."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"{path}: cannot be read as TOML: {error}") from error
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise SettingsRefused(f"{path}: {key}: {first['msg']}") from error

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles, in the order in which they are offered."""
        return self.certificates.profiles

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.profiles)) != len(self.profiles):
            raise ValueError("certificates.profiles: a profile stands twice")
        renewal = self.renewal
        if foreign := (renewal.same_key | renewal.without_officers) - set(self.profiles):
            raise ValueError(f"renewal: {sorted(foreign)[0]} is not offered")
        return self
