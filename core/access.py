"""Who may do what: roles and their permissions, as data.

A permission is a word such as ``application:decide``, named by the package that asks for it.
Which role holds which is a TOML file (``camtrust/roles.toml``); what it does not grant is
refused. Roles are those of trusted persons in RFC 3647, Section 4.5.2, and machines.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType

from pydantic import ValidationError

from core.errors import Forbidden, Unauthenticated
from core.settings import Section, SettingsRefused

Permission = NewType("Permission", str)


class Role(StrEnum):
    """The offices that camtrust knows. Nobody holds two: separation of duties."""

    CA_ADMINISTRATOR = "ca-administrator"
    RA_OFFICER = "ra-officer"
    AUDITOR = "auditor"
    SERVICE = "service"


@dataclass(frozen=True)
class Principal:
    """Who is asking, once it was proven. ``id`` is a pseudonym: it may stand in logs."""

    id: str
    role: Role


class SignInRequired(Unauthenticated):
    """Only an enrolled officer or service may ask for this, over the officers' listener."""

    problem = "sign-in-required"
    title = "Sign in with a certificate"


class PermissionLacking(Forbidden):
    """The role of the one who asks does not hold the permission that this act needs."""

    problem = "permission-lacking"
    title = "Your role may not do this"


class _RolePolicy(Section):
    cp_section: str
    permissions: frozenset[str]


class _AccessFile(Section):
    roles: dict[Role, _RolePolicy]


class AccessPolicy:
    """Answers whether a role holds a permission; what is not granted is refused."""

    def __init__(self, *, grants: Mapping[Role, Iterable[Permission]]) -> None:
        self._grants = {role: frozenset(held) for role, held in grants.items()}

    @classmethod
    def load(cls, path: Path) -> AccessPolicy:
        """Read a roles file. Raises SettingsRefused, naming file, key and reason."""
        try:
            document = _AccessFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"{path}: cannot be read as TOML: {error}") from error
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise SettingsRefused(f"{path}: {key}: {first['msg']}") from error
        return cls(
            grants={
                role: map(Permission, policy.permissions) for role, policy in document.roles.items()
            }
        )

    @property
    def permissions(self) -> frozenset[Permission]:
        """Every permission that some role holds."""
        return frozenset().union(*self._grants.values())

    def is_allowed(self, role: Role, permission: Permission) -> bool:
        """Tell whether ``role`` holds ``permission``."""
        return permission in self._grants.get(role, frozenset())

    def check(self, principal: Principal | None, *any_of: Permission) -> Principal:
        """Return the principal if it holds one of ``any_of``.

        Raises SignInRequired when nobody signed in, PermissionLacking otherwise.
        """
        if principal is None:
            raise SignInRequired(
                "This needs a sign-in with an officer's or a service's certificate."
            )
        if not any(self.is_allowed(principal.role, permission) for permission in any_of):
            raise PermissionLacking(f"The role {principal.role} may not do this.", needs=any_of[0])
        return principal
