"""dns-01: a TXT record below a name (RFC 8555, Section 8.4)."""

from __future__ import annotations

import base64
import hashlib
from typing import cast

from dns.rdtypes.ANY.TXT import TXT

from core.outgoing.deadline import Deadline
from core.outgoing.resolver import Resolver
from enrollment.acme.validation.errors import ValidationFailed, quoted

LABEL = "_acme-challenge"
# Of the values that did not match; a zone may hold very many.
MOST_SHOWN = 2


def expected_value(key_authorization: str) -> bytes:
    """Return what the TXT record must hold: the digest in base64url, without padding."""
    digest = hashlib.sha256(key_authorization.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def check_txt(
    dns_name: str, *, key_authorization: str, resolver: Resolver, deadline: Deadline
) -> None:
    """Check that one of a name's TXT records has the digest. Raises ValidationFailed."""
    # A wildcard is proved where its base name is (RFC 8555, Section 7.1.3).
    owner = f"{LABEL}.{dns_name.removeprefix('*.')}"
    records = resolver.records(owner, "TXT", deadline)
    if records is None:
        raise ValidationFailed("dns", f"The name {owner} does not exist (NXDOMAIN).")
    # RFC 7208, Section 3.3 says it for all: a record's strings are one value, cut at 255.
    values = [b"".join(cast(TXT, record).strings) for record in records]
    if expected_value(key_authorization) in values:
        return
    if not values:
        raise ValidationFailed("incorrectResponse", f"{owner} has no TXT record.")
    # Servers rotate their records; whoever asks again should read the same sentence.
    shown = ", ".join(quoted(value) for value in sorted(values)[:MOST_SHOWN])
    others = len(values) - MOST_SHOWN
    more = f" and {others} more" if others > 0 else ""
    raise ValidationFailed(
        "incorrectResponse",
        f"{owner} has TXT records, and none with the digest of this challenge's key "
        f"authorization: {shown}{more}.",
    )
