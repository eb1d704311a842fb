"""Wires registered documents: their register, the keys of summaries, pages, and platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from core.scheduler import Job
from enrollment.institutions.errors import InstitutionUnknown
from hsm.settings import OPERATIONS_TOKEN
from signing.documents.stamps.content import Words
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.verification.announcing import Announcing
from signing.documents.verification.issuing import VerifiableStamps
from signing.documents.verification.keeping.routes import KeepingDesk, mount_keeping
from signing.documents.verification.platforms import HttpPlatform
from signing.documents.verification.registry import Registry
from signing.documents.verification.routes import (
    Verification,
    verification_blueprint,
    verification_scripts,
)
from signing.documents.verification.summary_keys import SummaryKeys

if TYPE_CHECKING:
    from camtrust.wiring import Services
    from enrollment.institutions.institutions import Institutions

_OFTEN = timedelta(seconds=10)


class RegisteredInstitutions:
    """An :class:`~signing.documents.verification.offices.Offices` of the registration authority."""

    def __init__(self, institutions: Institutions) -> None:
        self._institutions = institutions

    def name_of(self, institution: str) -> Words:
        """Return the name in Khmer and English; the identifier itself where there is none."""
        try:
            details = self._institutions.find(institution).details
        except InstitutionUnknown:
            return Words(institution, institution)
        return Words(details.name_km, details.name_latin)


class VerificationWiring:
    """The part of :class:`camtrust.wiring.Services` that registered documents need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def keys(self) -> SummaryKeys:
        """The keys that sign summaries."""
        return SummaryKeys(keys=self._services.keys, token=OPERATIONS_TOKEN)

    @cached_property
    def addresses(self) -> VerificationAddresses:
        """Where stamps lead."""
        settings = self._services.settings
        return VerificationAddresses(settings.verification.url or settings.serve.public_url)

    @cached_property
    def registry(self) -> Registry:
        """The registered documents."""
        services = self._services
        return Registry(
            database=services.database,
            log=services.log,
            clock=services.clock,
            platforms=services.settings.verification.platforms.keys(),
        )

    @cached_property
    def stamps(self) -> VerifiableStamps:
        """What a signer asks for, before and after a signature."""
        return VerifiableStamps(registry=self.registry, keys=self.keys, addresses=self.addresses)

    @cached_property
    def offices(self) -> RegisteredInstitutions:
        """What institutions are called."""
        return RegisteredInstitutions(self._services.registration.subscribers.institutions)

    @cached_property
    def announcing(self) -> Announcing:
        """Tells other platforms."""
        services = self._services
        platforms = {
            name: HttpPlatform(
                name=name,
                settings=settings.within(services.settings.home),
                signing_key=self.keys.signing_key,
                clock=services.clock,
            )
            for name, settings in services.settings.verification.platforms.items()
        }
        return Announcing(
            database=services.database,
            registry=self.registry,
            platforms=platforms,
            addresses=self.addresses,
            clock=services.clock,
        )

    @property
    def jobs(self) -> list[Job]:
        """What is to be done again and again."""
        return [Job("document-announcements", _OFTEN, self.announcing.send_due)]

    @cached_property
    def blueprints(self) -> Sequence[Blueprint]:
        """The pages, and their scripts."""
        return (verification_blueprint(lambda: self._pages), verification_scripts)

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What brings the API of registered documents into an app of either listener."""
        return (lambda app: mount_keeping(app, lambda: self._keeping),)

    @cached_property
    def _keeping(self) -> KeepingDesk:
        return KeepingDesk(registry=self.registry, addresses=self.addresses)

    @cached_property
    def _pages(self) -> Verification:
        return Verification(
            registry=self.registry,
            keys=self.keys,
            offices=self.offices,
            settings=self._services.settings.verification,
        )


def verification_findings(services: Services) -> Iterator[tuple[str, bool | None]]:
    """Yield what ``camtrust doctor`` says of summaries; a key that is missing refuses by itself."""
    keys = services.verification.keys
    keys.signing_key()
    yield f"{len(keys.key_set()['keys'])} keys verify the summaries of stamps", True
