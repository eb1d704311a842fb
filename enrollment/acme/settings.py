"""``[acme]``: what accounts need, and how long their orders and nonces live."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator

from core.settings import Section
from enrollment.acme.validation.settings import ValidationSettings

_URL = re.compile(r"https?://[!-~]+")


class AcmeSettings(Section):
    """What the directory says and what accounts are held to.

    ``external_account_required``: each account names a grant of officers. Where it is false,
    accounts without one belong to the grant ``open_grant``, whose names and count bound them.
    ``profiles`` are those that the directory names; which of them an account gets, its grant
    says. ``answer_within_seconds`` is how long an answer waits for a validation to end.
    ``authorization_hours`` is how long a validated name needs no second validation.
    ``always_challenged`` are the profiles whose orders are challenged each time, names granted
    without a challenge too: X-Road's client finalizes an order only after a challenge of that
    order.
    """

    external_account_required: bool = True
    open_grant: str = ""
    terms_of_service: str = ""
    website: str = ""
    profiles: tuple[str, ...] = (
        "tls-server",
        "tls-server-short-lived",
        "xroad-authentication",
        "xroad-signing",
    )
    always_challenged: tuple[str, ...] = ("xroad-authentication", "xroad-signing")
    most_identifiers: int = Field(default=100, ge=1, le=100)
    order_hours: int = Field(default=168, ge=1, le=2160)
    authorization_hours: int = Field(default=168, ge=1, le=2160)
    nonce_minutes: int = Field(default=60, ge=1, le=1440)
    answer_within_seconds: float = Field(default=4.0, ge=0, le=20)
    validation_threads: int = Field(default=8, ge=1, le=64)
    validation: ValidationSettings = ValidationSettings()

    @field_validator("terms_of_service", "website")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not _URL.fullmatch(value):
            raise ValueError("has to be an http:// or https:// URL")
        return value

    @model_validator(mode="after")
    def _says_whose_accounts_are(self) -> Self:
        if not self.external_account_required and not self.open_grant:
            raise ValueError("without external_account_required, open_grant names the grant")
        return self

    @property
    def order_lifetime(self) -> timedelta:
        """How long an order may wait for its finalization."""
        return timedelta(hours=self.order_hours)

    @property
    def authorization_lifetime(self) -> timedelta:
        """How long a validated authorization holds."""
        return timedelta(hours=self.authorization_hours)

    @property
    def nonce_lifetime(self) -> timedelta:
        """How long a nonce may be used."""
        return timedelta(minutes=self.nonce_minutes)
