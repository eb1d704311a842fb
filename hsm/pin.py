"""Where PINs come from: a file, an environment variable, or a prompt; never anywhere else."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from core.settings import Section
from hsm.errors import PinMissing, WrongPin

# Hardware locks a token after three to ten wrong PINs, and a service asks for its token at every
# probe of /readyz. A PIN that was refused is tried again so seldom that somebody notices first.
REFUSED_PIN_SECONDS = 600.0


class PinSource(Section):
    """``pin = { file = "pins/issuing" }``, ``{ environment = "NAME" }`` or ``{ prompt = true }``.

    A file belongs to its owner alone and holds the PIN in one line; a relative path is relative
    to the home directory. A prompt suits a command held at a console, such as a ceremony; a
    service that starts by itself has nobody to type.
    """

    file: Path | None = None
    environment: str | None = Field(default=None, min_length=1)
    prompt: bool = False

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum((self.file is not None, self.environment is not None, self.prompt)) != 1:
            raise ValueError("name exactly one of file, environment and prompt")
        return self


class Pin:
    """A PIN that can be fetched when it is needed, and that no repr, log or traceback shows."""

    __slots__ = ("_home", "_monotonic", "_refused", "_source", "_token", "_typed")

    def __init__(
        self,
        *,
        source: PinSource,
        token: str,
        home: Path,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._token = token
        self._home = home
        self._monotonic = monotonic
        self._typed: str | None = None
        # The hash of the PIN that the token refused, and until when it is not tried again.
        self._refused: tuple[bytes, float] | None = None

    def __repr__(self) -> str:
        return f"<PIN of token {self._token}>"

    def fetch(self) -> str:
        """Return the PIN. A file or variable is read each time, so that a changed PIN is found.

        What was typed at a prompt is kept in this process's memory alone: the login must be
        repeated after a fork or when the token comes back. Raises PinMissing, and WrongPin for
        a PIN that the token refused within :data:`REFUSED_PIN_SECONDS`.
        """
        pin = self._read()
        if self._refused is not None:
            refused, until = self._refused
            if refused == _hash(pin) and self._monotonic() < until:
                raise WrongPin(
                    f"The token {self._token} refused its PIN, which is not tried again so soon: "
                    "a token locks itself after a few wrong PINs.",
                    kept="Put the right PIN where the settings say; it is tried at once.",
                )
        return pin

    def forget(self, pin: str) -> None:
        """Drop what was typed, because the token refused it, and do not try it again soon."""
        self._typed = None
        if not self._source.prompt:  # Who types again has noticed.
            self._refused = (_hash(pin), self._monotonic() + REFUSED_PIN_SECONDS)

    def _read(self) -> str:
        if self._source.file is not None:
            return self._from_file(self._home / self._source.file)
        if self._source.environment is not None:
            return self._required(os.environ.get(self._source.environment, ""))
        if self._typed is None:
            self._typed = self._required(getpass.getpass(f"PIN of token {self._token}: "))
        return self._typed

    def _from_file(self, path: Path) -> str:
        try:
            mode = path.stat().st_mode
            pin = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PinMissing(f"The PIN file of token {self._token} cannot be read.") from error
        if mode & 0o077:
            raise PinMissing(
                f"The PIN file of token {self._token} can be read by others: "
                "give it mode 600 first.",
                kept="The PIN was not used.",
            )
        return self._required(pin)

    def _required(self, pin: str) -> str:
        if not pin:
            raise PinMissing(f"There is no PIN for token {self._token} where the settings say.")
        return pin


def _hash(pin: str) -> bytes:
    return sha256(pin.encode()).digest()
