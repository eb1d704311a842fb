"""Publishes everything to one destination: once, for the command; bit by bit, for the scheduler."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from ca.authorities import Authorities
from ca.crl.crls import Crls
from camtrust.publishing.answers import AnswerPublishing
from camtrust.publishing.kinds import ANSWER
from camtrust.publishing.lists import ListPublishing
from camtrust.publishing.settings import PublishSettings
from core.clock import Clock
from core.errors import CamtrustError
from core.publishing.destination import open_destination
from core.publishing.target import PublicationTarget
from core.scheduler import Job
from ocsp.settings import OcspSettings
from ocsp.stored.store import AnswerStore

# The scheduler has other things to do in a minute than walk through twenty million answers.
ANSWERS_AT_A_TIME = timedelta(seconds=15)

# How often what became of publications of one kind: ("CRLs", "written"): 3.
Tally = Counter[tuple[str, str]]


class AllSettings(Protocol):
    """The settings, as far as publishing needs them."""

    @property
    def publish(self) -> PublishSettings:
        """The section ``[publish]``."""

    @property
    def ocsp(self) -> OcspSettings:
        """The section ``[ocsp]``."""


class PublishServices(Protocol):
    """What publishing asks of the services."""

    @property
    def home(self) -> Path:
        """The home directory."""

    @property
    def settings(self) -> AllSettings:
        """The settings."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def authorities(self) -> Authorities:
        """The authorities that exist."""

    @property
    def crls(self) -> Crls:
        """The CRLs."""

    @property
    def answer_store(self) -> AnswerStore:
        """The answers that were signed ahead."""


class Publisher:
    """Publishes to one open destination, of ``only`` these authorities if there are any.

    Raises AuthorityUnknown for a name that no authority has.
    """

    def __init__(
        self, services: PublishServices, target: PublicationTarget, only: frozenset[str]
    ) -> None:
        for name in sorted(only):
            services.authorities.authority(name)
        self._services = services
        self._target = target
        self._only = only
        self._lists = ListPublishing(
            authorities=services.authorities,
            crls=services.crls,
            clock=services.clock,
            work_folder=services.home if services.home.is_dir() else None,
            only=only,
        )

    def publish_lists(self, tally: Tally) -> None:
        """Publish certificates and CRLs."""
        for kind, outcome in self._lists.publish(self._target):
            tally[kind, outcome] += 1

    def publish_answers(self, tally: Tally, *, compare_all: bool = False) -> Iterator[None]:
        """Publish answers, and yield after each bit of it."""
        answers = AnswerPublishing(
            store=self._services.answer_store,
            target=self._target,
            clock=self._services.clock,
            max_age=self._services.settings.ocsp.max_age,
            compare_all_every=self._services.settings.publish.compare_all_every,
            only=self._only,
        )
        for outcome, count in answers.walk(compare_all=compare_all):
            tally[ANSWER.name, outcome] += count
            yield


class ScheduledPublication:
    """What the scheduler runs. A walk through the answers goes on where the last run left it."""

    def __init__(
        self, services: PublishServices, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._settings = services.settings.publish
        self._monotonic = monotonic
        self._publisher: tuple[PublicationTarget, Publisher] | None = None
        self._walk: Iterator[None] | None = None

    def run(self) -> None:
        """Publish certificates and CRLs, then answers for a while. Raises what these raise."""
        tally: Tally = Counter()
        try:
            publisher = self._open()
            publisher.publish_lists(tally)
            if self._settings.answers:
                self._go_on(publisher, tally)
        except CamtrustError:
            # With a new connection and from the beginning next time.
            self.close()
            raise

    def close(self) -> None:
        """Give back connections."""
        if self._publisher is not None:
            self._publisher[0].close()
        self._publisher = self._walk = None

    def _open(self) -> Publisher:
        if self._publisher is None:
            target = open_destination(destination_of(self._services))
            only = frozenset(self._settings.authorities)
            self._publisher = target, Publisher(self._services, target, only)
        return self._publisher[1]

    def _go_on(self, publisher: Publisher, tally: Tally) -> None:
        until = self._monotonic() + ANSWERS_AT_A_TIME.total_seconds()
        self._walk = self._walk or publisher.publish_answers(tally)
        for _ in self._walk:
            if self._monotonic() >= until:
                return
        self._walk = None


def destination_of(services: PublishServices) -> str:
    """Return where the settings publish to, a folder from the home; empty for nowhere."""
    to = services.settings.publish.to
    return to if "://" in to or not to else str(services.home / to)


def publication_jobs(services: PublishServices) -> list[Job]:
    """Return the scheduler's job, if the settings name a destination."""
    settings = services.settings.publish
    if not settings.to:
        return []
    return [Job("publication", settings.every, ScheduledPublication(services).run)]
