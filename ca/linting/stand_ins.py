"""What a development installation writes and pkilint cannot read, replaced in the copy it sees.

Two things, neither of which production settings allow: policy identifiers under the example arc
2.999, which are valid and which pkilint's decoder (pyasn1-fasder 0.1) refuses as it expects the
second arc to be below 40; and URLs on localhost, which pkilint calls internal names. Each is
replaced by octets of the same length, so that nothing else in the copy moves. What is signed is
never altered.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ca.der import encode_oid
from ca.settings import CaSettings
from core import oids

_EXAMPLE_PREFIX = encode_oid(oids.EXAMPLE_ARC)[2:]
# 1.2.55: as long as 2.999 when encoded, and readable.
_READABLE_PREFIX = encode_oid("1.2.55")[2:]
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}")
_PUBLIC_SUFFIX = ".com"


def stand_ins(settings: CaSettings) -> list[tuple[bytes, bytes]]:
    """Return (octets, replacement of equal length) for the copy that pkilint sees."""
    if settings.production:
        return []
    replacements: list[tuple[bytes, bytes]] = []
    arc = encode_oid(settings.policy_arc)[2:]
    if arc.startswith(_EXAMPLE_PREFIX):
        replacements.append((arc, _READABLE_PREFIX + arc[len(_EXAMPLE_PREFIX) :]))
    return replacements + url_stand_ins(settings.publication_url)


def url_stand_ins(url: str) -> list[tuple[bytes, bytes]]:
    """Return (octets, replacement of equal length) for a URL, if it is one on this machine."""
    host = urlsplit(url).hostname or ""
    if not _LOOPBACK.fullmatch(host):
        return []
    public = "a" * (len(host) - len(_PUBLIC_SUFFIX)) + _PUBLIC_SUFFIX
    return [(f"http://{host}".encode(), f"http://{public}".encode())]
