"""A ceremony script: what shall be done, in which order, and between which instants.

Scripts are TOML. The custodians sign the file's bytes; the file names the hierarchy it relies
on by SHA-256, so that nothing that decides the outcome stands outside of what they approve.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ca.ceremony.custodians import Quorum
from ca.hierarchy import AuthorityName, explain
from core.errors import Unacceptable

FORMAT = "camtrust-ceremony-1"

# A script with a hundred foreign requests in it is far smaller.
LARGEST_SCRIPT_OCTETS = 1 << 20

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Office = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class ScriptRefused(Unacceptable):
    """The script is not valid; the message names file, key and reason."""

    problem = "ceremony-script-refused"
    title = "The ceremony script is not valid"


class Kind(StrEnum):
    """What a ceremony is held for."""

    INITIAL = "initial"
    NEW_AUTHORITY = "new-authority"
    RENEWAL = "renewal"
    RE_KEY = "re-key"
    CROSS_CERTIFICATION = "cross-certification"
    ROOT_CRL = "root-crl"
    ROOT_RESPONDER = "root-responder"
    TERMINATION = "termination"
    CUSTODIANS = "custodians"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Step(_Model):
    # Who acts, by office; the person signs the printed transcript.
    actor: Office = "ceremony-administrator"
    authority: AuthorityName


class CreateAuthority(_Step):
    """Make a key in the token and have it certified, as the hierarchy describes."""

    act: Literal["create-authority"]


class RenewAuthority(_Step):
    """Certify an authority's key again, for a new time (RFC 3647, Section 4.6)."""

    act: Literal["renew-authority"]


class ReKeyAuthority(_Step):
    """Make a successor with a new key, and retire the authority (RFC 3647, Section 4.7)."""

    act: Literal["re-key-authority"]
    successor: AuthorityName


class CrossCertify(_Step):
    """Have ``authority`` certify a CA that has another anchor (RFC 5280, Section 3.2).

    Either ``subject``, an authority of ours, or ``request``, the other CA's PKCS #10 request
    (PEM), which proves that it holds the key.
    """

    act: Literal["cross-certify"]
    subject: AuthorityName | None = None
    request: str | None = None
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")] | None = None

    @model_validator(mode="after")
    def _names_one_subject(self) -> Self:
        if (self.subject is None) == (self.request is None):
            raise ValueError("give either subject (an authority of ours) or request (PEM)")
        if (self.request is None) != (self.name is None):
            raise ValueError("a foreign CA's request comes with a name to keep it under")
        return self


class PublishCrl(_Step):
    """Sign the complete CRL of every shard of an authority."""

    act: Literal["publish-crl"]


class CertifyResponder(_Step):
    """Make an OCSP responder's key in the status token and have ``authority`` certify it.

    Only an offline root needs this: its responder's certificate lives for thirteen months.
    """

    act: Literal["certify-responder"]
    token: Annotated[str, Field(min_length=1)] = "status"  # noqa: S105 - a token's name


class TerminateAuthority(_Step):
    """Sign the last CRLs, destroy the key, and close the authority for ever."""

    act: Literal["terminate-authority"]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


Step = Annotated[
    CreateAuthority
    | RenewAuthority
    | ReKeyAuthority
    | CrossCertify
    | PublishCrl
    | CertifyResponder
    | TerminateAuthority,
    Field(discriminator="act"),
]

_FOUNDING = {"create-authority", "publish-crl", "certify-responder"}
ACTS: dict[Kind, set[str]] = {
    Kind.INITIAL: _FOUNDING,
    Kind.NEW_AUTHORITY: _FOUNDING,
    Kind.RENEWAL: {"renew-authority"},
    Kind.RE_KEY: {"re-key-authority", "publish-crl", "certify-responder"},
    Kind.CROSS_CERTIFICATION: {"cross-certify"},
    Kind.ROOT_CRL: {"publish-crl"},
    Kind.ROOT_RESPONDER: {"certify-responder"},
    Kind.TERMINATION: {"terminate-authority"},
    Kind.CUSTODIANS: set(),
}
ENROLLING = {Kind.INITIAL, Kind.CUSTODIANS}


class _File(_Model):
    format: Literal["camtrust-ceremony-1"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
    kind: Kind
    purpose: Annotated[str, Field(min_length=1, max_length=400)]
    place: Annotated[str, Field(min_length=1, max_length=200)]
    opens: datetime
    closes: datetime
    hierarchy_sha256: Sha256Hex
    custodians: Quorum | None = None
    step: tuple[Step, ...] = ()

    @field_validator("opens", "closes")
    @classmethod
    def _is_aware(cls, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("an instant needs its offset: 2027-01-15T09:00:00+07:00")
        return value.astimezone(UTC)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.closes <= self.opens:
            raise ValueError("closes has to be after opens")
        if (self.custodians is not None) != (self.kind in ENROLLING):
            raise ValueError("custodians are enrolled in initial and custodians ceremonies only")
        foreign = {one.act for one in self.step} - ACTS[self.kind]
        if foreign:
            raise ValueError(f"a {self.kind} ceremony has no step {', '.join(sorted(foreign))}")
        if ACTS[self.kind] and not self.step:
            raise ValueError("a ceremony has at least one step")
        return self


@dataclass(frozen=True)
class Script:
    """A script as it was read, with the bytes that the custodians sign.

    ``enrols`` are the custodians that this ceremony puts in office, if it is one that does.
    """

    source: bytes
    id: str
    kind: Kind
    purpose: str
    place: str
    opens: datetime
    closes: datetime
    hierarchy_sha256: str
    enrols: Quorum | None
    steps: tuple[Step, ...]

    @property
    def sha256(self) -> str:
        """The hex SHA-256 of the file."""
        return sha256(self.source).hexdigest()


def parse_script(source: bytes, *, file: str = "script.toml") -> Script:
    """Read a script from TOML bytes. Raises ScriptRefused."""
    if len(source) > LARGEST_SCRIPT_OCTETS:
        raise ScriptRefused(f"{file}: larger than {LARGEST_SCRIPT_OCTETS} octets")
    try:
        document = _File.model_validate(tomllib.loads(source.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptRefused(f"{file}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise ScriptRefused(explain(file, error)) from error
    return Script(
        source=source,
        id=document.id,
        kind=document.kind,
        purpose=document.purpose,
        place=document.place,
        opens=document.opens,
        closes=document.closes,
        hierarchy_sha256=document.hierarchy_sha256,
        enrols=document.custodians,
        steps=document.step,
    )
