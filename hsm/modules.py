"""The PKCS #11 modules of this process, shared by every key store in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from core.settings import SettingsRefused
from hsm.module import Module
from hsm.settings import ModuleSettings


@dataclass
class _Shared:
    module: Module
    settings: ModuleSettings
    environment: Mapping[str, str]
    users: int = 0


_lock = threading.Lock()
_open: dict[str, _Shared] = {}


def open_module(settings: ModuleSettings, environment: Mapping[str, str]) -> Module:
    """Return the process's module for these settings; give it back with :func:`close_module`.

    Raises SettingsRefused when the same file is in use with other settings: a module has one
    state in a process.
    """
    with _lock:
        shared = _open.get(settings.path)
        if shared is None:
            shared = _Shared(Module(settings, environment), settings, environment)
            _open[settings.path] = shared
        if (shared.settings, shared.environment) != (settings, environment):
            raise SettingsRefused(
                f"The PKCS #11 module {settings.path} is in use in this process with other "
                "settings: close that key store first, or use another process."
            )
        shared.users += 1
        return shared.module


def close_module(settings: ModuleSettings) -> None:
    """Give a module back; the last one to do so finalises it."""
    with _lock:
        shared = _open[settings.path]
        shared.users -= 1
        if shared.users:
            return
        del _open[settings.path]
    shared.module.stop()


def _before_fork() -> None:
    _lock.acquire()
    for shared in _open.values():
        shared.module.before_fork()


def _after_fork_in_parent() -> None:
    for shared in _open.values():
        shared.module.after_fork_in_parent()
    _lock.release()


def _after_fork_in_child() -> None:
    for shared in _open.values():
        shared.module.after_fork_in_child()
    _lock.release()


os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
