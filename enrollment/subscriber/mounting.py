"""Brings the pages of people, and of officers about their objections, into one app."""

from __future__ import annotations

from typing import Any

from enrollment.holding.revoking.routes import mount_revoking
from enrollment.holding.routes import mount_holding
from enrollment.objections.routes import mount_objections
from enrollment.subscriber.api.routes import mount_bundles_api
from enrollment.subscriber.personal import PersonalPages
from enrollment.subscriber.routes import mount_subscriber
from enrollment.subscriber.steps.routes import mount_steps


def mount_personal(app: Any, personal: PersonalPages) -> None:
    """Serve the pages from ``app``."""
    mount_subscriber(app, personal)
    mount_steps(app)
    mount_holding(app)
    mount_revoking(app)
    mount_objections(app)
    mount_bundles_api(app)
