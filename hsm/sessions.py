"""Sessions in one token: one that is logged in, a pool of workers, and their cached handles.

PKCS #11 v2.40, Section 5.6: a login is the whole application's, and it ends with the session
that is closed after it or with the last one. So one session logs in and stays open for the life
of the process; the workers open without a PIN and find themselves logged in.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import (
    DeviceError,
    DeviceRemoved,
    FunctionFailed,
    GeneralError,
    KeyHandleInvalid,
    NoSuchKey,
    ObjectHandleInvalid,
    OperationActive,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    SessionClosed,
    SessionHandleInvalid,
    SlotIDInvalid,
    TokenNotPresent,
    TokenNotRecognised,
    UnwrappingKeyHandleInvalid,
    UserNotLoggedIn,
    WrappingKeyHandleInvalid,
)

from hsm.cryptoki import Cryptoki
from hsm.errors import TokenUnavailable, WrongPin
from hsm.module import Module
from hsm.pin import Pin
from hsm.uri import Pkcs11Uri

T = TypeVar("T")

# A worker that has used this many keys forgets the one it used least recently.
CACHED_HANDLES = 4096

_PIN_REFUSALS = (PinIncorrect, PinInvalid, PinLenRange, PinLocked, PinExpired)
# What a module answers when sessions and handles are void or the token is gone. A code that
# python-pkcs11 has no class for (CKR_CRYPTOKI_NOT_INITIALIZED) counts as well.
_STALE = (
    DeviceError,
    DeviceRemoved,
    FunctionFailed,
    GeneralError,
    KeyHandleInvalid,
    ObjectHandleInvalid,
    OperationActive,
    SessionClosed,
    SessionHandleInvalid,
    SlotIDInvalid,
    TokenNotPresent,
    TokenNotRecognised,
    UnwrappingKeyHandleInvalid,
    UserNotLoggedIn,
    WrappingKeyHandleInvalid,
)

# Another process that is just writing to the token (SoftHSM shows it half-written) is done by then.
_PAUSE_SECONDS = 0.05
_NOTHING = contextlib.nullcontext()


@dataclass
class Worker:
    """One session without a PIN, and the handles that were found in it."""

    session: Any
    generation: int
    handles: OrderedDict[bytes, Any] = field(default_factory=OrderedDict)

    def private_key(self, key_id: bytes) -> Any:
        """Return the private key whose CKA_ID is ``key_id``. Raises NoSuchKey."""
        handle = self.handles.get(key_id)
        if handle is None:
            handle = self.find(ObjectClass.PRIVATE_KEY, key_id)
            self._remember(key_id, handle)
        return handle

    def secret_key(self, key_id: bytes) -> Any:
        """Return the secret key whose CKA_ID is ``key_id``. Raises NoSuchKey."""
        handle = self.handles.get(key_id)
        if handle is None:
            handle = self.find(ObjectClass.SECRET_KEY, key_id)
            self._remember(key_id, handle)
        return handle

    def find(self, object_class: ObjectClass, key_id: bytes) -> Any:
        """Search the token for one object. Raises NoSuchKey."""
        # A list, because an unfinished search blocks its session.
        found = list(
            self.session.get_objects({Attribute.CLASS: object_class, Attribute.ID: key_id})
        )
        if not found:
            raise NoSuchKey("no such object is seen in the token")
        return found[0]

    def _remember(self, key_id: bytes, handle: Any) -> None:
        self.handles[key_id] = handle
        if len(self.handles) > CACHED_HANDLES:
            self.handles.popitem(last=False)


class TokenSessions:
    """The sessions of this process in one token, shared by all its threads.

    ``size``: how many idle workers are kept open.
    """

    def __init__(self, *, name: str, uri: Pkcs11Uri, pin: Pin, module: Module, size: int) -> None:
        self.name = name
        self._uri = uri
        self._pin = pin
        self._module = module
        self._size = size
        # Taken only while the module is in use, so a fork never finds them held.
        self._opening = Lock()
        self._writing = Lock()
        self._idle: list[Worker] = []
        self._login: Any = None
        self._login_generation = -1

    def run(self, act: Callable[[Worker], T], *, writing: bool = False) -> T:
        """Let ``act`` work in a session, read-only unless ``writing``.

        When sessions or handles turn out void, ``act`` runs again in a new session, and at last
        in a freshly started module. NoSuchKey and every refusal that is not the token's absence
        pass through. Raises TokenUnavailable, WrongPin, PinMissing.
        """
        try:
            return self._attempt(act, writing)
        except PKCS11Error as error:
            _pass_refusals(error)
            self._idle.clear()
        generation = self._module.generation
        time.sleep(_PAUSE_SECONDS)
        try:
            return self._attempt(act, writing)
        except PKCS11Error as error:
            _pass_refusals(error)
            if not self._module.restart(generation):
                raise self._away() from error
        time.sleep(_PAUSE_SECONDS)
        try:
            return self._attempt(act, writing)
        except PKCS11Error as error:
            _pass_refusals(error)
            raise self._away() from error

    def restart(self) -> bool:
        """Start the module afresh, because the token seems empty; tell whether to look again."""
        return self._module.restart(self._module.generation)

    def close(self) -> None:
        """Close every idle worker. The login ends with the module, which others may be using."""
        workers, self._idle = self._idle, []
        self._module.enter()
        try:
            for worker in workers:
                self._discard(worker)
        finally:
            self._module.leave()

    def _attempt(self, act: Callable[[Worker], T], writing: bool) -> T:
        self._module.enter()
        try:
            # SoftHSM fails now and then (CKR_TEMPLATE_INCONSISTENT) when several threads make or
            # destroy stored objects at once; keys are made so seldom that they can wait.
            with self._writing if writing else _NOTHING:
                return self._work(act, writing)
        finally:
            self._module.leave()

    def _work(self, act: Callable[[Worker], T], writing: bool) -> T:
        worker = self._take(self._module.library(), writing)
        try:
            result = act(worker)
        except BaseException:
            self._discard(worker)
            raise
        if writing or len(self._idle) >= self._size:
            self._discard(worker)
        else:
            self._idle.append(worker)
        return result

    def _take(self, library: Cryptoki, writing: bool) -> Worker:
        generation = self._module.generation
        while self._idle and not writing:
            try:
                worker = self._idle.pop()
            except IndexError:
                break
            if worker.generation == generation:
                return worker
            # Of an earlier life of the module: its number may be another session's by now.
        if self._login_generation != generation:
            self._log_in(library, generation)
        return Worker(self._login.token.open(rw=writing), generation)

    def _log_in(self, library: Cryptoki, generation: int) -> None:
        with self._opening:
            if self._login_generation == generation:
                return
            token, pin = self._token(library), self._pin.fetch()
            try:
                self._login = library.log_in(token, pin)
            except _PIN_REFUSALS as error:
                self._pin.forget(pin)
                raise WrongPin(f"The token {self.name} refused its PIN.") from error
            self._login_generation = generation

    def _token(self, library: Cryptoki) -> Any:
        wanted = self._uri.token_attributes
        found = []
        for slot in library.get_slots(token_present=True):
            with contextlib.suppress(TokenNotPresent, TokenNotRecognised):
                token = slot.get_token()
                if _attributes_of(token).items() >= wanted.items():
                    found.append(token)
        if len(found) > 1:
            raise TokenUnavailable(
                f"More than one token answers to the URI of {self.name}: add its serial number."
            )
        if not found:
            raise TokenNotPresent("no token answers to the URI")
        return found[0]

    def _discard(self, worker: Worker) -> None:
        if worker.generation == self._module.generation:
            _close(worker.session)

    def _away(self) -> TokenUnavailable:
        return TokenUnavailable(
            f"The token {self.name} does not answer.", kept="Nothing was signed.", token=self.name
        )


def _pass_refusals(error: PKCS11Error) -> None:
    unmapped = type(error) is PKCS11Error
    if not unmapped and not isinstance(error, _STALE):
        raise error


def _attributes_of(token: Any) -> dict[str, str]:
    return {
        "token": token.label,
        "serial": token.serial.decode("utf-8", "replace"),
        "model": token.model,
        "manufacturer": token.manufacturer_id,
    }


def _close(session: Any) -> None:
    with contextlib.suppress(PKCS11Error):
        session.close()
