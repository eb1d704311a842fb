"""Puts the status front together, and before the application of the public listener."""

from __future__ import annotations

from camtrust.listeners import WsgiApp
from camtrust.serving.bounded import PATIENCE_SECONDS, BoundedApp
from camtrust.serving.front import problem_document
from camtrust.serving.settings import ServeSettings
from camtrust.serving.status.caching import Caching
from camtrust.serving.status.freshness import Freshness
from camtrust.serving.status.front import StatusFront
from camtrust.serving.status.live import LivePool
from camtrust.serving.status.settings import StatusSettings
from camtrust.serving.status.slots import Slots
from camtrust.wiring import Services
from ocsp.stored.answers import StoredAnswers
from ocsp.stored.opening import remembering

# Threads that nothing else ever has. A stored answer takes microseconds, so that a few are
# enough; eight in all are faster than one, because requests are then parsed while others run.
STORED_THREADS = 4


def put_front_before(app: WsgiApp, services: Services) -> StatusFront:
    """Return the public listener's application with the status front before it.

    Raises StoreUnavailable.
    """
    settings = services.settings
    bounded = BoundedApp(
        app,
        slots=_app_slots(settings.serve),
        busy_problem=problem_document(
            settings.serve, "unavailable", 503, "A part of the service is away"
        ),
    )
    return status_front(bounded, services)


def status_front(behind: WsgiApp, services: Services) -> StatusFront:
    """Return the front of a process. Raises StoreUnavailable."""
    settings = services.settings.serve.status
    store = remembering(services.answer_store, services.settings.ocsp.answers)
    stored = StoredAnswers(store=store)
    return StatusFront(
        behind=behind,
        stored=stored,
        live=LivePool(
            # Built at the first question: it needs the database, which may be away just now.
            answer=lambda octets: services.ocsp.answer(octets),
            slots=_live_slots(settings),
            find=stored.find,
        ),
        freshness=Freshness(store=store, follow_within=settings.follow_within),
        caching=Caching(max_age=services.settings.ocsp.max_age, proxy_keeps=settings.proxy_keeps),
        largest_request_octets=services.settings.ocsp.largest_request_octets,
    )


def public_threads(settings: ServeSettings) -> int:
    """Return how many threads a process of the public listener needs at most."""
    return _app_slots(settings).threads + _live_slots(settings.status).threads + STORED_THREADS


def _app_slots(settings: ServeSettings) -> Slots:
    return Slots(settings.threads, waiting=settings.threads, wait_seconds=PATIENCE_SECONDS)


def _live_slots(settings: StatusSettings) -> Slots:
    return Slots(
        settings.live_slots, waiting=settings.live_slots, wait_seconds=settings.live_wait_seconds
    )
