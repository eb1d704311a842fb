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
    """What somebody is to camtrust. Nobody holds two offices: separation of duties."""

    CA_ADMINISTRATOR = "ca-administrator"
    RA_OFFICER = "ra-officer"
    COUNTER_OFFICER = "counter-officer"  # at a One Window or commune office
    AUDITOR = "auditor"
    SERVICE = "service"  # a program
    SUBSCRIBER = "subscriber"  # a natural person who applies for certificates and holds them


@dataclass(frozen=True)
class Principal:
    """Who is asking, once it was proven. ``id`` is a pseudonym: it may stand in logs.

    ``institution``: whose people and certificates an officer or a service has to do with; None for
    the whole nation. ``scopes``: of what the role may do, only this; None for all of it.
    """

    id: str
    role: Role
    institution: str | None = None
    scopes: frozenset[Permission] | None = None

    def is_within(self, permission: Permission) -> bool:
        """Tell whether the scopes allow ``permission``."""
        return self.scopes is None or permission in self.scopes


class SignInRequired(Unauthenticated):
    """Only an enrolled officer or service may ask for this, over the officers' listener."""

    problem = "sign-in-required"
    title = "Sign in with a certificate"


class PermissionLacking(Forbidden):
    """The role of the one who asks does not hold the permission that this act needs."""

    problem = "permission-lacking"
    title = "Your role may not do this"


class ScopeLacking(PermissionLacking):
    """The access token was not given for this act; ask for one with the scope that it needs."""

    problem = "scope-lacking"
    title = "Your access token is not for this"

    def __init__(self, detail: str, *, needs: Permission) -> None:
        super().__init__(detail, needs=needs)
        # RFC 6750, Section 3.1.
        self.challenge = f'Bearer realm="camtrust", error="insufficient_scope", scope="{needs}"'


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

    def held_by(self, role: Role) -> frozenset[Permission]:
        """Return what a role may do."""
        return self._grants.get(role, frozenset())

    def is_allowed(self, role: Role, permission: Permission) -> bool:
        """Tell whether ``role`` holds ``permission``."""
        return permission in self._grants.get(role, frozenset())

    def is_granted(self, principal: Principal, permission: Permission) -> bool:
        """Tell whether the principal's role holds ``permission``, and its scopes allow it."""
        return self.is_allowed(principal.role, permission) and principal.is_within(permission)

    def check(self, principal: Principal | None, *any_of: Permission) -> Principal:
        """Return the principal if it holds one of ``any_of``.

        Raises SignInRequired when nobody signed in, PermissionLacking otherwise.
        """
        if principal is None:
            raise SignInRequired(
                "This needs a sign-in with an officer's or a service's certificate."
            )
        if not any(self.is_granted(principal, permission) for permission in any_of):
            if any(self.is_allowed(principal.role, permission) for permission in any_of):
                needs = next(one for one in any_of if self.is_allowed(principal.role, one))
                raise ScopeLacking("This was not granted to you, or not asked for.", needs=needs)
            raise PermissionLacking(f"The role {principal.role} may not do this.", needs=any_of[0])
        return principal
