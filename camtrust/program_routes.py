"""What the routes for institutions' programs work with, and where they are mounted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

from core.access import AccessPolicy
from enrollment.batches.batches import Batches
from enrollment.batches.routes import mount_batches
from enrollment.clients.clients import Clients
from enrollment.clients.routes import mount_clients
from enrollment.office.batches.routes import mount_batch_pages
from enrollment.office.clients.routes import mount_client_pages
from enrollment.webhooks.routes import mount_webhooks
from enrollment.webhooks.webhooks import Webhooks


@dataclass(frozen=True)
class Programs:
    """Clients, their batches and their webhooks."""

    clients: Clients
    batches: Batches
    webhooks: Webhooks


def mount_programs(
    app: Flask, programs: Callable[[], Programs], policy: Callable[[], AccessPolicy]
) -> None:
    """Serve the routes from ``app``; what they work with is asked at each request."""
    mount_clients(app, lambda: programs().clients)
    mount_batches(app, lambda: programs().batches, policy)
    mount_webhooks(app, lambda: programs().webhooks, policy)
    mount_client_pages(app, lambda: programs().clients, lambda: programs().webhooks)
    mount_batch_pages(app, lambda: programs().batches)
