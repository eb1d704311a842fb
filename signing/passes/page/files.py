"""What the verifier's page is made of, as a browser keeps it: names, octets and one version of all.

Scripts and the decoder are put into ``core/web/assets/page`` by ``deploy/install-page-assets``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import core.web
from core.errors import Unavailable

HERE = Path(__file__).parent
INSTALLED = Path(core.web.__file__).parent / "assets" / "page"
_STYLE = ("page.css", *(f"noto-sans-khmer-{script}-{weight}-normal.woff2" for script in
                        ("khmer", "latin") for weight in (400, 700)))  # fmt: skip
# Parts of the application that stand under /verify/files, with their media types.
_PARTS: Mapping[str, tuple[Path, str]] = {
    "verifier.js": (INSTALLED / "verifier.js", "text/javascript"),
    "decoder.js": (INSTALLED / "decoder.js", "text/javascript"),
    "zxing_reader.wasm": (INSTALLED / "zxing_reader.wasm", "application/wasm"),
    "verifier.css": (HERE / "assets" / "verifier.css", "text/css"),
    "icon.svg": (HERE / "assets" / "icon.svg", "image/svg+xml"),
}
_WORKER = HERE / "scripts" / "service_worker.js"
_DIGITS = 16


class VerifierNotInstalled(Unavailable):
    """The page's scripts were not bundled on this machine."""

    problem = "verifier-not-installed"
    title = "The verifier's page is not installed here"


@dataclass(frozen=True)
class Part:
    """One file of the application."""

    octets: bytes
    media_type: str

    @property
    def version(self) -> str:
        """What tells this content from any other."""
        return hashlib.sha256(self.octets).hexdigest()[:_DIGITS]


def part(name: str) -> Part | None:
    """Return a part under ``/verify/files``, None for another name. Raises VerifierNotInstalled."""
    found = _PARTS.get(name)
    return None if found is None else Part(_octets(found[0]), found[1])


def manifest(name: str, language: str) -> Part:
    """Return the web application manifest (W3C) for one language."""
    facts = {
        "id": "/verify",
        "name": name,
        "short_name": name,
        "lang": language,
        "start_url": f"/verify/{language}",
        "scope": "/verify",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#032ea1",
        "icons": [{"src": "/verify/files/icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    octets = json.dumps(facts, ensure_ascii=False).encode()
    return Part(octets, "application/manifest+json")


def service_worker(made: Mapping[str, bytes]) -> Part:
    """Return the script that keeps the application on a device.

    ``made`` are the parts that are not files, by their path. Whatever changes, changes it.
    Raises VerifierNotInstalled.
    """
    files = {
        **{f"/verify/files/{name}": _octets(path) for name, (path, _) in _PARTS.items()},
        **{f"/assets/page/{name}": _octets(INSTALLED / name) for name in _STYLE},
        **made,
    }
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + hashlib.sha256(files[path]).digest())
    names = json.dumps(sorted(files))
    head = f'const VERSION = "{digest.hexdigest()[:_DIGITS]}";\nconst FILES = {names};\n'
    return Part(head.encode() + _WORKER.read_bytes(), "text/javascript")


@cache
def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VerifierNotInstalled(
            f"{path.name} is missing: run make setup, or verify with `camtrust pass verify`."
        ) from error
