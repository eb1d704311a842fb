"""Hashes of revoked health certificates, in the form of the EU's gateway, signed.

Batches of {country, expires, kid, hashType, entries}, at most 1,000 entries each (EU DCC gateway,
revocation lists). The gateway takes batches in CMS from a participant; here they stand together
in one JWT, for whoever verifies without being one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from core.database import Database
from signing.passes.codecs import strict_json
from signing.passes.issuing.models import pass_revocation_hashes, passes
from signing.passes.publishing.cards import revocations
from signing.passes.publishing.kept import KeptLists, Published
from signing.passes.publishing.seal import ListSeal, kid_text

_COUNTRY = "KH"
_LARGEST_BATCH = 1_000


class HashLists:
    """Makes the list of batches."""

    def __init__(
        self,
        *,
        database: Database,
        seal: ListSeal,
        kept: KeptLists,
        address: str,
        ttl: timedelta,
        lifetime: timedelta,
    ) -> None:
        self._database = database
        self._seal = seal
        self._kept = kept
        self._address = address
        self._ttl = ttl
        self._lifetime = lifetime

    def current(self) -> Published:
        """Return the batches of all certificates that are revoked and would count otherwise.

        Raises DocumentSignerMissing, TokenUnavailable, DatabaseUnavailable.
        """
        with self._database.read() as connection:
            version = revocations(connection)
        return self._kept.get("hashes", f"{version}-{self._seal.name}", self._make)

    def _make(self, now: datetime) -> bytes:
        table = pass_revocation_hashes
        with self._database.read() as connection:
            rows = connection.execute(
                select(table, passes.c.expires_at)
                .join(passes, passes.c.id == table.c.pass_id)
                .where(passes.c.expires_at > now)
                .order_by(
                    table.c.signer_key_id, table.c.hash_type, passes.c.expires_at, table.c.hash
                )
            ).all()
        claims = {
            "iss": _COUNTRY,
            "sub": self._address,
            "iat": int(now.timestamp()),
            "exp": int((now + self._lifetime).timestamp()),
            "ttl": int(self._ttl.total_seconds()),
            "batches": list(_batches(rows)),
        }
        return self._seal.jws(strict_json.compact(claims), {"typ": "dcc-revocations+jwt"}).encode()


def _batches(rows: Sequence[Row[Any]]) -> Iterator[Mapping[str, Any]]:
    for (key_id, hash_type), group in groupby(rows, lambda row: (row.signer_key_id, row.hash_type)):
        found = list(group)
        for start in range(0, len(found), _LARGEST_BATCH):
            batch = found[start : start + _LARGEST_BATCH]
            yield {
                "country": _COUNTRY,
                # They are in the order of their ends: a batch counts as long as its last one.
                "expires": batch[-1].expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "kid": kid_text(key_id),
                "hashType": hash_type,
                "entries": [{"hash": base64.b64encode(row.hash).decode()} for row in batch],
            }
