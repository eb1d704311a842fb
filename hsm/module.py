"""One PKCS #11 module of this process: initialised once, restarted when it must be, safe to fork.

A module is shared by every key store of the process. Threads use it through :meth:`Module.use`;
a restart and a fork wait until nobody does, so that no lock inside the module is held then.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pkcs11.exceptions import PKCS11Error

from hsm.cryptoki import Cryptoki, load_cryptoki
from hsm.errors import TokenUnavailable
from hsm.settings import ModuleSettings
from hsm.softhsm_mending import mend_tokens

# A token that went away comes back only to a freshly initialised module (SoftHSM looks for its
# directory then). Restarting ends the sessions of every other token, so not more often:
RESTART_INTERVAL_SECONDS = 1.0


class Module:
    """A module and the gate in front of it.

    ``generation`` grows whenever all sessions and handles have become void.
    """

    def __init__(self, settings: ModuleSettings, environment: Mapping[str, str]) -> None:
        self.generation = 0
        self._settings = settings
        self._environment = environment
        self._library: Cryptoki | None = None
        self._running = False
        self._pid = os.getpid()
        self._restarted_at = float("-inf")
        self._gate = threading.Condition(threading.Lock())
        self._users = 0
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[Cryptoki]:
        """Hold the module in use; do not nest. Raises TokenUnavailable when it does not start."""
        self.enter()
        try:
            yield self.library()
        finally:
            self.leave()

    def enter(self) -> None:
        """Begin to use the module; wait while it restarts or the process forks."""
        with self._gate:
            while self._closed:
                self._gate.wait()
            self._users += 1

    def leave(self) -> None:
        """End a use."""
        with self._gate:
            self._users -= 1
            if self._closed and not self._users:
                self._gate.notify_all()

    def library(self) -> Cryptoki:
        """Return the initialised module, to one who is using it."""
        if not self._running or self._pid != os.getpid():
            with self._gate:
                if not self._running or self._pid != os.getpid():
                    self._start()
        assert self._library is not None  # noqa: S101 - _start sets it or raises
        return self._library

    def restart(self, generation: int) -> bool:
        """Initialise afresh, if ``generation`` is still the present one and not too soon.

        Call it without using the module. Returns whether sessions are worth opening anew.
        """
        with self._alone():
            if generation != self.generation:
                return True
            if time.monotonic() - self._restarted_at < RESTART_INTERVAL_SECONDS:
                return False
            self._restarted_at = time.monotonic()
            self._stop()
            return True

    def stop(self) -> None:
        """Finalise the module; the next use starts it again."""
        with self._alone():
            self._stop()

    def before_fork(self) -> None:
        """Wait until nobody uses the module, and keep everybody out."""
        self._gate.acquire()
        self._wait_alone()

    def after_fork_in_parent(self) -> None:
        """Let everybody in again."""
        self._closed = False
        self._gate.notify_all()
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Forget the parent's sessions: they are not ours (PKCS #11 v2.40, Section 5.4)."""
        self._gate = threading.Condition(threading.Lock())
        self._closed = False
        self._users = 0
        self._running = False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._gate:
            self._wait_alone()
            try:
                yield
            finally:
                self._closed = False
                self._gate.notify_all()

    def _wait_alone(self) -> None:
        while self._closed:
            self._gate.wait()
        self._closed = True
        while self._users:
            self._gate.wait()

    def _start(self) -> None:
        # In a forked child the parent's state is inherited: end it before beginning.
        self._stop()
        os.environ.update(self._environment)
        path = self._settings.path
        try:
            mend_tokens(self._environment)
            if self._library is None:
                self._library = load_cryptoki(
                    path, reserved=self._settings.reserved, locking=self._settings.locking
                )
            else:
                self._library.initialize()
        except (PKCS11Error, OSError) as error:
            raise TokenUnavailable(
                f"The PKCS #11 module {Path(path).name} does not start.", kept="Nothing was signed."
            ) from error
        self._running = True
        self._pid = os.getpid()

    def _stop(self) -> None:
        if self._library is not None:
            self._library.finalize()
        self._running = False
        self.generation += 1
