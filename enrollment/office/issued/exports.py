"""Export what a search found as CSV: whole, bounded, and on record.

RFC 4180. The file is complete, and its act is in the log, before its first octet is handed out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO

from ca.inquiry import CertificateInquiries, Inquiry
from ca.register import RegisteredCertificate
from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.errors import Unacceptable
from core.idempotency import new_act_id
from core.transparency.entry import JsonValue
from core.web.languages import day
from enrollment.audit.acts import ActKind, OfficeActs

# A spreadsheet takes a million rows; more than this is no list that anybody reads.
MOST_ROWS = 100_000
HEADER = (
    "serial_number",
    "authority",
    "profile",
    "holder",
    "institution",
    "standing",
    "reason",
    "valid_from",
    "valid_until",
    "revoked_on",
)
# What spreadsheets take for a formula. OWASP, CSV injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_CHUNK = 64 * 1024


class ExportTooLarge(Unacceptable):
    """The search means more certificates than a file of an export holds."""

    problem = "export-too-large"
    title = "This is too much for one file"


@dataclass
class Export:
    """A finished export; reading it gives the file back."""

    rows: int
    file: IO[bytes]

    def octets(self) -> Iterator[bytes]:
        """Yield the file, and close it."""
        with self.file:
            while chunk := self.file.read(_CHUNK):
                yield chunk


class Exports:
    """Makes exports; each is an act of an officer."""

    def __init__(
        self,
        *,
        database: Database,
        inquiries: CertificateInquiries,
        acts: OfficeActs,
        clock: Clock,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._database = database
        self._inquiries = inquiries
        self._acts = acts
        self._clock = clock
        self._most = most_rows

    def make(self, inquiry: Inquiry, *, officer: Principal) -> Export:
        """Write what the inquiry means into a file, and record who exported how much of what.

        Raises ExportTooLarge and Unavailable; then there is no file and no act.
        """
        file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by Export.octets
        try:
            rows, digest = self._write(file, inquiry)
            self._record(inquiry, officer, rows, digest)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return Export(rows, file)

    def _write(self, file: IO[bytes], inquiry: Inquiry) -> tuple[int, str]:
        digest, rows = sha256(), 0
        for octets in _lines(self._inquiries.all(inquiry)):
            rows += 1
            if rows > self._most + 1:  # the header is a line too
                raise ExportTooLarge(
                    f"More than {self._most} certificates fit this search: narrow it.",
                    most=self._most,
                )
            digest.update(octets)
            file.write(octets)
        return rows - 1, digest.hexdigest()

    def _record(self, inquiry: Inquiry, officer: Principal, rows: int, digest: str) -> None:
        document: dict[str, JsonValue] = {
            "certificates": rows,
            "file_sha256": digest,
            "filters": filters_of(inquiry),
        }
        with self._database.begin() as connection:
            self._acts.record(
                connection,
                act_id=new_act_id(self._clock.now()),
                kind=ActKind.EXPORTED,
                officer=officer.id,
                institution=officer.institution,
                document=document,
            )


def filters_of(inquiry: Inquiry) -> dict[str, JsonValue]:
    """Return the filters that are set, as JSON."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(inquiry).items()
        if value is not None
    }


def plain(text: str | None) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = text or ""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _lines(found: Iterable[RegisteredCertificate]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADER)
    # With the mark, spreadsheets read Khmer as UTF-8.
    yield b"\xef\xbb\xbf" + _taken(buffer)
    for one in found:
        writer.writerow(map(plain, _cells(one)))
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    octets = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return octets


def _cells(one: RegisteredCertificate) -> tuple[str | None, ...]:
    return (
        f"{one.serial_number:x}",
        one.authority,
        one.profile,
        one.holder,
        one.institution,
        one.standing,
        one.reason,
        day(one.not_before),
        day(one.not_after),
        None if one.revoked_at is None else day(one.revoked_at),
    )
