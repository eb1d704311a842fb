"""The transcript: what happened at a ceremony, as canonical JSON whose hash goes on paper.

A step's record holds its act, its instant, its facts and the SHA-256 of everything that it made.
The record's own hash is what the transparency log says of the step; the transcript gathers the
records with their log indexes.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cryptography.hazmat.backends.openssl.backend import backend

from core.transparency.entry import JsonValue

FORMAT = "camtrust-transcript-1"

# The step that stands before the script's own: what was presented and checked.
OPENING = 0


@dataclass(frozen=True)
class StepRecord:
    """One finished step. ``artefacts`` are files of the ceremony's folder, by their path.

    ``log_index`` is the step's entry in the transparency log, or None in a rehearsal.
    """

    number: int
    act: str
    actor: str
    at: datetime
    facts: Mapping[str, JsonValue]
    artefacts: Mapping[str, bytes]
    log_index: int | None = None

    def document(self) -> dict[str, JsonValue]:
        """Return the record as JSON: artefacts by their hashes, without the log index."""
        return {
            "act": self.act,
            "actor": self.actor,
            "artefacts": {
                path: sha256(content).hexdigest() for path, content in self.artefacts.items()
            },
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "facts": dict(self.facts),
            "number": self.number,
        }

    @property
    def sha256(self) -> str:
        """The hex SHA-256 of the canonical record, which the log entry carries."""
        return sha256(canonical(self.document())).hexdigest()


@dataclass(frozen=True)
class Transcript:
    """A transcript, as the JSON document that it is."""

    document: Mapping[str, Any]

    def encode(self) -> bytes:
        """Return the canonical bytes that are hashed, stored and printed."""
        return canonical(self.document)

    @property
    def sha256(self) -> str:
        """The hex SHA-256 that stands on the signed paper."""
        return sha256(self.encode()).hexdigest()

    @property
    def is_rehearsal(self) -> bool:
        """Tell whether nothing of this was signed or stored."""
        return bool(self.document["rehearsal"])


def compose(
    *, ceremony: str, kind: str, steps: Sequence[StepRecord], rehearsal: bool
) -> Transcript:
    """Gather the records of a ceremony, the opening one first."""
    return Transcript(
        {
            "ceremony": ceremony,
            "format": FORMAT,
            "kind": kind,
            "rehearsal": rehearsal,
            "steps": [{**step.document(), "log_index": step.log_index} for step in steps],
        }
    )


def canonical(document: Any) -> bytes:
    """Return UTF-8 JSON with sorted keys, without spaces or a final newline.

    Numbers are integers and strings are stored as they are, so that this is RFC 8785 for what
    stands in a transcript.
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def software() -> dict[str, JsonValue]:
    """Return the versions of what took part."""
    return {
        "camtrust": _version("camtrust"),
        "cryptography": _version("cryptography"),
        "openssl": backend.openssl_version_text(),
        "python": platform.python_version(),
    }


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
