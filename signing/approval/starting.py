"""Start a circulation: the document, the people and the seal are tried before anybody is asked."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from core.access import Principal, Role
from core.clock import Clock
from core.database import Database
from core.transparency.entry import new_salt
from core.transparency.log import TransparencyLog
from signing.approval.approval import (
    ActKind,
    Approval,
    ApprovalState,
    ParticipantRole,
    ParticipantState,
    find_approval,
)
from signing.approval.directory import Directory
from signing.approval.errors import (
    NOTHING_DONE,
    ApprovalUnknown,
    CirculationNotOpen,
    CirculationRefused,
    ParticipantUnsuitable,
    TooManyApprovals,
)
from signing.approval.files import SIGNATURE_OCTETS, ApprovalFiles
from signing.approval.models import approval_participants, approvals
from signing.approval.progress import Progress
from signing.approval.record import record_act
from signing.approval.settings import ApprovalSettings
from signing.approval.trial import Trial
from signing.approval.words import LONGEST_TITLE, is_readable
from signing.documents.errors import UNHARMED, DocumentTooLarge
from signing.documents.stamps.order import StampOrder

_CHUNK = 1 << 20
_IN_MEMORY = 4 << 20


@dataclass(frozen=True)
class Asked:
    """Somebody who is to take part, by the number under which the institution lists them."""

    staff_number: str
    role: ParticipantRole
    stamp: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Step:
    """People who act in parallel, by one deadline."""

    people: Sequence[Asked]
    deadline: datetime


@dataclass(frozen=True)
class Circulation:
    """What is to be sent round. ``institution`` and ``seal``: where they need saying.

    ``stamp``: the order of the stamp of the seal.
    """

    title: str
    steps: Sequence[Step]
    institution: str | None = None
    seal: str | None = None
    stamp: StampOrder | None = None


@dataclass(frozen=True)
class _Found:
    step: int
    person: str
    asked: Asked
    deadline: datetime


class Starting:
    """Starts circulations."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: ApprovalFiles,
        directory: Directory,
        trial: Trial,
        progress: Progress,
        settings: ApprovalSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._directory = directory
        self._trial = trial
        self._progress = progress
        self._settings = settings
        self._clock = clock

    def start(
        self, wanted: Circulation, content: BinaryIO, *, approval_id: str, by: Principal
    ) -> Approval:
        """Start one, or return the one that has this id already.

        Raises CirculationRefused, CirculationNotOpen, ParticipantUnsuitable, TooManyApprovals,
        DocumentTooLarge, StorageUnavailable, SignerUnknown, what stamps refuse, and what signing
        refuses a document for.
        """
        if (known := self._known(approval_id, by)) is not None:
            return known
        institution, seal = self._closing(wanted, by)
        self._check(wanted)
        with self._database.read() as connection:
            self._check_room(connection, institution)
        found = self._found(wanted, institution)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
            document = cast(BinaryIO, spooled)
            sha256, octets = self._take(content, document)
            self._trial.run(
                document,
                institution=institution,
                seal=seal,
                stamps=[(one.person, one.asked.stamp) for one in found],
                order=wanted.stamp,
                at=self._clock.now(),
            )
            # Two that are sent at once under one id never overwrite each other.
            name = sha256.hex()
            target = self._files.revision(approval_id, name)
            with self._files.writing(target, room=_room(octets, found)) as file:
                document.seek(0)
                shutil.copyfileobj(document, file, _CHUNK)
        values = {
            "institution": institution,
            "seal": seal,
            "stamp": None if wanted.stamp is None else wanted.stamp.model_dump(mode="json"),
            "document": name,
            "sha256": sha256,
            "octets": octets,
        }
        try:
            with self._database.begin() as connection:
                self._check_room(connection, institution)
                return self._insert(connection, approval_id, by, wanted.title, found, values)
        except IntegrityError:
            # The id came before: the same request, whose first answer was lost.
            return self._known(approval_id, by) or self._unknown()

    def _closing(self, wanted: Circulation, by: Principal) -> tuple[str, str]:
        """Return the institution, and the seal that closes the circulation."""
        if by.role is Role.SERVICE:
            if by.institution is None or wanted.institution not in {None, by.institution}:
                raise CirculationRefused(
                    "A program starts circulations of its own institution alone.", kept=NOTHING_DONE
                )
            seal = wanted.seal or self._settings.seals.get(by.institution)
            if seal is None:
                raise CirculationRefused("Name the seal that closes it.", kept=NOTHING_DONE)
            return by.institution, seal
        offered = self.open_to(by.id)
        institution = wanted.institution or (offered[0] if len(offered) == 1 else None)
        if institution not in offered:
            raise CirculationNotOpen(
                "Your institution's people do not start circulations here: ask the operators, or "
                "use your institution's document system.",
                kept=NOTHING_DONE,
            )
        # People do not choose: who may have a document sealed by what, the settings say.
        return institution, self._settings.seals[institution]

    def _check(self, wanted: Circulation) -> None:
        now = self._clock.now()
        if len(wanted.title) > LONGEST_TITLE or not is_readable(wanted.title):
            raise _refused("The title is empty, too long, or has characters that nobody sees.")
        roles = [one.role for step in wanted.steps for one in step.people]
        if not all(step.people for step in wanted.steps) or ParticipantRole.SIGN not in roles:
            raise _refused("Each step needs somebody, and somebody has to sign.")
        before = now
        for step in wanted.steps:
            if step.deadline <= now or step.deadline - now > self._settings.longest:
                raise _refused(
                    f"A deadline lies ahead, by {self._settings.longest_days} days at most."
                )
            if step.deadline < before:
                raise _refused("A step's deadline is before that of the step before it.")
            before = step.deadline

    def _found(self, wanted: Circulation, institution: str) -> list[_Found]:
        found = []
        for number, step in enumerate(wanted.steps, start=1):
            people = [self.person(institution, one.staff_number) for one in step.people]
            if len(set(people)) < len(people):
                raise _refused(f"Somebody stands twice in step {number}.")
            found += [
                _Found(number, person, asked, step.deadline)
                for person, asked in zip(people, step.people, strict=True)
            ]
        return found

    def open_to(self, person: str) -> list[str]:
        """Return the institutions for which somebody may start circulations themselves."""
        served = self._directory.institutions_of(person)
        return [one for one in served if one in self._settings.seals]

    def person(self, institution: str, staff_number: str) -> str:
        """Return somebody who can take part. Raises ParticipantUnsuitable."""
        person = self._directory.find(institution, staff_number)
        known = None if person is None else self._directory.colleague(person, institution)
        if person is None or known is None or not known.is_serving:
            raise ParticipantUnsuitable(
                f"The institution lists nobody under the staff number {staff_number!r} who may "
                "sign in here.",
                kept=NOTHING_DONE,
                staff_number=staff_number,
            )
        return person

    def _take(self, content: BinaryIO, document: BinaryIO) -> tuple[bytes, int]:
        digest, octets = hashlib.sha256(), 0
        while chunk := content.read(_CHUNK):
            octets += len(chunk)
            if octets > self._settings.largest_octets:
                raise DocumentTooLarge(
                    f"Documents that are sent round have at most {self._settings.largest_octets} "
                    "octets here.",
                    kept=UNHARMED,
                    limit_octets=self._settings.largest_octets,
                )
            digest.update(chunk)
            document.write(chunk)
        return digest.digest(), octets

    def _insert(
        self,
        connection: Connection,
        approval_id: str,
        by: Principal,
        title: str,
        found: Sequence[_Found],
        values: Mapping[str, Any],
    ) -> Approval:
        now = self._clock.now()
        connection.execute(
            insert(approvals).values(
                id=approval_id,
                requester=by.id,
                by_person=by.role is Role.SUBSCRIBER,
                title=title,
                state=ApprovalState.CIRCULATING,
                step=1,
                revision=0,
                tries=0,
                started_at=now,
                salt=new_salt(),
                **values,
            )
        )
        _insert_people(connection, approval_id, found)
        approval = find_approval(connection, approval_id)
        facts = {"participants": len(found), "steps": found[-1].step}
        record_act(
            self._log,
            connection,
            approval,
            ActKind.STARTED,
            now,
            by=by.id,
            sha256=approval.sha256,
            facts=facts,
        )
        self._progress.begin_step(connection, approval, now)
        return find_approval(connection, approval_id)

    def _check_room(self, connection: Connection, institution: str) -> None:
        not_over = (ApprovalState.CIRCULATING, ApprovalState.SEALING)
        query = select(func.count()).where(
            approvals.c.institution == institution, approvals.c.state.in_(not_over)
        )
        if (connection.scalar(query) or 0) >= self._settings.at_once:
            raise TooManyApprovals(
                f"Your institution has {self._settings.at_once} circulations that have not ended.",
                kept=NOTHING_DONE,
                limit=self._settings.at_once,
            )

    def _known(self, approval_id: str, by: Principal) -> Approval | None:
        with self._database.read() as connection:
            try:
                found = find_approval(connection, approval_id)
            except ApprovalUnknown:
                return None
        if found.requester != by.id:
            self._unknown()
        return found

    def _unknown(self) -> Approval:
        raise ApprovalUnknown("There is no such circulation, or it has not come to you.")


def _insert_people(connection: Connection, approval_id: str, found: Sequence[_Found]) -> None:
    for number, one in enumerate(found, start=1):
        connection.execute(
            insert(approval_participants).values(
                approval=approval_id,
                number=number,
                step=one.step,
                person=one.person,
                role=one.asked.role,
                deadline=one.deadline,
                stamp=one.asked.stamp,
                state=ParticipantState.WAITING,
                reminded=0,
            )
        )


def _room(octets: int, found: Sequence[_Found]) -> int:
    """Return what a circulation takes on the disk until it is sealed: each signature is a copy."""
    signatures = 1 + sum(one.asked.role is ParticipantRole.SIGN for one in found)
    return octets + signatures * (octets + SIGNATURE_OCTETS)


def _refused(detail: str) -> CirculationRefused:
    return CirculationRefused(detail, kept=NOTHING_DONE)
