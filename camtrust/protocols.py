"""Wires the protocols by which machines enrol: each is a blueprint that checks its callers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint

if TYPE_CHECKING:
    from camtrust.wiring import Services


class ProtocolWiring:
    """The part of :class:`camtrust.wiring.Services` that the enrolment protocols need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def blueprints(self) -> Sequence[Blueprint]:
        """The routes of every protocol."""
        return ()
