"""Brings the macros of this room to the pages that use them; it has no pages of its own."""

from __future__ import annotations

from pathlib import Path

from apiflask import APIBlueprint
from flask import Flask

from enrollment.key_creation.reading import CONSENT

TEXTS = Path(__file__).parent / "locale"


def mount_key_creation(app: Flask) -> None:
    """Give the templates of ``app`` the macros under ``key_creation/``."""
    app.register_blueprint(
        APIBlueprint("key_creation", __name__, template_folder="templates", enable_openapi=False)
    )
    app.jinja_env.globals["escrow_consent"] = CONSENT
