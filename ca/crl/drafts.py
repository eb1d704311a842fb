"""Draft a CRL: read what it has to list and build its to-be-signed bytes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ca.authorities import Authority
from ca.crl.building import BuiltCrl, Scope, build_crl
from ca.crl.due import has_deltas
from ca.crl.entries import complete_entries, delta_entries
from ca.crl.errors import NoBaseCrl
from ca.crl.numbers import Claim
from ca.crl.record import find_newest
from ca.crl.settings import CrlSettings
from ca.publication import PublicationUrls
from ca.revocation.retention import Retention
from core.database import Database
from hsm.keys import KeyStore


class CrlDrafts:
    """Drafts complete and delta CRLs for numbers that were claimed."""

    def __init__(
        self,
        *,
        database: Database,
        keys: KeyStore,
        retention: Retention,
        urls: PublicationUrls,
        settings: CrlSettings,
        work_folder: Path | None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._retention = retention
        self._urls = urls
        self._settings = settings
        self._work_folder = work_folder

    def complete(self, found: Authority, claim: Claim, next_update: datetime) -> BuiltCrl:
        """Draft the complete CRL of a shard, with everything that was ever committed."""
        scope = self._scope(found, claim.shard)
        with self._database.read() as connection:
            # Not one that a clock which ran ahead dated in the future: nobody could use that.
            previous = find_newest(
                connection, found.name, claim.shard, delta=False, until=claim.this_update
            )
            leave_out = None
            if scope.kept_since is None and previous is not None:
                leave_out = previous.this_update
            return build_crl(
                scope=scope,
                claim=claim,
                algorithm=self._keys.record(found.key_id).algorithm,
                entries=complete_entries(
                    connection, authority=found.name, shard=claim.shard, expired_since=leave_out
                ),
                next_update=next_update,
                work_folder=self._work_folder,
            )

    def delta(self, found: Authority, claim: Claim) -> BuiltCrl:
        """Draft a delta CRL upon the newest complete CRL of the shard. Raises NoBaseCrl."""
        scope = self._scope(found, claim.shard)
        with self._database.read() as connection:
            base = find_newest(connection, found.name, claim.shard, delta=False)
            if base is None:
                raise NoBaseCrl("A delta CRL needs a complete CRL: issue that first.")
            if base.this_update > claim.this_update:
                # Its date is from a clock that ran ahead; what changed since cannot be told by it.
                raise NoBaseCrl("The complete CRL is dated in the future: issue another first.")
            return build_crl(
                scope=scope,
                claim=claim,
                algorithm=self._keys.record(found.key_id).algorithm,
                entries=delta_entries(
                    connection, authority=found.name, shard=claim.shard, since=base.this_update
                ),
                next_update=claim.this_update + self._settings.delta_valid,
                base_number=base.number,
                work_folder=self._work_folder,
            )

    def _scope(self, found: Authority, shard: int) -> Scope:
        keeps = self._retention.keeps_expired(found.name)
        delta_url = self._urls.delta_crl(found.name, shard)
        # An anchor's own certificate has no distribution point, and verifiers that look for
        # every certificate's CRL (openssl -crl_check_all) take for it only one about all.
        is_about_all = found.parent is None and found.crl_shards == 1
        return Scope(
            issuer=found.issuer,
            shard=shard,
            url=None if is_about_all else self._urls.crl(found.name, shard),
            delta_url=delta_url if has_deltas(self._settings, found) else None,
            kept_since=self._retention.kept_since(found.name) if keeps else None,
        )
