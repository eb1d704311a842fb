"""The hierarchy of certification authorities, described as data.

A TOML file (``ca/definitions/hierarchy.toml``, or ``HOME/hierarchy.toml`` where there is one)
names every authority, where its key lives and who certifies it. It is read and checked whole;
a mistake names the file, the key and the reason. What exists in truth is in the database
(:mod:`ca.authorities`): a ceremony makes it so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from cryptography import x509
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import NotFound, Unacceptable
from hsm.keys import KeyAlgorithm

FILE_NAME = "hierarchy.toml"
FORMAT = "camtrust-hierarchy-1"

AuthorityName = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,55}-[1-9][0-9]{0,3}$")]

# The order of a distinguished name, most general first, and each attribute's type.
_ATTRIBUTES: Mapping[str, x509.ObjectIdentifier] = {
    "country_name": NameOID.COUNTRY_NAME,
    "organization_name": NameOID.ORGANIZATION_NAME,
    "organization_identifier": NameOID.ORGANIZATION_IDENTIFIER,
    "common_name": NameOID.COMMON_NAME,
}


class HierarchyRefused(Unacceptable):
    """The hierarchy file is not valid; the message names file, key and reason."""

    problem = "hierarchy-refused"
    title = "The hierarchy is not valid"


class AuthorityUndefined(NotFound):
    """The hierarchy file describes no authority of this name."""

    problem = "authority-undefined"
    title = "The hierarchy does not describe this authority"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SubjectDefinition(_Model):
    """The distinguished name of an authority (ETSI EN 319 412-2, Section 4.2.3.1)."""

    country_name: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    organization_name: Annotated[str, Field(min_length=1, max_length=64)]
    organization_identifier: str | None = None
    common_name: Annotated[str, Field(min_length=1, max_length=64)]

    def facts(self) -> dict[str, str]:
        """Return the attributes that are set, under the names that profiles ask for."""
        values = self.model_dump(exclude_none=True)
        return {name: values[name] for name in _ATTRIBUTES if name in values}

    def name(self) -> x509.Name:
        """Return the name itself, most general attribute first."""
        return x509.Name(
            [x509.NameAttribute(_ATTRIBUTES[name], value) for name, value in self.facts().items()]
        )


class AuthorityDefinition(_Model):
    """One authority: without a parent it is a trust anchor and signs its own certificate."""

    name: AuthorityName
    role: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]
    parent: AuthorityName | None = None
    token: Annotated[str, Field(min_length=1)]
    algorithm: KeyAlgorithm
    profile: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    crl_shards: Annotated[int, Field(ge=1, le=4096)] = 1
    subject: SubjectDefinition

    @property
    def is_anchor(self) -> bool:
        """Tell whether this authority certifies itself."""
        return self.parent is None

    @model_validator(mode="after")
    def _is_named_for_its_role(self) -> Self:
        if re.sub(r"-[0-9]+$", "", self.name) != self.role:
            raise ValueError("an authority is named for its role, with a number: people-1")
        return self


class _File(_Model):
    format: Literal["camtrust-hierarchy-1"]
    authority: Annotated[tuple[AuthorityDefinition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        seen: set[str] = set()
        for one in self.authority:
            if one.name in seen:
                raise ValueError(f"authority {one.name} stands twice")
            if one.parent is not None and one.parent not in seen:
                raise ValueError(f"the parent of {one.name} has to stand before it")
            seen.add(one.name)
        names = [one.subject.name() for one in self.authority]
        if len(set(names)) != len(names):
            # RFC 5280, Section 4.1.2.4: relying parties find an issuer by its name.
            raise ValueError("two authorities bear one distinguished name")
        return self


@dataclass(frozen=True)
class Hierarchy:
    """A hierarchy as described, with the bytes that describe it."""

    source: bytes
    authorities: tuple[AuthorityDefinition, ...]

    @property
    def sha256(self) -> str:
        """The hex SHA-256 of the file, by which ceremony scripts name it."""
        return sha256(self.source).hexdigest()

    def __iter__(self) -> Iterator[AuthorityDefinition]:
        return iter(self.authorities)

    def define(self, name: str) -> AuthorityDefinition:
        """Return an authority's description. Raises AuthorityUndefined."""
        for one in self.authorities:
            if one.name == name:
                return one
        raise AuthorityUndefined(f"The hierarchy describes no authority {name}.", authority=name)


def parse_hierarchy(source: bytes, *, file: str = FILE_NAME) -> Hierarchy:
    """Read a hierarchy from TOML bytes. Raises HierarchyRefused."""
    try:
        document = _File.model_validate(tomllib.loads(source.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HierarchyRefused(f"{file}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise HierarchyRefused(explain(file, error)) from error
    return Hierarchy(source=source, authorities=document.authority)


def load_hierarchy(home: Path | None = None) -> Hierarchy:
    """Return the hierarchy of ``home``, or the one that camtrust comes with.

    Raises HierarchyRefused.
    """
    own = None if home is None else home / FILE_NAME
    if own is not None and own.exists():
        return parse_hierarchy(own.read_bytes(), file=str(own))
    packaged = resources.files("ca").joinpath("definitions", FILE_NAME)
    return parse_hierarchy(packaged.read_bytes())


def explain(file: str, error: ValidationError) -> str:
    """Return one line for each mistake: file, key, reason."""
    return "\n".join(
        f"{file}: {'.'.join(map(str, one['loc'])) or '(file)'}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False)
    )
