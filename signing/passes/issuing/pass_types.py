"""What each type of pass is: policy as data, a TOML file each in ``definitions/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.settings import SettingsRefused
from signing.passes.issuing.errors import UNISSUED, PassTypeUnknown


class CodeKind(StrEnum):
    """The codes that a pass may have."""

    DCC = "dcc"
    ICVP = "icvp"
    VDS_NC = "vds-nc"
    SHC = "shc"
    CLAIM_169 = "claim-169"
    CLAIM_169_MINIMAL = "claim-169-minimal"


class RecordKind(StrEnum):
    """What a record tells beside the person."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"
    IDENTITY = "identity"


class PassType(BaseModel):
    """A type: which record it is made from, which codes it has, for how long it counts.

    ``issuers``: the institutions that may issue it unless ``[passes] issuers`` says otherwise.
    ``for_travel``: the name has to be the travel document's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["camtrust-pass-type-1"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    title: str
    cites: tuple[str, ...]
    record: RecordKind
    codes: Annotated[tuple[CodeKind, ...], Field(min_length=1)]
    signers: Mapping[CodeKind, str]
    validity_days: Annotated[int, Field(ge=1, le=3650)]
    issuers: tuple[str, ...]
    for_travel: bool = False

    @property
    def validity(self) -> timedelta:
        """How long it counts, unless its signer's certificate ends before."""
        return timedelta(days=self.validity_days)


@cache
def pass_types() -> Mapping[str, PassType]:
    """Return the types by name. Raises SettingsRefused, naming file and key."""
    folder = resources.files(__package__).joinpath("definitions")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            one = _read(file.name, file.read_text("utf-8"))
            found[one.name] = one
    return found


def pass_type(name: str) -> PassType:
    """Return one type. Raises PassTypeUnknown."""
    try:
        return pass_types()[name]
    except KeyError:
        raise PassTypeUnknown(
            f"There are passes of the types {', '.join(pass_types())}.", kept=UNISSUED
        ) from None


def _read(name: str, text: str) -> PassType:
    try:
        one = PassType.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsRefused(f"{name}: {error}") from error
    lacking = set(one.codes) - set(one.signers)
    if lacking or name != f"{one.name}.toml":
        raise SettingsRefused(f"{name}: has another name, or no signer for {sorted(lacking)}")
    return one
