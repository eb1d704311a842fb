"""Wires the issuing of passes: who signs, who takes batches, and what is forgotten in time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask

from core.scheduler import Job
from signing.passes.issuing.batches.batches import PassBatches
from signing.passes.issuing.batches.files import RecordFiles
from signing.passes.issuing.batches.retention import PassRetention
from signing.passes.issuing.batches.routes import mount_pass_batches
from signing.passes.issuing.batches.working import BatchIssuing
from signing.passes.issuing.issuing import PassIssuing
from signing.passes.issuing.routes import mount_passes
from signing.passes.issuing.signers import SIGNERS, DocumentSigners
from signing.passes.issuing.status_index import StatusIndexes
from signing.passes.settings import PassSettings
from signing.service_keys.renewal import ServiceKeyRenewal

if TYPE_CHECKING:
    from camtrust.wiring import Services

BATCH_FOLDER = "pass-batches"
STATUS_PATH = "/passes/status"
# The issuer of SMART Health Cards: its keys stand under /.well-known/jwks.json below it.
CARDS_PATH = "/passes/cards"


class PassIssuingWiring:
    """What :class:`camtrust.passes.PassWiring` inherits."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> PassSettings:
        """The section ``[passes]``."""
        return self._services.settings.passes

    @property
    def address(self) -> str:
        """The scheme and host under which everything is found."""
        return self._services.settings.serve.public_url.rstrip("/")

    @cached_property
    def signers(self) -> DocumentSigners:
        """Who signs passes."""
        services = self._services
        return DocumentSigners(certificates=services.service_certificates, clock=services.clock)

    @cached_property
    def renewal(self) -> ServiceKeyRenewal:
        """Certifies who signs."""
        return self._services.service_key_renewal(
            SIGNERS, token=self.settings.token, renew_before=self.settings.renew_before
        )

    @cached_property
    def issuing(self) -> PassIssuing:
        """Issues passes."""
        services, address = self._services, self.address
        return PassIssuing(
            database=services.database,
            log=services.log,
            signers=self.signers,
            statuses=StatusIndexes(database=services.database, address=address + STATUS_PATH),
            name_of=lambda institution: services.verification.offices.name_of(institution).english,
            issuers=self.settings.issuers,
            address=address + CARDS_PATH,
            clock=services.clock,
        )

    @cached_property
    def record_files(self) -> RecordFiles:
        """Where the records of batches lie."""
        return RecordFiles(self._services.home.absolute() / BATCH_FOLDER)

    @cached_property
    def batches(self) -> PassBatches:
        """Takes batches of passes."""
        services = self._services
        return PassBatches(
            database=services.database,
            log=services.log,
            files=self.record_files,
            issuing=self.issuing,
            clock=services.clock,
        )

    @cached_property
    def batch_worker(self) -> BatchIssuing:
        """Issues batches: one worker, of this process."""
        services = self._services
        return BatchIssuing(
            database=services.database,
            files=self.record_files,
            issuing=self.issuing,
            clock=services.clock,
            holder=f"{os.getpid()}-{secrets.token_hex(8)}",
        )

    @cached_property
    def retention(self) -> PassRetention:
        """Forgets what passes and batches held of people."""
        services = self._services
        return PassRetention(
            database=services.database,
            files=self.record_files,
            kept=self.settings.kept,
            clock=services.clock,
        )

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What gives an app the routes."""
        return (
            lambda app: mount_passes(app, lambda: self.issuing),
            lambda app: mount_pass_batches(app, lambda: self.batches),
        )

    @property
    def jobs(self) -> list[Job]:
        """What happens by itself."""
        jobs = [Job("passes-old", timedelta(hours=1), self.retention.erase_old)]
        if self.settings.renews_itself:
            jobs.append(Job("document-signers", timedelta(minutes=10), self.renewal.renew_due))
        return jobs
