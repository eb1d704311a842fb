"""The few PKCS #11 functions that python-pkcs11 does not call as we need them, through ctypes.

python-pkcs11 0.10 calls ``C_Initialize(NULL)``, which tells a module that one thread alone will
use it (PKCS #11 v2.40, Section 5.4), and then releases the GIL around every call. Here the
module is told the truth. Logging in is here as well, because ``Token.open(pin)`` leaks its
session when the PIN is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from typing import Any

from pkcs11 import Token, _pkcs11
from pkcs11.exceptions import (
    DeviceError,
    FunctionFailed,
    GeneralError,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    TokenNotPresent,
    TokenNotRecognised,
    UserAlreadyLoggedIn,
    UserPinNotInitialized,
)

# PKCS #11 v2.40, pkcs11t.h.
CKF_OS_LOCKING_OK = 0x2
CKU_SO = 0
CKU_USER = 1
CKR_OK = 0x0
CKR_USER_ALREADY_LOGGED_IN = 0x100
CKR_CRYPTOKI_NOT_INITIALIZED = 0x190
CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191

# Where functions stand in CK_FUNCTION_LIST (pkcs11f.h), after the version.
_C_INITIALIZE = 0
_C_FINALIZE = 1
_C_INIT_TOKEN = 9
_C_LOGIN = 18

_LABEL_OCTETS = 32
_ERRORS: dict[int, type[PKCS11Error]] = {
    0x05: GeneralError,
    0x06: FunctionFailed,
    0x30: DeviceError,
    0xA0: PinIncorrect,
    0xA1: PinInvalid,
    0xA2: PinLenRange,
    0xA4: PinLocked,
    0xE0: TokenNotPresent,
    0xE1: TokenNotRecognised,
    0x102: UserPinNotInitialized,
}

_Function = Callable[..., int]


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        ("CreateMutex", ctypes.c_void_p),
        ("DestroyMutex", ctypes.c_void_p),
        ("LockMutex", ctypes.c_void_p),
        ("UnlockMutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("pReserved", ctypes.c_char_p),
    )


class LockingCryptoki(_pkcs11.lib):
    """A module initialised for many threads; python-pkcs11's objects come from it."""

    _functions: list[int]
    _reserved: bytes | None

    def __new__(cls, path: str, *, reserved: str | None) -> LockingCryptoki:
        """Load the module and keep what it is to be initialised with."""
        # The Cython class takes the path; its type file does not say so.
        self: LockingCryptoki = super().__new__(cls, path)  # type: ignore[call-arg]
        self._functions = _function_list(path)
        self._reserved = None if reserved is None else reserved.encode()
        return self

    def __init__(self, path: str, *, reserved: str | None) -> None:
        # Calls initialize() below, then asks the module who it is.
        super().__init__(path)

    def initialize(self) -> None:
        """C_Initialize with ``CKF_OS_LOCKING_OK``. Raises PKCS11Error."""
        arguments = _InitializeArguments(flags=CKF_OS_LOCKING_OK, pReserved=self._reserved)
        code = self._function(_C_INITIALIZE, ctypes.c_void_p)(ctypes.addressof(arguments))
        if code != CKR_CRYPTOKI_ALREADY_INITIALIZED:
            _check(code)

    def finalize(self) -> None:
        """C_Finalize: every session and login of this process ends.

        A failure is no news: the module was not initialised, or its token is gone.
        """
        self._function(_C_FINALIZE, ctypes.c_void_p)(None)

    def log_in(self, token: Token, pin: str, *, user: int = CKU_USER, rw: bool = False) -> Any:
        """Open a session and log in; being logged in already is as good. Raises PKCS11Error."""
        session: Any = token.open(rw=rw)
        octets = pin.encode()
        code = self._function(
            _C_LOGIN, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong
        )(session.handle, user, octets, len(octets))
        if code not in (CKR_OK, CKR_USER_ALREADY_LOGGED_IN):
            session.close()
            _check(code)
        return session

    def init_token(self, slot: int, so_pin: str, label: str) -> None:
        """C_InitToken: erase a slot's token and give it a label. Raises PKCS11Error."""
        octets = so_pin.encode()
        padded = label.encode().ljust(_LABEL_OCTETS)
        if len(padded) != _LABEL_OCTETS:
            raise ValueError("a token's label has at most 32 octets")
        _check(
            self._function(
                _C_INIT_TOKEN, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p
            )(slot, octets, len(octets), padded)
        )

    def _function(self, index: int, *arguments: type) -> _Function:
        return ctypes.CFUNCTYPE(ctypes.c_ulong, *arguments)(self._functions[index])


class PlainCryptoki(_pkcs11.lib):
    """A client of ``p11-kit server``, which locks by itself.

    It gives every caller of C_GetFunctionList functions and state of their own, so what ctypes
    initialised would not be what python-pkcs11 then uses.
    """

    def finalize(self) -> None:
        """C_Finalize. A failure is no news: the server is gone, or the process was forked."""
        with contextlib.suppress(PKCS11Error):
            super().finalize()

    def log_in(self, token: Token, pin: str) -> Any:
        """Open a session and log in; being logged in already is as good. Raises PKCS11Error."""
        try:
            return token.open(user_pin=pin)
        except UserAlreadyLoggedIn:
            return token.open()
        except PKCS11Error:
            # python-pkcs11 lost the session that it had opened: all are ended with the module.
            self.finalize()
            raise


Cryptoki = LockingCryptoki | PlainCryptoki


def load_cryptoki(path: str, *, reserved: str | None, locking: bool) -> Cryptoki:
    """Load and initialise a module. Raises PKCS11Error or OSError."""
    return LockingCryptoki(path, reserved=reserved) if locking else PlainCryptoki(path)


def _function_list(path: str) -> list[int]:
    library = ctypes.CDLL(path)
    library.C_GetFunctionList.restype = ctypes.c_ulong
    library.C_GetFunctionList.argtypes = [ctypes.c_void_p]
    pointer = ctypes.c_void_p()
    _check(library.C_GetFunctionList(ctypes.byref(pointer)))
    # CK_VERSION, two octets, is padded to the alignment of the pointers that follow.
    first = (pointer.value or 0) + ctypes.sizeof(ctypes.c_void_p)
    count = _C_LOGIN + 1
    return list((ctypes.c_size_t * count).from_address(first))


def _check(code: int) -> None:
    if code != CKR_OK:
        raise _ERRORS.get(code, PKCS11Error)(f"CKR 0x{code:08x}")
