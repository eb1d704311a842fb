"""Passes are issued: prepared, signed, and recorded with their log entry in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.passes.issuing.coding import Content, Terms, code_of, content_of
from signing.passes.issuing.contents.source import PassSource
from signing.passes.issuing.errors import (
    UNISSUED,
    PassTypeForbidden,
    PassUnknown,
    RecordIncomplete,
    ReferenceTaken,
)
from signing.passes.issuing.identifiers import new_certificate_id, new_identity_number
from signing.passes.issuing.issued import IssuedPass, find_pass
from signing.passes.issuing.names import check_same_name
from signing.passes.issuing.pass_types import CodeKind, PassType, pass_type, pass_types
from signing.passes.issuing.recording import SignedPass, digest_of, record_passes
from signing.passes.issuing.records import PassRecord
from signing.passes.issuing.signers import DocumentSigners
from signing.passes.issuing.status_index import StatusIndexes

# Characters of an issuer's name in codes (EU DCC schema, `is`).
_LONGEST_ISSUER = 80
# How long an institution's name is believed.
NAME_SECONDS = 10.0


@dataclass(frozen=True)
class WantedPass:
    """A pass that is asked for. ``reference`` is the institution's own name of the record."""

    id: str
    type: str
    record: PassRecord
    reference: str | None = None


@dataclass(frozen=True)
class PreparedPass:
    """A pass whose contents are built and right; nothing is signed."""

    wanted: WantedPass
    type: PassType
    source: PassSource
    contents: Mapping[CodeKind, Content]


