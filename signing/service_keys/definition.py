"""What each service key is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cryptography import x509


class SignerDefinition(Protocol):
    """A signer of the service, whose keys follow each other."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def profile(self) -> str:
        """The profile of its certificates."""

    @property
    def holder(self) -> str:
        """The name under which its certificates are issued."""

    @property
    def label(self) -> str:
        """What the labels of its keys begin with."""

    def facts(self, issuer: x509.Name, *, at: datetime) -> Mapping[str, str]:
        """Return what its certificate shall say, under an issuer of that name."""
