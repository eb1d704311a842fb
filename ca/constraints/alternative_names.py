"""The forms that subject alternative names must have (RFC 5280, Section 4.2.1.6)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ca.constraints.refusals import KEPT, NameFormRefused

# RFC 1034, Section 3.5 with RFC 1123, Section 2.1: letters, digits, hyphen; at least two labels,
# the last one no number. No wildcard: nobody here proves a whole zone.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DNS_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
# RFC 5321, Section 4.1.2: a dot-string, in ASCII (RFC 5280 knows no other rfc822Name).
_LOCAL = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
LONGEST_LOCAL_PART = 64
LONGEST_DNS_NAME = 253
LONGEST_EMAIL = 254


def check_alternative_name(kind: str, value: str) -> None:
    """Check an email, dns, ip or uri name. Raises NameFormRefused."""
    if not _CHECKS[kind](value):
        raise NameFormRefused(
            f"{_shown(value)} is not a valid {_KINDS[kind]} for a certificate.",
            kept=KEPT,
            kind=kind,
        )


def is_dns_name(value: str) -> bool:
    """Tell whether a name is a lower-case, fully qualified host name."""
    return len(value) <= LONGEST_DNS_NAME and DNS_NAME.fullmatch(value) is not None


def is_email(value: str) -> bool:
    """Tell whether a name is a mailbox with a lower-case domain."""
    local, at, domain = value.rpartition("@")
    return (
        bool(at)
        and len(value) <= LONGEST_EMAIL
        and len(local) <= LONGEST_LOCAL_PART
        and re.fullmatch(_LOCAL, local) is not None
        and is_dns_name(domain)
    )


def _is_ip(value: str) -> bool:
    try:
        return str(ipaddress.ip_address(value)) == value
    except ValueError:
        return False


def _is_uri(value: str) -> bool:
    # RFC 5280, Section 4.2.1.6: absolute, with a scheme; ASCII alone.
    if not re.fullmatch(r"[!-~]{1,255}", value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"https", "urn"} and bool(parts.netloc or parts.path)


def _shown(value: str) -> str:
    return repr(value[:64])


_CHECKS = {"dns": is_dns_name, "email": is_email, "ip": _is_ip, "uri": _is_uri}
_KINDS = {"dns": "host name", "email": "mail address", "ip": "IP address", "uri": "URI"}
