"""Wires the verification of passes: the bounds of what is read, and whom this home trusts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from signing.passes.settings import PassSettings
from signing.passes.trust.files import trust_from
from signing.passes.trust.signers import TrustStore

if TYPE_CHECKING:
    from camtrust.wiring import Services

TRUST_FOLDER = "pass-trust"


class PassWiring:
    """The part of :class:`camtrust.wiring.Services` that passes need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> PassSettings:
        """The section ``[passes]``."""
        return self._services.settings.passes

    @cached_property
    def trust(self) -> TrustStore:
        """Everybody in the folder ``pass-trust`` of this home; nobody without one.

        Raises PassTrustUnreadable.
        """
        folder = self._services.home / TRUST_FOLDER
        return trust_from(folder) if folder.is_dir() else TrustStore()
