"""Every table of every package, on one metadata: what the migrations are compared with."""

from __future__ import annotations

import ca.models
import ca.revocation.models
import core.models
import core.transparency.models
import enrollment.acme.models
import enrollment.grants.models
import enrollment.models
import hsm.models
import ocsp.models
from core.database import metadata

PACKAGES = (ca, core, enrollment, hsm, ocsp)

__all__ = ["metadata"]
