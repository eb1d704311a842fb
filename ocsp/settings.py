"""Settings of the status responder: the section ``[ocsp]``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from core.settings import Section
from ocsp.budget import Rate
from ocsp.stored.settings import AnswerSettings
from ocsp.validity import DEFAULT, Validity, complete


class NeverIssued(StrEnum):
    """What is answered about a serial number that was never issued (RFC 6960, Section 2.2).

    ``UNAUTHORIZED``: the unsigned error (RFC 9919, Section 3.2.3). ``REVOKED``: a signed answer
    with the extended definition of revoked (RFC 6960, Section 4.4.8). ``UNKNOWN``: a signed one
    that says so.
    """

    UNAUTHORIZED = "unauthorized"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class OcspSettings(Section):
    """How long answers hold, and whose keys sign them.

    ``validity``: by an issuer's role or name (:mod:`ocsp.validity`). ``max_age``: how long a cache
    may keep an answer to a GET (RFC 9919, Section 7.2); shorter than an hour, since X-Road wants
    thisUpdate within 3,600 s. ``token``: where responders' keys live. ``renew_before``: how long
    before its expiry a responder's certificate is replaced. ``never_issued``: see
    :class:`NeverIssued`; the signed ones are given ``never_issued_rate`` times at most, and
    ``unauthorized`` beyond that.
    ``answers``: where answers signed ahead are kept.
    """

    validity: dict[str, Validity] = Field(default={}, validate_default=True)
    max_age: timedelta = timedelta(seconds=60)
    token: str = "status"  # noqa: S105 - the name of a token, no secret
    renew_before: timedelta = timedelta(days=7)
    largest_request_octets: int = Field(default=10_000, ge=512, le=65_536)
    answers: AnswerSettings = AnswerSettings()
    never_issued: NeverIssued = NeverIssued.UNAUTHORIZED
    never_issued_rate: str = "10 per second"

    @field_validator("validity", mode="before")
    @classmethod
    def _is_complete(cls, value: Any) -> Any:
        return complete(value) if isinstance(value, Mapping) else value

    @field_validator("never_issued_rate")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value

    @model_validator(mode="after")
    def _is_kept_in_time(self) -> Self:
        if self.max_age > timedelta(minutes=55):
            raise ValueError("max_age may be 55 minutes at most: X-Road refuses older answers")
        for name, one in self.validity.items():
            try:
                one.check_max_age(self.max_age)
            except ValueError as error:
                raise ValueError(f"validity.{name}: {error}") from error
        return self

    def validity_of(self, authority: str, role: str) -> Validity:
        """Return the times of an authority's answers: its own, its role's, or the default."""
        for name in (authority, role):
            if name in self.validity:
                return self.validity[name]
        return self.validity[DEFAULT]
