"""The section ``[hsm]`` of the settings: PKCS #11 modules and the tokens in them.

::

    [hsm.modules.vendor]
    uri = "pkcs11:?module-path=/opt/vendor/lib/libpkcs11.so"

    [hsm.tokens.issuing]
    uri = "pkcs11:token=Issuing%20CAs;serial=0042?module-name=vendor"
    pin = { file = "pins/issuing" }

Without any token named, the development tokens of :mod:`hsm.softhsm` are meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from core.settings import Section
from hsm.errors import UriMalformed
from hsm.pin import PinSource
from hsm.uri import Pkcs11Uri

# The token in which the canary's module-wide duties and the database's wrapping keys live.
OPERATIONS_TOKEN = "operations"  # noqa: S105 - the name of a token, not a secret
# The token of the keys that mail-encryption keys are escrowed to; it works at recoveries alone.
ESCROW_TOKEN = "escrow"  # noqa: S105 - the name of a token, not a secret
# The token of the keys that institutions seal documents with.
SEALS_TOKEN = "seals"  # noqa: S105 - the name of a token, not a secret
DEFAULT_TOKENS = (
    *("root", "issuing", "status", "log", "witness"),
    *(OPERATIONS_TOKEN, ESCROW_TOKEN, SEALS_TOKEN),
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


def _checked_uri(text: str) -> str:
    try:
        Pkcs11Uri.parse(text)
    except UriMalformed as error:
        raise ValueError(error.detail) from None
    return text


UriText = Annotated[str, AfterValidator(_checked_uri)]


class ModuleSettings(Section):
    """A PKCS #11 module.

    ``environment`` is set before the module is initialised, ``{home}`` standing for the home
    directory; ``reserved`` is the string that NSS's softokn wants in ``pReserved``.
    ``locking``: whether to ask for the operating system's locks (``CKF_OS_LOCKING_OK``);
    only a client of ``p11-kit server``, which locks by itself, can do without.
    """

    uri: UriText
    environment: Mapping[str, str] = Field(default_factory=dict)
    reserved: str | None = None
    locking: bool = True

    @model_validator(mode="after")
    def _has_a_path(self) -> Self:
        if not Pkcs11Uri.parse(self.uri).module_path:
            raise ValueError("a module's URI says where it is: pkcs11:?module-path=/...")
        return self

    @property
    def path(self) -> str:
        """The shared object."""
        return Pkcs11Uri.parse(self.uri).module_path or ""


class TokenSettings(Section):
    """A token: which one, in which module, and where its PIN is.

    ``sessions``: how many idle worker sessions one process keeps open in it. ``offline``: it is
    away most of the time, so ``/readyz`` does not ask for it.
    """

    uri: UriText
    pin: PinSource
    sessions: int = Field(default=16, ge=1, le=1024)
    offline: bool = False

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not Pkcs11Uri.parse(self.uri).token_attributes:
            raise ValueError("a token's URI says which token: pkcs11:token=LABEL")
        return self


class HsmSettings(Section):
    """``[hsm]``. ``kind`` is ``softhsm`` for development tokens, else ``configured``."""

    home: Path | None = None
    modules: Mapping[Name, ModuleSettings] = Field(default_factory=dict)
    tokens: Mapping[Name, TokenSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_token_has_its_module(self) -> Self:
        for name, token in self.tokens.items():
            _module_name(self, name, token)
        return self

    def at(self, home: Path) -> HsmSettings:
        """Return these settings for a home directory, relative to which paths are."""
        return self.model_copy(update={"home": home})

    @property
    def kind(self) -> Literal["softhsm", "configured"]:
        """Whether these are the development tokens."""
        return "configured" if self.tokens else "softhsm"

    def module_of(self, token: str) -> str:
        """Return the name of the module that a token lives in."""
        return _module_name(self, token, self.tokens[token])


def _module_name(settings: HsmSettings, token: str, of: TokenSettings) -> str:
    named = Pkcs11Uri.parse(of.uri).module_name
    if named is None and len(settings.modules) == 1:
        return next(iter(settings.modules))
    if named is None or named not in settings.modules:
        raise ValueError(f"token {token}: its URI must name one of [hsm.modules] as module-name")
    return named
