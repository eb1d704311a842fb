"""The section ``[log]`` of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, HttpUrl

from core.errors import Malformed
from core.settings import Section
from core.transparency.notes import COSIGNATURE_V1, VerifierKey, check_key_name


def _key_name(value: str) -> str:
    try:
        check_key_name(value)
    except Malformed as error:
        raise ValueError(error.detail) from error
    return value


def _cosigner_vkey(value: str) -> str:
    try:
        key = VerifierKey.parse(value)
    except Malformed as error:
        raise ValueError(error.detail) from error
    if key.signature_type != COSIGNATURE_V1:
        raise ValueError("a witness's key is of type 0x04 (timestamped cosignature)")
    return value


class WitnessSettings(Section):
    """A witness that cosigns our checkpoints: its key, and the prefix of its add-checkpoint."""

    vkey: Annotated[str, AfterValidator(_cosigner_vkey)]
    url: HttpUrl


class LogSettings(Section):
    """Where the log is published, under which name, and who watches it.

    ``origin`` names the log for ever: a new signing key needs a new origin. By default it is a
    name that nobody owns; it SHOULD be the log's public URL without its scheme
    (c2sp.org/tlog-checkpoint).
    """

    folder: Path = Path("log")
    origin: Annotated[str, AfterValidator(_key_name)] = "log.camtrust.example/2026"
    witnesses: tuple[WitnessSettings, ...] = ()
    # The witness that ``camtrust log witness`` runs, and where it remembers what it saw.
    witness_name: Annotated[str, AfterValidator(_key_name)] = "witness.camtrust.example/1"
    witness_folder: Path = Path("witness")
    # Where the monitor remembers the last checkpoint that it verified.
    monitor_folder: Path = Path("monitor")

    def within(self, home: Path) -> LogSettings:
        """Return the settings with their folders made absolute below ``home``."""
        return self.model_copy(
            update={
                "folder": home / self.folder,
                "witness_folder": home / self.witness_folder,
                "monitor_folder": home / self.monitor_folder,
            }
        )
