"""The names of a certification request beside those of its order (RFC 8555, Section 7.4)."""

from __future__ import annotations

from collections.abc import Sequence

from ca.constraints.alternative_names import is_dns_name
from ca.csr import VerifiedCsr
from core import oids
from enrollment.acme.errors import OrderCsrRefused


def check_requested_names(csr: VerifiedCsr, dns_names: Sequence[str], *, certified: bool) -> None:
    """Check that a request names exactly what its order names. Raises OrderCsrRefused.

    A common name that is no DNS name is left out of the match: X-Road puts its member code
    there, and the subject comes from the grant in any case. Where the names are not ``certified``
    the request may leave them out as well.
    """
    foreign = [one for one in csr.alternative_names if one.kind != "dns"]
    if foreign:
        raise OrderCsrRefused("The request has alternative names that are no DNS names.")
    requested = {one.value.lower() for one in csr.alternative_names}
    common_names = [value.lower() for oid, value in csr.subject if oid == oids.COMMON_NAME]
    requested |= {one for one in common_names if is_dns_name(one)}
    left_out = set(dns_names) - requested
    if requested - set(dns_names) or (certified and left_out):
        raise OrderCsrRefused("The request's DNS names are not those of the order.")
