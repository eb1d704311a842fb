"""How much room answers of RSA responders take in the store: as much as their signatures have."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ca.issuance.serial_numbers import new_serial_number
from ocsp.stored.certid import TAG_OCTETS, answer_key
from ocsp.stored.compaction import compact
from ocsp.stored.generations import hold_folder
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.record import AnswerRecord
from ocsp.stored.template import ID_OCTETS

RSA_3072_OCTETS = 384
_MAP_OCTETS = 1 << 30


def octets_stored(folder: Path, count: int, *, signature_octets: int = RSA_3072_OCTETS) -> float:
    """Return the octets for each certificate, stored at random and compacted.

    Signatures are random octets of their length: nothing but the room is looked at.
    """
    store = LmdbAnswerStore(folder, map_octets=_MAP_OCTETS)
    now = datetime.now(UTC).replace(microsecond=0)
    tag, template = os.urandom(TAG_OCTETS), os.urandom(ID_OCTETS)
    for _ in range(count // 500):
        store.write(
            [
                (answer_key(tag, new_serial_number()), _record(template, now, signature_octets))
                for _ in range(500)
            ]
        )
    done = compact(hold_folder(folder, map_octets=_MAP_OCTETS))
    store.close()
    return done.octets_per_record


def _record(template: bytes, now: datetime, signature_octets: int) -> bytes:
    return AnswerRecord(
        version=1,
        template=template,
        this_update=now,
        next_update=now + timedelta(hours=8),
        revoked_at=None,
        reason=None,
        signatures=(os.urandom(signature_octets), os.urandom(signature_octets)),
    ).encode()
