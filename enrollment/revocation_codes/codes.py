"""Give a certificate its revocation code, and find the certificate of a code."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.errors import Conflict, NotFound
from core.transparency.entry import JsonValue, LogEntry
from core.transparency.log import TransparencyLog
from enrollment.revocation_codes.code import hash_of, new_code, read_code
from enrollment.revocation_codes.models import revocation_codes

# For ``@limited`` on routes that take codes from strangers: enough for a person with a paper in
# hand; nobody finds one of 2**95 codes at any rate.
TRIES = "10 per hour"


class RevocationCodeUnknown(NotFound):
    """The code is well-formed, and of no certificate."""

    problem = "revocation-code-unknown"
    title = "There is no such revocation code"


class RevocationCodeGiven(Conflict):
    """The certificate has its code already; it was shown once and stands nowhere."""

    problem = "revocation-code-given"
    title = "The revocation code was shown already"


@dataclass(frozen=True)
class CodedCertificate:
    """The certificate that a code stands for."""

    authority: str
    serial_number: int


class RevocationCodes:
    """Makes codes, and finds the certificates that they stand for."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def make(self, connection: Connection, authority: str, serial_number: int) -> str:
        """Return the new code of a certificate, in groups; show it once, for it is kept nowhere.

        ``connection`` writes: it is made in the transaction in which the holder collects. Raises
        RevocationCodeGiven when the certificate has one.
        """
        if self._times_made(connection, authority, serial_number):
            raise _given()
        return self._put(connection, authority, serial_number, times=0)

    def replace(self, connection: Connection, authority: str, serial_number: int) -> str:
        """Return a new code for a certificate; one that it had before is void from now on.

        For a holder who signed in and has lost the paper.
        """
        times = self._times_made(connection, authority, serial_number)
        return self._put(connection, authority, serial_number, times=times)

    def is_made(self, authority: str, serial_number: int) -> bool:
        """Tell whether a certificate has a code."""
        with self._database.read() as connection:
            return connection.execute(_made(authority, serial_number)).first() is not None

    def find(self, typed: str) -> CodedCertificate:
        """Return the certificate that a typed code stands for.

        Raises RevocationCodeMistyped, which asks no database, or RevocationCodeUnknown.
        """
        wanted = hash_of(read_code(typed))
        table = revocation_codes
        query = select(table).where(table.c.code_sha256 == wanted)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        # The search compares hashes, of which nobody can choose a prefix, so its duration tells
        # nothing of a code; the last word is in constant time all the same.
        if row is None or not compare_digest(row.code_sha256, wanted):
            raise RevocationCodeUnknown(
                "No certificate has this revocation code. A newer one may have replaced it.",
                kept="Nothing was changed.",
            )
        return CodedCertificate(row.authority, row.serial_number)

    def _times_made(self, connection: Connection, authority: str, serial_number: int) -> int:
        # Locked: of two tabs that replace a code at once, the later one's counts.
        query = _made(authority, serial_number).with_for_update()
        made: int | None = connection.execute(query).scalar_one_or_none()
        return made or 0

    def _put(
        self, connection: Connection, authority: str, serial_number: int, *, times: int
    ) -> str:
        code, now = new_code(), self._clock.now()
        facts: dict[str, JsonValue] = {
            "authority": authority,
            "made": times + 1,
            "serial_number": f"{serial_number:x}",
        }
        [index] = self._log.append(connection, [LogEntry("revocation-code-made", now, facts)])
        values = {
            "code_sha256": hash_of(code.replace("-", "")),
            "made": times + 1,
            "made_at": now,
            "log_index": index,
        }
        if times:
            connection.execute(
                update(revocation_codes)
                .where(
                    revocation_codes.c.authority == authority,
                    revocation_codes.c.serial_number == serial_number,
                )
                .values(**values)
            )
            return code
        row = {"authority": authority, "serial_number": serial_number, **values}
        try:
            connection.execute(insert(revocation_codes).values(**row))
        except IntegrityError as error:
            # Another tab was quicker; its code is the one that was shown.
            raise _given() from error
        return code


def _made(authority: str, serial_number: int) -> Select[Any]:
    return select(revocation_codes.c.made).where(
        revocation_codes.c.authority == authority,
        revocation_codes.c.serial_number == serial_number,
    )


def _given() -> RevocationCodeGiven:
    return RevocationCodeGiven(
        "This certificate has its revocation code: it was shown when the certificate was "
        "collected. Ask for a new one if it is lost; the old one is void then."
    )
