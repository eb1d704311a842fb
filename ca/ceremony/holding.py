"""Hold a ceremony from its script, go on with one that was interrupted, or rehearse one."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ca.authorities import Authorities
from ca.ceremony import changes
from ca.ceremony.acts import Scene
from ca.ceremony.admission import (
    Office,
    admit,
    check_hierarchy,
    check_is_same,
    office_for,
    opening_step,
)
from ca.ceremony.custodians import Approval
from ca.ceremony.folder import contents, write_folder
from ca.ceremony.journal import HeldCeremony, Journal
from ca.ceremony.performance import CeremonyKeys, Performance
from ca.ceremony.programme import perform, reference, reference_prefix
from ca.ceremony.rehearsal import Rehearsal
from ca.ceremony.script import Script, parse_script
from ca.ceremony.stage import Stage
from ca.ceremony.transcript import OPENING, StepRecord, Transcript, compose
from ca.crl.crls import Crls
from ca.hierarchy import Hierarchy
from ca.issuance import Issuance
from ca.issuance.recovery import ReservationRecovery
from ca.linting import Linter
from ca.profiles import Profile
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError, Conflict
from core.transparency.log import TransparencyLog


class CeremonyUnderWay(Conflict):
    """Another process holds a ceremony on this home."""

    problem = "ceremony-under-way"
    title = "A ceremony is under way"


@dataclass(frozen=True)
class UnfinishedCeremony:
    """A ceremony that was opened and has not come to its end."""

    id: str
    done: int
    planned: int


# Told of each step as it is finished, for whoever watches.
Tell = Callable[[StepRecord], None]


def _silently(_step: StepRecord) -> None:
    """Tell nobody."""


class Ceremonies:
    """Holds ceremonies, one at a time on a home."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        keys: CeremonyKeys,
        authorities: Authorities,
        issuance: Issuance,
        recovery: ReservationRecovery,
        profiles: Mapping[str, Profile],
        linter: Linter,
        crls: Crls,
        clock: Clock,
        folder: Path,
        production: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._keys = keys
        self._authorities = authorities
        self._issuance = issuance
        self._recovery = recovery
        self._profiles = profiles
        self._linter = linter
        self._crls = crls
        self._clock = clock
        self._folder = folder
        self._production = production
        self._pause = pause
        self._journal = Journal(database=database, log=log)

    def hold(
        self,
        script: Script,
        approvals: Sequence[Approval],
        hierarchy: Hierarchy,
        *,
        tell: Tell = _silently,
    ) -> HeldCeremony:
        """Hold a ceremony, or go on with it where it was interrupted.

        Run again after its end it only makes sure that its folder is there. Raises what
        :func:`ca.ceremony.admission.admit` and the acts refuse, CeremonyUnderWay, and
        Unavailable when database, token or log is away; ``kept`` then says what is done.
        """
        with self._alone():
            held = self._journal.held(script.id)
            if held is None:
                steps = self._open(script, approvals, hierarchy)
                held = self._carry_out(script, hierarchy, steps, tell)
            check_is_same(script, held.script_sha256)
            self._write_folder(held)
            return held

    def rehearse(
        self, script: Script, approvals: Sequence[Approval], hierarchy: Hierarchy
    ) -> Transcript:
        """Return the transcript that a ceremony would make; nothing is signed or stored.

        Approvals that are there are checked; they may still be missing.
        """
        check_hierarchy(script, hierarchy)
        now = self._clock.now()
        office = self._office(script)
        for approval in approvals:
            office.quorum.custodian(approval.custodian).verify(script.source, approval.signature)
        stage = Rehearsal(
            database=self._database,
            keys=self._keys,
            authorities=self._authorities,
            profiles=self._profiles,
            linter=self._linter,
            clock=self._clock,
        )
        steps = [opening_step(script, approvals, hierarchy, office, now)]
        for number, step in enumerate(script.steps, start=1):
            outcome = perform(step, Scene(stage, hierarchy, reference(script.id, number)))
            stage.apply(outcome.changes)
            facts = stage.masked(dict(outcome.facts))
            steps.append(StepRecord(number, step.act, step.actor, now, facts, {}))
        return compose(ceremony=script.id, kind=script.kind, steps=steps, rehearsal=True)

    def script_of(self, ceremony: str) -> Script | None:
        """Return the script of a ceremony that was opened, whether or not it ended; or None."""
        steps = self._journal.steps(ceremony)
        return parse_script(steps[OPENING].artefacts["script.toml"]) if steps else None

    def all_held(self) -> list[HeldCeremony]:
        """Return every ceremony that came to its end, oldest first."""
        return self._journal.all_held()

    def unfinished(self) -> list[UnfinishedCeremony]:
        """Return the ceremonies that were interrupted and can be gone on with."""
        return [self._unfinished(ceremony) for ceremony in self._journal.unfinished()]

    def _open(
        self, script: Script, approvals: Sequence[Approval], hierarchy: Hierarchy
    ) -> list[StepRecord]:
        steps = self._journal.steps(script.id)
        if steps:
            check_is_same(script, str(steps[OPENING].facts["script_sha256"]))
            check_hierarchy(script, hierarchy)
            # An interrupted run's reservation would hold its reference for the rest of its
            # lease; whoever made it is gone, since we hold the lock.
            self._recovery.give_up_references(reference_prefix(script.id))
            return steps
        now = self._clock.now()
        office = self._office(script)
        admit(script, approvals, hierarchy, office, now=now, production=self._production)
        self._rehearse_first(script, hierarchy)
        opening = opening_step(script, approvals, hierarchy, office, now)
        return [self._journal.finish_step(script.id, opening, lambda _connection: None)]

    def _rehearse_first(self, script: Script, hierarchy: Hierarchy) -> None:
        # What would be refused half-way is refused before the first key is made.
        try:
            self.rehearse(script, [], hierarchy)
        except CamtrustError as refusal:
            refusal.kept = "Nothing was done."
            raise

    def _unfinished(self, ceremony: str) -> UnfinishedCeremony:
        steps = self._journal.steps(ceremony)
        script = parse_script(steps[OPENING].artefacts["script.toml"])
        return UnfinishedCeremony(ceremony, done=len(steps) - 1, planned=len(script.steps))

    def _carry_out(
        self, script: Script, hierarchy: Hierarchy, steps: list[StepRecord], tell: Tell
    ) -> HeldCeremony:
        stage = Performance(
            database=self._database,
            keys=self._keys,
            authorities=self._authorities,
            issuance=self._issuance,
            crls=self._crls,
            clock=self._clock,
            pause=self._pause,
        )
        for number in range(len(steps), len(script.steps) + 1):
            try:
                steps.append(self._step(script, hierarchy, stage, number))
            except CamtrustError as refusal:
                refusal.kept = _what_is_done(refusal.kept, script, number)
                raise
            tell(steps[-1])
        return self._close(script, steps)

    def _step(self, script: Script, hierarchy: Hierarchy, stage: Stage, number: int) -> StepRecord:
        step = script.steps[number - 1]
        outcome = perform(step, Scene(stage, hierarchy, reference(script.id, number)))
        now = self._clock.now()
        record = StepRecord(number, step.act, step.actor, now, outcome.facts, outcome.artefacts)
        try:
            return self._journal.finish_step(
                script.id,
                record,
                lambda connection: changes.apply(connection, outcome.changes, now),
            )
        finally:
            self._authorities.forget()

    def _close(self, script: Script, steps: Sequence[StepRecord]) -> HeldCeremony:
        transcript = compose(ceremony=script.id, kind=script.kind, steps=steps, rehearsal=False)
        now = self._clock.now()
        self._journal.close(
            script.id,
            kind=script.kind,
            script_sha256=script.sha256,
            transcript=transcript,
            at=now,
        )
        return HeldCeremony(script.id, script.kind, now, script.sha256, transcript)

    def _write_folder(self, held: HeldCeremony) -> None:
        steps = self._journal.steps(held.id)
        write_folder(self._folder / held.id, contents(held.transcript, steps))

    def _office(self, script: Script) -> Office:
        return office_for(script, self._journal.custodians_in_office())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # The kernel gives the lock back when its process dies, however it dies.
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CeremonyUnderWay("Another process holds a ceremony here; wait for it.") from error


def _what_is_done(kept: str | None, script: Script, number: int) -> str:
    done = f"Steps 1 to {number - 1} are" if number > 2 else "Step 1 is"
    before = f"{done} done and stored." if number > 1 else "No step was finished."
    after = f"Run ceremony {script.id} again with the same script to go on with step {number}."
    return " ".join(one for one in (kept, before, after) if one)
