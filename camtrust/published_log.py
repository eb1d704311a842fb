"""The published transparency log under ``/log/``: plain files, the same that a CDN may serve."""

from __future__ import annotations

from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, send_from_directory

from core.web.access_control import public

# c2sp.org/tlog-tiles: a full tile or bundle never changes; the checkpoint and partial ones do.
IMMUTABLE_SECONDS = 31_536_000


def log_blueprint(folder: Path) -> APIBlueprint:
    """Serve what stands in the log's ``folder``: checkpoint, tiles and entry bundles."""
    blueprint = APIBlueprint("log", __name__, url_prefix="/log", enable_openapi=False)

    @blueprint.get("/checkpoint")
    @public
    def checkpoint() -> Response:
        """Return the newest signed checkpoint."""
        return send_from_directory(folder, "checkpoint", mimetype="text/plain", max_age=5)

    @blueprint.get("/tile/<path:name>")
    @public
    def tile(name: str) -> Response:
        """Return a tile or an entry bundle."""
        response = send_from_directory(folder / "tile", name, mimetype="application/octet-stream")
        response.cache_control.public = True
        response.cache_control.max_age = 60 if ".p/" in name else IMMUTABLE_SECONDS
        return response

    return blueprint