class PassIssuing:
    """Issues passes for institutions that may."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        signers: DocumentSigners,
        statuses: StatusIndexes,
        name_of: Callable[[str], str],
        issuers: Mapping[str, Sequence[str]],
        address: str,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._log = log
        self._signers = signers
        self._statuses = statuses
        self._name_of = name_of
        self._issuers = issuers
        self._address = address
        self._clock = clock
        self._monotonic = monotonic
        self._named: dict[str, tuple[str, float]] = {}

    def issue(self, wanted: WantedPass, *, by: Principal) -> IssuedPass:
        """Issue one pass; asked again with the same id, return it as it was issued.

        Raises PassTypeUnknown, PassTypeForbidden, RecordIncomplete, NameMismatch, ReferenceTaken,
        DocumentSignerMissing, and Unavailable.
        """
        with self._database.read() as connection:
            done = find_pass(connection, wanted.id)
        if done is not None:
            return done
        prepared = self.prepare(wanted, institution=by.institution, at=self._clock.now())
        self.issue_many([prepared], by=by)
        return self.issued(wanted.id, institution=by.institution)

    def issued(self, pass_id: str, *, institution: str | None) -> IssuedPass:
        """Return a pass of an institution. Raises PassUnknown."""
        with self._database.read() as connection:
            found = find_pass(connection, pass_id)
        if found is None or found.institution != institution:
            raise PassUnknown("Your institution has issued no pass with this identifier.")
        return found

    def prepare(self, wanted: WantedPass, *, institution: str | None, at: datetime) -> PreparedPass:
        """Check what is asked for, and build what its codes say; no key is used.

        Raises PassTypeUnknown, PassTypeForbidden, RecordIncomplete and NameMismatch.
        """
        kind = pass_type(wanted.type)
        issuer = self._allowed(kind, institution)
        record = wanted.record
        if getattr(record, kind.record.value) is None:
            raise RecordIncomplete(
                f"A pass of the type {kind.name} is made from a record with {kind.record.value}.",
                kept=UNISSUED,
            )
        if kind.for_travel:
            _check_travel_document(record)
        _check_days(record, at)
        source = PassSource(
            record=record,
            issuer=issuer,
            address=self._address,
            certificate_id=new_certificate_id(),
            number=new_identity_number(),
            issued_at=at,
        )
        contents = {code: content_of(code, source) for code in kind.codes}
        return PreparedPass(wanted, kind, source, contents)

    def check_allowed(self, type_name: str, institution: str | None) -> None:
        """Check that an institution may issue a type. Raises PassTypeUnknown, PassTypeForbidden."""
        self._allowed(pass_type(type_name), institution)

    def types_of(self, institution: str | None) -> list[PassType]:
        """Return the types that an institution may issue."""
        return [one for one in pass_types().values() if institution in self._issuers_of(one)]

    def issue_many(
        self,
        prepared: Sequence[PreparedPass],
        *,
        by: Principal,
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        """Sign passes and record them with one log entry; all of them, or none.

        ``also`` is called with the transaction's connection before it commits. Raises
        ReferenceTaken, DocumentSignerMissing and Unavailable; what was signed by then is nobody's.
        """
        signed = [self._sign(one) for one in prepared]
        salt, now = new_salt(), self._clock.now()
        facts: dict[str, JsonValue] = {
            "count": len(signed),
            "institution": by.institution,
            "passes": commitment(salt, digest_of(signed)),
            "types": [*sorted({one.type.name for one in signed})],
        }
        try:
            with self._database.begin() as connection:
                [index] = self._log.append(connection, [LogEntry("passes-issued", now, facts)])
                record_passes(connection, signed, by=by, salt=salt, log_index=index)
                if also is not None:
                    also(connection)
        except IntegrityError as error:
            raise ReferenceTaken(
                "Another pass was issued under this reference at the same moment.", kept=UNISSUED
            ) from error

    def _sign(self, one: PreparedPass) -> SignedPass:
        signers = {code: self._signers.signer(one.type.signers[code]) for code in one.contents}
        issued_at = one.source.issued_at.replace(microsecond=0)
        # No pass outlives its document signer.
        ends = min(issued_at + one.type.validity, *(each.not_after for each in signers.values()))
        terms = Terms(issued_at, ends.replace(microsecond=0), self._statuses.next())
        codes = []
        for kind, content in one.contents.items():
            signer = signers[kind]
            text = code_of(kind, content, one.source, terms, signer)
            codes.append((kind, text, signer.key.key_id))
        return SignedPass(one.wanted.id, one.type, one.wanted.reference, one.source, terms, codes)

    def _allowed(self, kind: PassType, institution: str | None) -> str:
        allowed = self._issuers_of(kind)
        if institution is None or institution not in allowed:
            raise PassTypeForbidden(
                f"Passes of the type {kind.name} are issued by {', '.join(allowed) or 'nobody'}.",
                kept=UNISSUED,
            )
        return self._issuer_name(institution)

    def _issuer_name(self, institution: str) -> str:
        # A chunk of a batch asks for each record.
        known = self._named.get(institution)
        if known is None or known[1] < self._monotonic():
            name = self._name_of(institution)[:_LONGEST_ISSUER]
            known = self._named[institution] = (name, self._monotonic() + NAME_SECONDS)
        return known[0]

    def _issuers_of(self, kind: PassType) -> Sequence[str]:
        return self._issuers.get(kind.name, kind.issuers)


def _check_travel_document(record: PassRecord) -> None:
    document = record.person.identifier
    if document is None or document.machine_readable_name is None:
        raise RecordIncomplete(
            "A pass for travel needs person.identifier with machine_readable_name, as the travel "
            "document has it.",
            kept=UNISSUED,
        )
    name = record.person.name
    check_same_name(name.surname, name.given_names, document.machine_readable_name)


def _check_days(record: PassRecord, now: datetime) -> None:
    told: dict[str, date] = {"person.date_of_birth": record.person.date_of_birth}
    if record.vaccination is not None:
        told["vaccination.date"] = record.vaccination.date
    if record.test is not None:
        told["test.sampled_at"] = record.test.sampled_at.date()
    if record.recovery is not None:
        told["recovery.first_positive"] = record.recovery.first_positive
    for member, day in told.items():
        # A day begins up to fourteen hours earlier elsewhere.
        if (day - now.date()).days > 1:
            raise RecordIncomplete(f"{member}: {day} is in the future.", kept=UNISSUED)
        if day < record.person.date_of_birth:
            raise RecordIncomplete(f"{member}: {day} is before the person was born.", kept=UNISSUED)
