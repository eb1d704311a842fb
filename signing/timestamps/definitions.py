"""The time-stamping units: which there are, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "main"
CAMDX = "camdx"


@dataclass(frozen=True)
class UnitDefinition:
    """A unit: its name, the profile of its certificates, the path it answers at, its CN."""

    name: str
    profile: str
    path: str
    common_name: str

    @property
    def holder(self) -> str:
        """The name under which its certificates are issued."""
        return f"time-stamping:{self.name}"

    @property
    def label(self) -> str:
        """What the labels of its keys begin with."""
        return f"time-stamping-{self.name}-"


UNITS = (
    UnitDefinition(MAIN, "time-stamping", "/tsa", "Cambodia Time-Stamping Unit"),
    # X-Road's security servers verify RSA alone, and know a unit by its registered certificate.
    UnitDefinition(CAMDX, "time-stamping-rsa", "/tsa/camdx", "Cambodia CamDX Time-Stamping Unit"),
)
BY_NAME = {one.name: one for one in UNITS}
