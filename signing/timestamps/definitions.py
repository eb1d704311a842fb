"""The time-stamping units: which there are, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

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

    def facts(self, issuer: x509.Name, *, at: datetime) -> Mapping[str, str]:
        """Return what its certificate says of it: its issuer's organization, and a name."""
        [organization] = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return {
            "organization_name": str(organization.value),
            # Whoever has to tell two units of one name apart sees when each began.
            "common_name": f"{self.common_name} {at:%Y-%m}",
        }


UNITS = (
    UnitDefinition(MAIN, "time-stamping", "/tsa", "Cambodia Time-Stamping Unit"),
    # X-Road's security servers verify RSA alone, and know a unit by its registered certificate.
    UnitDefinition(CAMDX, "time-stamping-rsa", "/tsa/camdx", "Cambodia CamDX Time-Stamping Unit"),
)
BY_NAME = {one.name: one for one in UNITS}
