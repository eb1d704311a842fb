"""Load the profiles and bind them to this installation's settings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from ca.constraints.weak_keys import WeakKeys
from ca.profiles.definition import ProfileDefinition
from ca.profiles.extensions import ConstantExtensions
from ca.profiles.profile import Profile
from ca.settings import CaSettings
from core.errors import Unacceptable
from hsm.keys import PublicKey


class ProfileRefused(Unacceptable):
    """A profile's file is not valid; the message names file, key and reason."""

    problem = "profile-refused"
    title = "A certificate profile is not valid"


class Profiles(Mapping[str, Profile]):
    """All profiles, by name."""

    def __init__(self, profiles: Mapping[str, Profile], weak_keys: WeakKeys) -> None:
        self._profiles = dict(profiles)
        self._weak_keys = weak_keys

    def __getitem__(self, name: str) -> Profile:
        return self._profiles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def check_key(self, public_key: PublicKey) -> None:
        """Refuse a key that others can compute or already have. Raises WeakKey, CompromisedKey."""
        self._weak_keys.check(public_key)

    def missing_blocklists(self) -> list[str]:
        """Return a sentence for each blocklist of compromised keys that is not there."""
        return self._weak_keys.missing_blocklists()


def load_profiles(
    settings: CaSettings | None = None,
    *,
    home: Path | None = None,
    directory: Path | Traversable | None = None,
) -> Profiles:
    """Load every ``*.toml`` of ``directory``, by default those that camtrust comes with.

    Raises ProfileRefused, naming file, key and reason.
    """
    settings = settings or CaSettings()
    source: Path | Traversable = directory or resources.files("ca.profiles") / "definitions"
    weak_keys = WeakKeys(settings=settings, home=home or Path())
    profiles: dict[str, Profile] = {}
    for file in sorted(source.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            definition = read_definition(file)
            profiles[definition.name] = _bind(definition, settings, weak_keys)
    if not profiles:
        raise ProfileRefused(f"{source}: has no profile")
    _refuse_shared_policies(profiles)
    return Profiles(profiles, weak_keys)


def read_definition(file: Path | Traversable) -> ProfileDefinition:
    """Read and check one profile's file. Raises ProfileRefused."""
    try:
        definition = ProfileDefinition.model_validate(
            tomllib.loads(file.read_text(encoding="utf-8"))
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileRefused(f"{file.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [
            f"{file.name}: {'.'.join(map(str, one['loc'])) or '(file)'}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise ProfileRefused("\n".join(lines)) from error
    if file.name != f"{definition.name}.toml":
        raise ProfileRefused(f"{file.name}: name: has to be that of the file")
    return definition


def _bind(definition: ProfileDefinition, settings: CaSettings, weak_keys: WeakKeys) -> Profile:
    policy_oid = None
    if definition.policy is not None:
        policy_oid = f"{settings.policy_arc}.{definition.policy}"
    return Profile(
        definition=definition,
        policy_oid=policy_oid,
        disclosure_statements=settings.disclosure_statements,
        publication=settings.publication,
        weak_keys=weak_keys,
        constant_extensions=ConstantExtensions(
            definition=definition,
            policy_oid=policy_oid,
            disclosure_statements=settings.disclosure_statements,
            publication=settings.publication,
        ),
    )


def _refuse_shared_policies(profiles: Mapping[str, Profile]) -> None:
    owners: dict[str, str] = {}
    for name, profile in profiles.items():
        if profile.policy_oid is None:
            continue
        if profile.policy_oid in owners:
            raise ProfileRefused(
                f"{name}.toml: policy: is that of {owners[profile.policy_oid]} already"
            )
        owners[profile.policy_oid] = name
