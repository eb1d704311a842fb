"""Put back what SoftHSM loses when it is killed while it logs in.

SoftHSM 2.6 rewrites a token's ``token.object`` at every login, in place: truncated first, then
written. A process that is killed in between (SIGKILL, the machine's memory running out) leaves
an empty file, and with it the whole token is gone: it is no longer listed. So a copy of the
whole file is kept beside it, and put back when the file is shorter than the copy. Keys are in
files of their own and are only written when they are made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

CONFIGURATION_VARIABLE = "SOFTHSM2_CONF"
TOKENS_FOLDER = "tokens"
TOKEN_FILE = "token.object"  # noqa: S105 - a file name
# SoftHSM reads files that end in .object, and no others.
KEPT_FILE = "token.kept"
# Another process may be writing at this moment; it takes far less than this.
PATIENCE_SECONDS = 0.2


def mend_tokens(environment: Mapping[str, str]) -> None:
    """Keep a copy of every whole token file, and put back what was cut short.

    ``environment`` is that of a module which is about to start; without a SoftHSM
    configuration of ours in it nothing happens.
    """
    configuration = environment.get(CONFIGURATION_VARIABLE)
    if configuration is None:
        return
    for token in (Path(configuration).parent / TOKENS_FOLDER).glob(f"*/{TOKEN_FILE}"):
        _mend(token, token.with_name(KEPT_FILE))


def _mend(token: Path, kept: Path) -> None:
    copy = kept.read_bytes() if kept.exists() else b""
    found = token.read_bytes()
    if len(found) < len(copy):
        time.sleep(PATIENCE_SECONDS)
        found = token.read_bytes()
    if len(found) < len(copy):
        _replace(token, copy)
    elif found != copy:
        _replace(kept, found)


def _replace(path: Path, content: bytes) -> None:
    # By renaming, so that neither file is ever half there.
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
