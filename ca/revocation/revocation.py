"""Revoke, hold and release one certificate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from ca.revocation.changes import apply_wish, find_target
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from ca.revocation.standing import Release, RevocationRecord, Revoke, Wish
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog

Beside = Callable[[Connection], None]


class Revocation:
    """Changes the standing of certificates, one at a time.

    Each method is one transaction with its log entry; the log is published before it returns,
    so that a revocation that was confirmed survives the loss of the database. ``beside`` writes,
    in the same transaction, what the caller records of it.
    """

    def __init__(
        self, *, database: Database, log: TransparencyLog, retention: Retention, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._retention = retention
        self._clock = clock

    def revoke(
        self,
        *,
        serial_number: int,
        reason: RevocationReason,
        authority: str | None = None,
        invalidity_date: datetime | None = None,
        beside: Beside | None = None,
    ) -> RevocationRecord:
        """Revoke a certificate for good; doing so twice with one reason changes nothing.

        ``authority`` is needed only where two have the serial number. With certificateHold it
        is a hold. A reserved serial number is revoked before its certificate exists. Raises
        CertificateUnknown, SerialAmbiguous, CertificateExpired, AlreadyRevoked, ReasonRefused,
        InvalidityDateRefused, and Unavailable when database or log is away.
        """
        return self._change(serial_number, authority, Revoke(reason, invalidity_date), beside)

    def hold(
        self, *, serial_number: int, authority: str | None = None, beside: Beside | None = None
    ) -> RevocationRecord:
        """Suspend a certificate until it is released or revoked. Raises as ``revoke``."""
        wish = Revoke(RevocationReason.CERTIFICATE_HOLD)
        return self._change(serial_number, authority, wish, beside)

    def release(
        self, *, serial_number: int, authority: str | None = None, beside: Beside | None = None
    ) -> RevocationRecord:
        """Take a certificate off hold: it is good again.

        Raises CertificateUnknown, SerialAmbiguous, NotOnHold, AlreadyRevoked, Unavailable.
        """
        return self._change(serial_number, authority, Release(), beside)

    def _change(
        self, serial_number: int, authority: str | None, wish: Wish, beside: Beside | None
    ) -> RevocationRecord:
        with self._database.begin() as connection:
            target = find_target(connection, serial_number=serial_number, authority=authority)
            outcome = apply_wish(
                connection,
                log=self._log,
                retention=self._retention,
                targets=[target],
                wish=wish,
                now=self._clock.now(),
            )
            for _target, refusal in outcome.refused:
                raise refusal
            if beside is not None:
                beside(connection)
        if outcome.last_index is not None:
            self._log.ensure_published(outcome.last_index)
        return outcome.present[0]
