"""Wires the signing of documents: who signs, who stamps the time, who knows standings."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from camtrust.document_statuses import HouseStatuses
from camtrust.document_timestamps import HouseTimestamps
from core.scheduler import Job
from ocsp.budget import Unlimited
from ocsp.responder import StatusResponder
from ocsp.restoration import RestorationCheck
from ocsp.standings import TableStandings
from signing.documents.batches.batches import DocumentBatches
from signing.documents.batches.claims import CLAIMED_FOR, RESTS_FOR
from signing.documents.batches.files import BatchFiles
from signing.documents.batches.retention import BatchRetention
from signing.documents.batches.working import BatchSigning
from signing.documents.desk import DocumentDesk
from signing.documents.detached import FileSigning
from signing.documents.http_timestamps import HttpTimestamps
from signing.documents.kept_answers import KeptAnswers
from signing.documents.path_signing import PathSigning
from signing.documents.ports import TimestampSource
from signing.documents.settling import Settling
from signing.documents.signing import DocumentSigning
from signing.documents.stamped import StampedSigning
from signing.documents.stamps.stored.templates import StampTemplates
from signing.documents.token_signers import TokenSigners

if TYPE_CHECKING:
    from camtrust.wiring import Services


# Where copies of what was sealed at once lie, beside the batches.
AT_ONCE = "at-once"


class DocumentWiring:
    """The part of :class:`camtrust.wiring.Services` that documents need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def signers(self) -> TokenSigners:
        """Who signs with a key of this home."""
        services = self._services
        return TokenSigners(
            keys=services.keys,
            register=services.registration.register,
            authorities=services.authorities,
        )

    @cached_property
    def timestamps(self) -> TimestampSource:
        """Who stamps the time."""
        url = self._services.settings.documents.timestamp_url
        return HttpTimestamps(url) if url else HouseTimestamps(self._services.timestamp_wiring)

    @cached_property
    def statuses(self) -> HouseStatuses:
        """Who knows certificates' standing: our own responder, asked inside this process."""
        services = self._services
        responder = StatusResponder(
            authorities=services.authorities,
            # The tables, and no records: an answer has to be from after the signature.
            standings=TableStandings(statuses=services.statuses, clock=services.clock),
            identities=services.ocsp_identities,
            retention=services.retention,
            restoration=RestorationCheck(database=services.database, log=services.log),
            # What strangers spend on the public responder is theirs; signing has its own.
            never_issued=Unlimited(),
            signatures=Unlimited(),
            settings=services.settings.ocsp,
            clock=services.clock,
        )
        return HouseStatuses(
            responder=responder,
            authorities=services.authorities,
            statuses=services.statuses,
            crls=services.crls,
        )

    @cached_property
    def signing(self) -> DocumentSigning:
        """Signs PDFs."""
        services = self._services
        return DocumentSigning(
            timestamps=self.timestamps,
            statuses=self.statuses,
            settings=services.settings.documents,
            clock=services.clock,
        )

    @cached_property
    def stamped(self) -> StampedSigning:
        """Signs PDFs with stamps."""
        services = self._services
        return StampedSigning(
            signing=self.signing,
            stamping=services.stamping,
            stamps=services.verification.stamps,
            addresses=services.verification.addresses,
            offices=services.verification.offices,
        )

    @cached_property
    def files(self) -> FileSigning:
        """Signs other files."""
        return FileSigning(
            timestamps=self.signing.timestamps,
            evidence=self.signing.evidence,
            settings=self._services.settings.documents,
            clock=self._services.clock,
        )

    @cached_property
    def batch_files(self) -> BatchFiles:
        """Where documents of batches lie."""
        services = self._services
        return BatchFiles(services.home.absolute() / services.settings.documents.folder)

    @cached_property
    def batches(self) -> DocumentBatches:
        """Batches of documents."""
        services = self._services
        return DocumentBatches(
            database=services.database,
            log=services.log,
            files=self.batch_files,
            seals=self.signers,
            largest_octets=services.settings.documents.largest_octets,
            at_once=services.settings.documents.batches_at_once,
            kept=services.settings.documents.batches_kept,
            clock=services.clock,
        )

    @cached_property
    def batch_retention(self) -> BatchRetention:
        """Erases documents of batches that ended long ago."""
        services = self._services
        return BatchRetention(
            database=services.database,
            files=self.batch_files,
            kept=services.settings.documents.batches_kept,
            clock=services.clock,
        )

    @cached_property
    def desk(self) -> DocumentDesk:
        """What the routes work with."""
        services = self._services
        return DocumentDesk(
            signing=self.signing,
            stamped=self.stamped,
            kept_answers=self.kept_answers,
            batches=self.batches,
            seals=self.signers,
            addresses=services.verification.addresses,
            templates=self.templates,
            database=services.database,
            log=services.log,
            clock=services.clock,
        )

    @cached_property
    def templates(self) -> StampTemplates:
        """What institutions' stamps look like."""
        services = self._services
        return StampTemplates(database=services.database, log=services.log, clock=services.clock)

    @cached_property
    def kept_answers(self) -> KeptAnswers:
        """What was sealed at once, for who asks again."""
        services = self._services
        settings = services.settings.documents
        return KeptAnswers(
            database=services.database,
            log=services.log,
            files=BatchFiles(services.home.absolute() / settings.folder / AT_ONCE),
            signing=self.signing,
            stamped=self.stamped,
            addresses=services.verification.addresses,
            kept=settings.answers_kept,
            clock=services.clock,
        )

    def batch_signing(
        self, *, claimed_for: timedelta = CLAIMED_FOR, rests_for: timedelta = RESTS_FOR
    ) -> BatchSigning:
        """Return a worker of its own name, which signs them."""
        services = self._services
        return BatchSigning(
            database=services.database,
            log=services.log,
            files=self.batch_files,
            paths=self.paths,
            settling=Settling(files=self.batch_files, stamped=self.stamped),
            seals=self.signers,
            clock=services.clock,
            holder=f"{os.getpid()}-{secrets.token_hex(8)}",
            claimed_for=claimed_for,
            rests_for=rests_for,
        )

    @cached_property
    def batch_worker(self) -> BatchSigning:
        """The worker of this process."""
        return self.batch_signing()

    @property
    def jobs(self) -> list[Job]:
        """What has to happen by itself."""
        signing = [Job("document-batches", timedelta(seconds=2), self.batch_worker.go_on)]
        return [
            # Processes of their own do it where there are any.
            *(signing if self._services.settings.serve.document_workers == 0 else ()),
            Job("sealed-documents-old", timedelta(minutes=1), self.kept_answers.erase_old),
            Job("document-batches-old", timedelta(hours=1), self.batch_retention.erase_old),
        ]

    @cached_property
    def paths(self) -> PathSigning:
        """Signs from file to file."""
        return PathSigning(documents=self.signing, stamped=self.stamped, files=self.files)
