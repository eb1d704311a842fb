"""Wires circulations: the people, their keys, the seal, the mails, and what happens by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, cast

from apiflask import APIBlueprint
from flask import Flask

from camtrust.colleagues import ListedColleagues
from core.scheduler import Job
from enrollment.subscriber.routes import LAYOUT, offer_page, personal_context, refusal_page
from signing.approval.changing import Changing
from signing.approval.deadlines import Deadlines
from signing.approval.deputies import Deputies
from signing.approval.desk import ApprovalDesk
from signing.approval.files import ApprovalFiles
from signing.approval.keys import PersonKeys
from signing.approval.notices import Notices
from signing.approval.pages.labels import PAGE_TITLE
from signing.approval.pages.routes import ApprovalPages, approval_pages_blueprint
from signing.approval.progress import Progress
from signing.approval.retention import ApprovalRetention
from signing.approval.routes import mount_approvals
from signing.approval.sealing import Sealing
from signing.approval.settings import ApprovalSettings
from signing.approval.settling import Settling
from signing.approval.sight import Sight
from signing.approval.signing import ApprovalSigning
from signing.approval.signings import Signings
from signing.approval.stamps import ParticipantStamps
from signing.approval.starting import Starting
from signing.approval.taking_part import TakingPart
from signing.approval.trial import Trial

if TYPE_CHECKING:
    from camtrust.wiring import Services


class ApprovalWiring:
    """The part of :class:`camtrust.wiring.Services` that circulations need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> ApprovalSettings:
        """The section ``[approval]``."""
        return self._services.settings.approval

    @cached_property
    def directory(self) -> ListedColleagues:
        """Who serves where."""
        subscribers = self._services.registration.subscribers
        return ListedColleagues(
            people=subscribers.people,
            subscribers=subscribers.subscribers,
            institutions=subscribers.institutions,
        )

    @cached_property
    def files(self) -> ApprovalFiles:
        """Where the documents lie."""
        return ApprovalFiles(self._services.home.absolute() / self.settings.folder)

    @cached_property
    def notices(self) -> Notices:
        """The mails."""
        return Notices(
            outbox=self._services.registration.mailing.outbox,
            directory=self.directory,
            titles_in_mails=self.settings.titles_in_mails,
            public_url=self._services.settings.serve.public_url,
        )

    @cached_property
    def progress(self) -> Progress:
        """What follows from an act."""
        return Progress(
            log=self._services.log, notices=self.notices, reminders=self.settings.reminders
        )

    @cached_property
    def sight(self) -> Sight:
        """Who sees what."""
        return Sight(
            database=self._services.database,
            directory=self.directory,
            clock=self._services.clock,
        )

    @cached_property
    def stamps(self) -> ParticipantStamps:
        """Visible stamps of those who sign."""
        return ParticipantStamps(
            stamping=lambda: self._services.stamping,
            directory=self.directory,
            reading_seconds=self._services.settings.documents.reading_seconds,
        )

    @cached_property
    def starting(self) -> Starting:
        """Starts circulations."""
        documents = self._services.documents
        return Starting(
            database=self._services.database,
            log=self._services.log,
            files=self.files,
            directory=self.directory,
            trial=Trial(
                engine=lambda: documents.signing, seals=documents.signers, stamps=self.stamps
            ),
            progress=self.progress,
            settings=self.settings,
            clock=self._services.clock,
        )

    @cached_property
    def keys(self) -> PersonKeys:
        """What people sign with."""
        signing = self._services.remote_signing
        return PersonKeys(credentials=signing.credentials, signatures=signing.signatures)

    @cached_property
    def signings(self) -> Signings:
        """What waits for a signature."""
        return Signings(
            database=self._services.database, files=self.files, clock=self._services.clock
        )

    @cached_property
    def signing(self) -> ApprovalSigning:
        """Signs."""
        services = self._services
        return ApprovalSigning(
            database=services.database,
            files=self.files,
            sight=self.sight,
            signings=self.signings,
            settling=Settling(
                database=services.database,
                files=self.files,
                signings=self.signings,
                progress=self.progress,
                clock=services.clock,
            ),
            keys=self.keys,
            activations=services.remote_signing.activations,
            engine=lambda: services.documents.signing,
            stamps=self.stamps,
            clock=services.clock,
        )

    @cached_property
    def changing(self) -> Changing:
        """Ends circulations, and replaces people in them."""
        return Changing(
            database=self._services.database,
            log=self._services.log,
            sight=self.sight,
            starting=self.starting,
            progress=self.progress,
            clock=self._services.clock,
        )

    @cached_property
    def sealing(self) -> Sealing:
        """Seals what all have signed."""
        services = self._services
        return Sealing(
            database=services.database,
            log=services.log,
            files=self.files,
            engine=lambda: services.documents.signing,
            stamped=lambda: services.documents.stamped,
            seals=services.documents.signers,
            progress=self.progress,
            clock=services.clock,
        )

    @cached_property
    def deadlines(self) -> Deadlines:
        """Reminds people."""
        return Deadlines(
            database=self._services.database,
            log=self._services.log,
            notices=self.notices,
            reminders=self.settings.reminders,
            clock=self._services.clock,
        )

    @cached_property
    def retention(self) -> ApprovalRetention:
        """Erases documents."""
        return ApprovalRetention(
            database=self._services.database,
            log=self._services.log,
            files=self.files,
            kept=self.settings.kept,
            clock=self._services.clock,
        )

    @cached_property
    def desk(self) -> ApprovalDesk:
        """What routes and pages work with."""
        services = self._services
        return ApprovalDesk(
            starting=self.starting,
            sight=self.sight,
            signing=self.signing,
            taking_part=TakingPart(
                database=services.database,
                sight=self.sight,
                progress=self.progress,
                clock=services.clock,
            ),
            changing=self.changing,
            deputies=Deputies(
                database=services.database,
                log=services.log,
                directory=self.directory,
                notices=self.notices,
                longest=timedelta(days=self.settings.longest_deputy_days),
                clock=services.clock,
            ),
            directory=self.directory,
            keys=self.keys,
            files=self.files,
            kept=self.settings.kept,
            clock=services.clock,
        )

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What brings the API into an app of either listener."""
        return (lambda app: mount_approvals(app, lambda: self.desk),)

    @property
    def pages(self) -> ApprovalPages:
        """What the pages work with."""
        return ApprovalPages(
            desk=self.desk,
            layout=LAYOUT,
            passkey_parts="passkeys/parts.html",
            context=personal_context,
            refusal_page=refusal_page,
        )

    @property
    def page_blueprint(self) -> APIBlueprint:
        """The pages of those who take part."""
        blueprint = approval_pages_blueprint(lambda: self.pages)
        # People come to them from their own pages.
        blueprint.record_once(
            lambda state: offer_page(
                cast(Flask, state.app), f"{blueprint.name}.waiting", PAGE_TITLE
            )
        )
        return blueprint

    @property
    def jobs(self) -> list[Job]:
        """What has to happen by itself."""
        return [
            Job("approvals-signed", timedelta(seconds=30), self.signing.recover),
            Job("approvals-sealing", timedelta(seconds=2), self.sealing.go_on),
            Job("approvals-deadlines", timedelta(minutes=1), self.deadlines.look),
            Job("approvals-old", timedelta(hours=1), self.retention.erase_old),
        ]
