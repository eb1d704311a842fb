"""Wires the verification of passes: the bounds of what is read, and whom this home trusts.

The page ``/verify`` trusts this home's own document signers besides, with their statuses.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import Path

from flask import Blueprint

from camtrust.pass_lists import PassListWiring
from signing.passes.page.publishing import ListPublisher
from signing.passes.page.routes import verifier_blueprint
from signing.passes.trust.files import trust_from
from signing.passes.trust.signers import TrustStore

TRUST_FOLDER = "pass-trust"


class PassWiring(PassListWiring):
    """The part of :class:`camtrust.wiring.Services` that passes need."""

    @cached_property
    def trust(self) -> TrustStore:
        """Everybody in the folder ``pass-trust`` of this home; nobody without one.

        Raises PassTrustUnreadable.
        """
        return self._read()

    @property
    def blueprints(self) -> Sequence[Blueprint]:
        """The verifier's page."""
        return (verifier_blueprint(lambda: self.publisher),)

    @cached_property
    def publisher(self) -> ListPublisher:
        """Makes the lists that browsers verify with."""
        return ListPublisher(
            trust=lambda: self._read() + self.own_trust,
            state=lambda: (self._state(), self.own_state),
            own=lambda: self.own_statuses,
            clock=self._services.clock,
            settings=self.settings,
        )

    @property
    def _folder(self) -> Path:
        return self._services.home / TRUST_FOLDER

    def _read(self) -> TrustStore:
        return trust_from(self._folder) if self._folder.is_dir() else TrustStore()

    def _state(self) -> Hashable:
        if not self._folder.is_dir():
            return ()
        found = ((one.name, one.stat()) for one in self._folder.iterdir())
        return frozenset((name, facts.st_mtime_ns, facts.st_size) for name, facts in found)
