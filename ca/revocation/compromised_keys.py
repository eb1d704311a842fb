"""Take reports of compromised keys from anyone who proved that they have the key.

A report needs no sign-in and cannot be taken back: it blocks the key for ever and revokes the
certificates that carry it. The proofs themselves are read in :mod:`ca.revocation.possession`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ca.models import authorities, blocked_keys, certificates, revocations
from ca.revocation.changes import apply_wish, select_targets, target_of
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.standing import RevocationRecord, Revoke, Standing
from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from hsm.keys import PublicKey, key_id_of

BATCH = 500


@dataclass(frozen=True)
class CompromiseReport:
    """What came of a report.

    ``authorities`` are certification authorities of ours that use the key: theirs is for a
    ceremony to decide (docs/runbooks/key-compromise.md), and is not revoked here.
    """

    public_key_sha256: str
    newly_blocked: bool
    revoked: tuple[RevocationRecord, ...]
    authorities: tuple[str, ...]


class CompromisedKeys:
    """Blocks keys for ever and revokes what they certify."""

    def __init__(
        self, *, database: Database, log: TransparencyLog, retention: Retention, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._retention = retention
        self._clock = clock

    def report(self, public_key: PublicKey) -> CompromiseReport:
        """Block a key whose possession was proven, and revoke its certificates.

        Two transactions, in this order: once the key is blocked, issuance certifies it no
        more, so the second finds every certificate there is, those on their way included. If
        the second fails, :meth:`finish` completes it. A second report changes nothing.
        """
        key_hash = key_id_of(public_key)
        newly_blocked = self._block(key_hash)
        revoked = self._revoke_all(key_hash)
        with self._database.read() as connection:
            names = connection.scalars(
                select(authorities.c.name).where(authorities.c.key_id == key_hash)
            ).all()
        return CompromiseReport(key_hash.hex(), newly_blocked, tuple(revoked), tuple(names))

    def finish(self) -> int:
        """Revoke what reports left behind that were cut short; return how many certificates."""
        with self._database.read() as connection:
            hashes = connection.scalars(
                select(blocked_keys.c.public_key_sha256)
                .where(blocked_keys.c.reason == RevocationReason.KEY_COMPROMISE)
                .where(
                    select_targets()
                    .select_from(certificates.outerjoin(revocations, _SAME))
                    .where(
                        *self._open(),
                        certificates.c.public_key_sha256 == blocked_keys.c.public_key_sha256,
                    )
                    .exists()
                )
            ).all()
        return sum(len(self._revoke_all(key_hash)) for key_hash in hashes)

    def _block(self, key_hash: bytes) -> bool:
        now = self._clock.now()
        with self._database.begin() as connection:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            added = connection.execute(
                insert(blocked_keys)
                .values(
                    public_key_sha256=key_hash,
                    reason=str(RevocationReason.KEY_COMPROMISE),
                    blocked_at=now,
                )
                .on_conflict_do_nothing()
                .returning(blocked_keys.c.public_key_sha256)
            ).first()
            if added is None:
                return False
            facts = {
                "public_key_sha256": key_hash.hex(),
                "reason": str(RevocationReason.KEY_COMPROMISE),
            }
            [index] = self._log.append(connection, [LogEntry("key-blocked", now, facts)])
        self._log.ensure_published(index)
        return True

    def _revoke_all(self, key_hash: bytes) -> list[RevocationRecord]:
        revoked: list[RevocationRecord] = []
        while done := self._revoke_some(key_hash):
            revoked += done
        return revoked

    def _revoke_some(self, key_hash: bytes) -> tuple[RevocationRecord, ...]:
        with self._database.begin() as connection:
            rows = connection.execute(
                select_targets()
                .select_from(certificates.outerjoin(revocations, _SAME))
                .where(*self._open(), certificates.c.public_key_sha256 == key_hash)
                .order_by(certificates.c.id)
                .limit(BATCH)
            ).all()
            outcome = apply_wish(
                connection,
                log=self._log,
                retention=self._retention,
                targets=[target_of(row) for row in rows],
                wish=Revoke(RevocationReason.KEY_COMPROMISE),
                now=self._clock.now(),
            )
        if outcome.last_index is not None:
            self._log.ensure_published(outcome.last_index)
        return outcome.written

    def _open(self) -> list[ColumnElement[bool]]:
        # Not expired, not yet revoked for a compromise, and not a certification authority's.
        is_authority = (
            select(authorities.c.name)
            .where(authorities.c.key_id == certificates.c.public_key_sha256)
            .exists()
        )
        compromise = [RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE]
        return [
            certificates.c.state != "abandoned",
            certificates.c.not_after > self._clock.now(),
            ~is_authority,
            or_(
                revocations.c.state.is_(None),
                revocations.c.state != Standing.REVOKED,
                revocations.c.reason.not_in(compromise),
            ),
        ]


_SAME = and_(
    revocations.c.authority == certificates.c.authority,
    revocations.c.serial_number == certificates.c.serial_number,
)
