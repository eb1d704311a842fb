"""Extended key usages of signers of health certificates: the EU's arcs, which WHO took over.

HCERT specification, Section 4.2.5; WHO SMART Trust, limitation of document signers.
"""

from __future__ import annotations

# The second arc stands in early certificates by mistake.
_ARCS = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")

TEST, VACCINATION, RECOVERY = (frozenset(arc + number for arc in _ARCS) for number in "123")
EVERY = TEST | VACCINATION | RECOVERY
