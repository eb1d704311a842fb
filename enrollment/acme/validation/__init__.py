"""Who controls a DNS name, and whether its holder lets us issue for it.

:mod:`http_01 <enrollment.acme.validation.http_01>` and :mod:`dns_01
<enrollment.acme.validation.dns_01>` look at what a client published (RFC 8555, Sections 8.3
and 8.4); :mod:`caa <enrollment.acme.validation.caa>` reads CAA records (RFC 8659, RFC 8657).
Each is a look from one perspective; :mod:`perspectives <enrollment.acme.validation.perspectives>`
repeats it from others and counts. What is fetched is chosen by a stranger, so begin with
:mod:`addresses <enrollment.acme.validation.addresses>`: where no connection ever goes.
"""

from enrollment.acme.validation.errors import ValidationFailed
from enrollment.acme.validation.settings import ValidationSettings, VantagePoint
from enrollment.acme.validation.validation import Challenge, Validation

__all__ = ["Challenge", "Validation", "ValidationFailed", "ValidationSettings", "VantagePoint"]
