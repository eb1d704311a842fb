"""Propose, decide and show recoveries. CP 4.12.1: two officers, and the holder told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from ca.register import CertificateRegister, RegisteredCertificate
from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.application import Verdict, decision_octets
from enrollment.escrow.errors import (
    EscrowedKeyErased,
    NoCertificateOfKey,
    OwnRecovery,
    RecoveryClosed,
    RecoveryUnderWay,
)
from enrollment.escrow.escrowed_key import (
    PROFILE,
    EscrowedKey,
    escrowed_key_of,
    find_escrowed_key,
)
from enrollment.escrow.models import escrowed_keys, recoveries
from enrollment.escrow.notices import Event, HolderNotices, Notice
from enrollment.escrow.recovery import (
    RECOVERIES,
    Recovery,
    RecoveryState,
    find_recovery,
    proposal_octets,
    recovery_of,
)
from enrollment.jurisdiction import Jurisdiction
from enrollment.officers import person_behind


class Recoveries:
    """Takes proposals, decides and shows them; each act is logged."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        register: CertificateRegister,
        notices: HolderNotices,
        time: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._register = register
        self._notices = notices
        self.time = time
        self._clock = clock

    def propose(
        self, escrowed_key_id: str, *, reason: str, officer: Principal, recovery_id: str
    ) -> Recovery:
        """Propose to recover a key, or return the recovery that has this id already.

        Raises EscrowedKeyUnknown, EscrowedKeyErased, NoCertificateOfKey, RecoveryUnderWay.
        """
        within = Jurisdiction.of(officer)
        with self._database.begin() as connection:
            known = select(recoveries.c.id).where(recoveries.c.id == recovery_id)
            if connection.execute(known).first() is not None:
                return find_recovery(connection, recovery_id, within=within)
            key = find_escrowed_key(connection, escrowed_key_id, within=within, locked=True)
            self._check_recoverable(connection, key)
            self._store(connection, key, reason, officer, recovery_id)
            return find_recovery(connection, recovery_id)

    def decide(
        self, recovery_id: str, *, verdict: Verdict, refusal: str | None, officer: Principal
    ) -> Recovery:
        """Approve or refuse; by the same officer in the same way again, it changes nothing.

        Raises RecoveryUnknown, OwnRecovery, RecoveryClosed, EscrowedKeyErased.
        """
        with self._database.begin() as connection:
            recovery = find_recovery(
                connection, recovery_id, within=Jurisdiction.of(officer), locked=True
            )
            if recovery.decided_by == officer.id and recovery.state.value == verdict.value:
                return recovery
            person = person_behind(connection, officer.id)
            if recovery.proposed_by == officer.id or recovery.proposed_by_person == person:
                raise OwnRecovery("You proposed this recovery; another officer decides it.")
            self._check_undecided(recovery)
            key = find_escrowed_key(connection, recovery.escrowed_key)
            if verdict is Verdict.APPROVED:
                check_kept(key)
            self._record(connection, recovery, verdict, refusal, officer.id, person)
            return find_recovery(connection, recovery_id)

    def find(self, recovery_id: str, *, within: Jurisdiction) -> Recovery:
        """Return a recovery. Raises RecoveryUnknown."""
        with self._database.read() as connection:
            return find_recovery(connection, recovery_id, within=within)

    def page(
        self, *, limit: int, within: Jurisdiction, after: str | None = None
    ) -> Sequence[Recovery]:
        """Return up to ``limit`` recoveries, newest first, after the id ``after``."""
        query = within.narrow(RECOVERIES, escrowed_keys.c.institution)
        query = query.order_by(recoveries.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(recoveries.c.id < after)
        with self._database.read() as connection:
            return [recovery_of(row) for row in connection.execute(query)]

    def of_key(self, escrowed_key_id: str, *, within: Jurisdiction) -> Sequence[Recovery]:
        """Return the recoveries of a key, newest first."""
        query = within.narrow(RECOVERIES, escrowed_keys.c.institution)
        query = query.where(recoveries.c.escrowed_key == escrowed_key_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(recoveries.c.id.desc()))
            return [recovery_of(row) for row in rows]

    def of_holder(self, holder: str) -> Sequence[Recovery]:
        """Return the approved recoveries of a holder's keys, newest first, with what was handed
        over.
        """
        query = (
            select(recoveries.c.id)
            .join(escrowed_keys)
            .where(escrowed_keys.c.holder == holder, recoveries.c.state == RecoveryState.APPROVED)
        )
        with self._database.read() as connection:
            ids = connection.scalars(query.order_by(recoveries.c.id.desc())).all()
            return [find_recovery(connection, one) for one in ids]

    def certificate_of(self, key: EscrowedKey) -> RegisteredCertificate:
        """Return the certificate of an escrowed key. Raises NoCertificateOfKey."""
        found = [
            one for one in self._register.of_key(key.public_key_sha256) if one.profile == PROFILE
        ]
        if not found:
            raise NoCertificateOfKey("No certificate was issued for this key.")
        return found[-1]

    def keys_of(
        self,
        *,
        within: Jurisdiction,
        limit: int,
        holder: str | None = None,
        serial_number: int | None = None,
    ) -> Sequence[EscrowedKey]:
        """Return the escrowed keys whose certificates have this holder or serial number."""
        if serial_number is not None:
            certificates = self._register.find(serial_number)
        else:
            certificates = self._register.of_holder(holder or "", profile=PROFILE, limit=limit)
        digests = [one.public_key_sha256 for one in certificates]
        query = select(escrowed_keys).where(escrowed_keys.c.public_key_sha256.in_(digests))
        query = within.narrow(query, escrowed_keys.c.institution)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(escrowed_keys.c.id.desc()).limit(limit))
            return [escrowed_key_of(row) for row in rows]

    def key(self, escrowed_key_id: str, *, within: Jurisdiction) -> EscrowedKey:
        """Return an escrowed key. Raises EscrowedKeyUnknown."""
        with self._database.read() as connection:
            return find_escrowed_key(connection, escrowed_key_id, within=within)

    def _check_recoverable(self, connection: Connection, key: EscrowedKey) -> None:
        check_kept(key)
        self.certificate_of(key)
        since = self._clock.now() - self.time
        running = select(recoveries.c.id).where(
            recoveries.c.escrowed_key == key.id,
            recoveries.c.state != RecoveryState.REFUSED,
            or_(
                recoveries.c.decided_at > since,
                recoveries.c.decided_at.is_(None) & (recoveries.c.proposed_at > since),
            ),
        )
        if connection.execute(running).first() is not None:
            raise RecoveryUnderWay("A recovery of this key is open already; look at that one.")

    def _check_undecided(self, recovery: Recovery) -> None:
        if recovery.state is not RecoveryState.PROPOSED:
            raise RecoveryClosed(f"This recovery is {recovery.state} already.")
        if not recovery.is_open(self._clock.now(), self.time):
            raise RecoveryClosed("This proposal was not decided in time. Propose it anew.")

    def _store(
        self,
        connection: Connection,
        key: EscrowedKey,
        reason: str,
        officer: Principal,
        recovery_id: str,
    ) -> None:
        now, salt = self._clock.now(), new_salt()
        proposal = proposal_octets(escrowed_key=key.id, proposed_by=officer.id, reason=reason)
        facts: dict[str, JsonValue] = {
            "escrowed_key": key.id,
            "proposal": commitment(salt, proposal),
            "recovery": recovery_id,
        }
        index = self._write(connection, "escrow-recovery-proposed", now, facts)
        connection.execute(
            insert(recoveries).values(
                id=recovery_id,
                escrowed_key=key.id,
                state=RecoveryState.PROPOSED,
                reason=reason,
                proposed_by=officer.id,
                proposed_by_person=person_behind(connection, officer.id),
                proposed_at=now,
                salt=salt,
                log_index=index,
            )
        )

    def _record(
        self,
        connection: Connection,
        recovery: Recovery,
        verdict: Verdict,
        refusal: str | None,
        officer: str,
        person: str,
    ) -> None:
        now = self._clock.now()
        committed = decision_octets(decided_by=officer, verdict=verdict, reason=refusal)
        facts: dict[str, JsonValue] = {
            "decision": commitment(recovery.salt, committed),
            "recovery": recovery.id,
            "verdict": str(verdict),
        }
        self._write(connection, "escrow-recovery-decided", now, facts)
        connection.execute(
            update(recoveries)
            .where(recoveries.c.id == recovery.id)
            .values(
                state=RecoveryState(verdict.value),
                decided_by=officer,
                decided_by_person=person,
                decided_at=now,
                refusal=refusal,
            )
        )
        if verdict is Verdict.APPROVED:
            told = Notice(recovery.holder, recovery.id, Event.APPROVED, now)
            self._notices.tell(connection, told)

    def _write(
        self, connection: Connection, kind: str, now: datetime, facts: dict[str, JsonValue]
    ) -> int:
        [index] = self._log.append(connection, [LogEntry(kind, now, facts)])
        return index


def check_kept(key: EscrowedKey) -> bytes:
    """Return the message that holds the key. Raises EscrowedKeyErased."""
    if key.envelope_der is None:
        raise EscrowedKeyErased(
            f"The copy of this key was erased ({key.erased_because}). Nothing is left to recover."
        )
    return key.envelope_der
