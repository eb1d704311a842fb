"""The tokens of the settings, and how a key in one of them is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pkcs11.exceptions import NoSuchKey

from core.errors import CamtrustError
from core.settings import SettingsRefused
from hsm.canary import Canaries
from hsm.errors import KeyNotFound, TokenUnavailable
from hsm.module import Module
from hsm.modules import close_module, open_module
from hsm.pin import Pin
from hsm.sessions import TokenSessions, Worker
from hsm.settings import HsmSettings
from hsm.softhsm import development_settings
from hsm.uri import Pkcs11Uri

T = TypeVar("T")


@dataclass(frozen=True)
class TokenHealth:
    """What a token's canary said: nothing wrong, or why it did not sign."""

    token: str
    offline: bool
    trouble: str | None


class Tokens:
    """Every token of one home; sessions open when they are first needed."""

    def __init__(self, *, settings: HsmSettings, canaries: Canaries) -> None:
        if settings.home is None:
            raise SettingsRefused("hsm: say which home directory is meant: settings.at(home)")
        self._home: Path = settings.home.absolute()
        self._settings = settings if settings.tokens else development_settings(self._home)
        self._canaries = canaries
        self._closed = False
        self._modules: dict[str, Module] = {}
        self._sessions: dict[str, TokenSessions] = {}
        try:
            self._open_modules()
        except SettingsRefused:
            self.close()
            raise
        self._sessions = {name: self._session(name) for name in self._settings.tokens}

    def names(self) -> list[str]:
        """Return the tokens' names, in the order of the settings."""
        return list(self._sessions)

    def is_online(self, token: str) -> bool:
        """Tell whether the settings name a token, and not as one that is away most of the time."""
        settings = self._settings.tokens.get(token)
        return settings is not None and not settings.offline

    def sessions(self, token: str) -> TokenSessions:
        """Return the sessions in a token. Raises SettingsRefused."""
        if self._closed:
            raise TokenUnavailable("This key store was closed.", kept="Nothing was signed.")
        try:
            return self._sessions[token]
        except KeyError:
            raise SettingsRefused(f"The settings name no token {token}.") from None

    def use(self, token: str, act: Callable[[Worker], T], *, writing: bool = False) -> T:
        """Let ``act`` work with keys that ought to be in ``token``; it may run more than once.

        Raises KeyNotFound only when the token is proven to answer, else TokenUnavailable.
        """
        sessions = self.sessions(token)
        try:
            return sessions.run(act, writing=writing)
        except NoSuchKey as error:
            if self._canaries.is_heard(sessions):
                raise _absent(token) from error
            if not sessions.restart():
                raise _empty(token) from error
        try:
            return sessions.run(act, writing=writing)
        except NoSuchKey as error:
            if self._canaries.is_heard(sessions):
                raise _absent(token) from error
            raise _empty(token) from error

    def check(self, token: str) -> None:
        """Have a token's canary sign. Raises TokenUnavailable, WrongPin or PinMissing."""
        self._canaries.check(self.sessions(token))

    def renew_canary(self, token: str) -> None:
        """Make a new canary in a token that was replaced."""
        self._canaries.renew(self.sessions(token))

    def health(self) -> list[TokenHealth]:
        """Ask every token's canary, offline tokens too."""
        return [self._health(name) for name in self.names()]

    def close(self) -> None:
        """End every session of this process and give the modules back."""
        for sessions in () if self._closed else self._sessions.values():
            sessions.close()
        for name in list(self._modules):
            del self._modules[name]
            close_module(self._settings.modules[name])
        self._closed = True

    def _health(self, token: str) -> TokenHealth:
        trouble = None
        try:
            self.check(token)
        except CamtrustError as error:
            trouble = error.detail
        return TokenHealth(token, not self.is_online(token), trouble)

    def _open_modules(self) -> None:
        for name, module in self._settings.modules.items():
            self._modules[name] = open_module(module, self._environment(module.environment))

    def _environment(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: value.replace("{home}", str(self._home)) for name, value in values.items()}

    def _session(self, name: str) -> TokenSessions:
        token = self._settings.tokens[name]
        return TokenSessions(
            name=name,
            uri=Pkcs11Uri.parse(token.uri),
            pin=Pin(source=token.pin, token=name, home=self._home),
            module=self._modules[self._settings.module_of(name)],
            size=token.sessions,
        )


def _empty(token: str) -> TokenUnavailable:
    return TokenUnavailable(
        f"The token {token} is empty or away.", kept="Nothing was signed.", token=token
    )


def _absent(token: str) -> KeyNotFound:
    return KeyNotFound(f"The token {token} answers and does not hold this key.", token=token)
