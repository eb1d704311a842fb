"""Which passes were taken back, as JSON for a browser: the lists that a trusted signer made.

A browser gets no token. Who made a list was found out here, and stands beside it;
``page/scripts/trust/statuses.js`` reads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from signing.passes.codecs import base64url, compression
from signing.passes.trust.signed_list import HashList, SignedList
from signing.passes.trust.signers import Signer, TrustStore


@dataclass(frozen=True)
class OwnStatuses:
    """A status list of one bit a place that the home keeps itself, and nobody has to sign.

    ``compressed`` is its array by zlib, ``uri`` the address that passes name, and ``makers`` are
    the signers of those passes.
    """

    uri: str
    compressed: bytes
    makers: tuple[Signer, ...]

    def told(self, *, issued_at: datetime, expires_at: datetime) -> dict[str, Any]:
        """Return it as browsers read it."""
        return {
            "source": self.uri,
            "makers": _makers(self.makers),
            "issued_at": instant(issued_at),
            "expires_at": instant(expires_at),
            "uri": self.uri,
            "bits": 1,
            "lst": base64url.encode(self.compressed),
        }


def status_lists_of(trust: TrustStore) -> list[dict[str, Any]]:
    """Return the status lists that a trusted signer made; ``lst`` is base64url of zlib."""
    return [
        {
            **_common(one, trust),
            "uri": one.uri,
            "bits": one.width,
            "lst": base64url.encode(compression.deflate(one.octets)),
        }
        for one in trust.status_lists
        if trust.makers_of(one)
    ]


def hash_lists_of(trust: TrustStore) -> list[dict[str, Any]]:
    """Return the lists of hashes that a trusted signer made.

    ``hashes`` of a batch are its entries of 16 octets one after the other, in their order.
    """
    return [
        {**_common(one, trust), "batches": list(_batches(one))}
        for one in trust.hash_lists
        if trust.makers_of(one)
    ]


def instant(moment: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _common(one: SignedList, trust: TrustStore) -> dict[str, Any]:
    return {
        "source": one.source,
        "makers": _makers(trust.makers_of(one)),
        "issued_at": instant(one.issued_at),
        "expires_at": None if one.expires_at is None else instant(one.expires_at),
    }


def _makers(signers: Sequence[Signer]) -> list[dict[str, Any]]:
    named = dict.fromkeys((one.thumbprint, one.issuer) for one in signers)
    return [{"thumbprint": thumbprint, "issuer": issuer} for thumbprint, issuer in named]


def _batches(one: HashList) -> Iterator[dict[str, Any]]:
    found: dict[tuple[str, str, str | None], list[bytes]] = defaultdict(list)
    for (hash_type, octets), batches in one.entries.items():
        for each in batches:
            name = each.signer_key_id
            kid = None if name is None else base64url.encode(name)
            found[hash_type, each.country, kid].append(octets)
    for (hash_type, country, kid), entries in sorted(found.items(), key=repr):
        hashes = base64url.encode(b"".join(sorted(entries)))
        yield {"type": hash_type, "country": country, "kid": kid, "hashes": hashes}
