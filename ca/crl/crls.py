"""Issue CRLs: those that are asked for, and those that are due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ca.authorities import Authorities, Authority
from ca.crl.building import BuiltCrl
from ca.crl.drafts import CrlDrafts
from ca.crl.due import NEVER, has_deltas, is_due
from ca.crl.errors import CrlOvertaken, CrlUnknown, ScopeClosed
from ca.crl.layout import CrlHead
from ca.crl.linting import lint_crl
from ca.crl.numbers import Claim, claim_number, end_claim, is_being_issued
from ca.crl.octets import Spool
from ca.crl.publication import CrlFolder, OpenCrl, PublicationFailed
from ca.crl.record import IssuedCrl, StoredContent, file_name, find_all, find_newest, store
from ca.crl.settings import CrlSettings
from ca.crl.signing import sign_crl
from ca.publication import PublicationUrls
from ca.revocation.retention import Retention
from ca.revocation.scopes import lock_scopes
from core.clock import Clock
from core.database import Database, DatabaseUnavailable
from core.errors import CamtrustError
from core.transparency.log import TransparencyLog
from hsm.keys import KeyStore


class Crls:
    """Issues, stores and publishes complete and delta CRLs; safe in many processes at once.

    ``folder`` is where files are put for web servers; what is not there is served from the table.
    ``work_folder`` is where long lists wait while they are built: the system's own place for
    temporary files, unless given.
    """

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        keys: KeyStore,
        authorities: Authorities,
        retention: Retention,
        urls: PublicationUrls,
        settings: CrlSettings,
        folder: Path,
        clock: Clock,
        work_folder: Path | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._authorities = authorities
        self._drafts = CrlDrafts(
            database=database,
            keys=keys,
            retention=retention,
            urls=urls,
            settings=settings,
            work_folder=work_folder,
        )
        self._settings = settings
        self._files = CrlFolder(folder)
        self._work_folder = work_folder
        self._clock = clock

    def issue(
        self, authority: str, shard: int, *, next_update: datetime | None = None
    ) -> IssuedCrl:
        """Issue the complete CRL of a shard now.

        ``next_update`` is, unless given, as the settings say: ``complete_valid`` from now, for
        an authority whose key is offline ``offline_valid``. Raises AuthorityUnknown, CrlUnknown
        for a shard that the authority does not have, ScopeClosed, CrlOvertaken, CrlLintError, and
        Unavailable when token, database or log is away; the CRLs published before then stay.
        """
        found = self._authority(authority, shard)
        with self._database.begin() as connection:
            self._check_open(connection, authority, shard)
            claim = self._claim(connection, authority, shard)
        return self._issue_complete(found, claim, next_update)

    def issue_delta(self, authority: str, shard: int) -> IssuedCrl:
        """Issue a delta CRL upon the newest complete CRL of a shard.

        Raises as :meth:`issue`, and NoBaseCrl.
        """
        found = self._authority(authority, shard)
        with self._database.begin() as connection:
            self._check_open(connection, authority, shard)
            claim = self._claim(connection, authority, shard)
        return self._issue_delta(found, claim)

    def issue_last(self, authority: str) -> list[IssuedCrl]:
        """Issue the last CRL of every shard of an authority that ends; none can follow.

        ETSI EN 319 411-2, CSS-6.3.9: its nextUpdate is 99991231235959Z. For the termination
        ceremony, before the key is destroyed; repeating it completes what was cut short.
        """
        shards = range(self._authorities.authority(authority).crl_shards)
        issued: list[IssuedCrl] = []
        for shard in shards:
            try:
                issued.append(self.issue(authority, shard, next_update=NEVER))
            except ScopeClosed:
                issued.append(self.newest(authority, shard))
        return issued

    def issue_due(self) -> list[IssuedCrl]:
        """Issue every CRL that is due, and write files that are missing; return the new ones.

        For the scheduler and ``camtrust crl issue``. Authorities whose keys are offline are
        left out: their CRLs are issued in a ceremony. What another process is issuing
        at this moment is left to it. Raises the first refusal, once all others were tried.
        """
        issued: list[IssuedCrl] = []
        refusal: CamtrustError | None = None
        for found in self._authorities.all():
            for shard in range(found.crl_shards):
                try:
                    if found.state != "terminated" and self._keys.is_online(found.key_id):
                        issued += self._issue_shard_if_due(found, shard)
                    self._publish_again(found.name, shard)
                except CamtrustError as error:
                    # One token that is away keeps no other authority's CRL back.
                    refusal = refusal or error
        if refusal is not None:
            raise refusal
        return issued

    def newest(self, authority: str, shard: int, *, delta: bool = False) -> IssuedCrl:
        """Return the newest complete or delta CRL of a shard. Raises CrlUnknown."""
        with self._database.read() as connection:
            issued = find_newest(connection, authority, shard, delta=delta)
        if issued is None:
            raise CrlUnknown(f"{authority} has issued no such CRL.")
        return self._with_content(issued)

    def open(self, authority: str, shard: int, *, delta: bool = False) -> OpenCrl:
        """Open the newest complete or delta CRL of a shard, to be sent.

        From its file, which is written first if it is not there; with the database away, the
        file as it is. Raises CrlUnknown, DatabaseUnavailable.
        """
        try:
            issued = self.newest(authority, shard, delta=delta)
        except DatabaseUnavailable:
            published = self._files.open(authority, file_name(shard, delta=delta))
            if published is None:
                raise
            return published
        published = self._files.open_from(issued)
        if published is None:
            with suppress(PublicationFailed):
                self._files.publish(issued)
                published = self._files.open_from(issued)
        return published or self._open_stored(issued)

    def all(self, authority: str | None = None) -> list[IssuedCrl]:
        """Return the newest CRLs of each kind and scope."""
        with self._database.read() as connection:
            found = find_all(connection, authority)
        return [self._with_content(issued) for issued in found]

    def _issue_shard_if_due(self, found: Authority, shard: int) -> Iterator[IssuedCrl]:
        try:
            claim = self._claim_if_due(found.name, shard, delta=False)
            if claim is not None:
                yield self._issue_complete(found, claim)
            if not has_deltas(self._settings, found):
                return
            claim = self._claim_if_due(found.name, shard, delta=True)
            if claim is not None:
                yield self._issue_delta(found, claim)
        except CrlOvertaken:
            # Another process was faster: its CRL is as good.
            return

    def _claim_if_due(self, authority: str, shard: int, *, delta: bool) -> Claim | None:
        now = self._clock.now()
        with self._database.read() as connection:
            if not is_due(connection, self._settings, authority, shard, now, delta=delta):
                return None
        with self._database.begin() as connection:
            # Asked again under the lock: of many processes one goes on.
            lock_scopes(connection, [(authority, shard)], now)
            if is_being_issued(connection, authority, shard, now):
                return None
            if not is_due(connection, self._settings, authority, shard, now, delta=delta):
                return None
            return self._claim(connection, authority, shard)

    def _issue_complete(
        self, found: Authority, claim: Claim, next_update: datetime | None = None
    ) -> IssuedCrl:
        if next_update is None:
            online = self._keys.is_online(found.key_id)
            valid = self._settings.complete_valid if online else self._settings.offline_valid
            next_update = claim.this_update + valid
        with self._given_up_on_failure(claim):
            return self._sign_and_store(self._drafts.complete(found, claim, next_update))

    def _issue_delta(self, found: Authority, claim: Claim) -> IssuedCrl:
        with self._given_up_on_failure(claim):
            return self._sign_and_store(self._drafts.delta(found, claim))

    def _sign_and_store(self, built: BuiltCrl) -> IssuedCrl:
        key = self._keys.signing_key(built.scope.issuer.key_id)
        signed = sign_crl(lint_crl(built), key)
        claim = built.claim
        with self._database.begin() as connection:
            lock_scopes(connection, [(claim.authority, claim.shard)], self._clock.now())
            issued, index = store(connection, self._log, signed)
            end_claim(connection, claim)
        # The log first: a CRL that is published stays published after any restore.
        self._log.ensure_published(index)
        self._files.publish(issued)
        return issued

    @contextmanager
    def _given_up_on_failure(self, claim: Claim) -> Iterator[None]:
        # Whoever tries again need not wait until the claim runs out.
        try:
            yield
        except CamtrustError:
            with suppress(CamtrustError), self._database.begin() as connection:
                end_claim(connection, claim)
            raise

    def _publish_again(self, authority: str, shard: int) -> None:
        # A crash may have come between storing a CRL and writing its file.
        with self._database.read() as connection:
            kinds = [find_newest(connection, authority, shard, delta=d) for d in (False, True)]
        for issued in kinds:
            if issued is not None and not self._files.is_published(issued):
                self._files.publish(self._with_content(issued))

    def _open_stored(self, issued: IssuedCrl) -> OpenCrl:
        # Copied, so that no slow reader keeps a connection.
        copy = Spool(self._work_folder)
        for part in issued.content:
            copy.append(part)
        head = CrlHead(issued.number, issued.this_update, issued.next_update, len(copy))
        return OpenCrl(head, copy.rewound())

    def _with_content(self, issued: IssuedCrl) -> IssuedCrl:
        return replace(issued, content=StoredContent(self._database, issued))

    def _claim(self, connection: Connection, authority: str, shard: int) -> Claim:
        return claim_number(connection, authority=authority, shard=shard, now=self._clock.now())

    def _check_open(self, connection: Connection, authority: str, shard: int) -> None:
        newest = find_newest(connection, authority, shard, delta=False)
        if newest is not None and newest.next_update == NEVER:
            raise ScopeClosed(f"{authority} has issued its last CRL; none follows it.")

    def _authority(self, name: str, shard: int) -> Authority:
        found = self._authorities.authority(name)
        if not 0 <= shard < found.crl_shards:
            raise CrlUnknown(f"{name} has {found.crl_shards} CRL shards, counted from 0.")
        return found
