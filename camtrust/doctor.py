"""What ``camtrust doctor`` examines: one function for each part, one finding for each fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ca.crl.watch import CrlState
from camtrust.document_validation import trust_findings
from camtrust.mailing import mail_findings
from camtrust.stamps import stamp_findings
from camtrust.status_findings import ahead_findings
from camtrust.timestamp_findings import timestamp_findings
from camtrust.verification import verification_findings
from camtrust.wiring import Services
from core.errors import CamtrustError

_SHARDS_NAMED = 4


@dataclass(frozen=True)
class Finding:
    """One fact about one part; ``is_well`` is None for what is only worth knowing."""

    part: str
    detail: str
    well: bool | None

    @property
    def is_well(self) -> bool:
        """Tell whether nothing has to be done."""
        return self.well is not False

    @property
    def mark(self) -> str:
        """Four letters that begin the line."""
        return {True: "ok  ", False: "FAIL", None: "note"}[self.well]

    def facts(self) -> dict[str, object]:
        """Return the finding for JSON."""
        return {"part": self.part, "detail": self.detail, "well": self.well}


def examine(services: Services) -> list[Finding]:
    """Examine every part; a part that cannot be examined is a finding itself."""
    findings: list[Finding] = []
    for part, look in _PARTS.items():
        try:
            findings += [Finding(part, detail, well) for detail, well in look(services)]
        except CamtrustError as error:
            findings.append(Finding(part, error.detail, False))
    return findings


Look = Iterator[tuple[str, bool | None]]


def _settings(services: Services) -> Look:
    settings = services.settings
    yield f"read from {settings.home}", True
    if not settings.ca.production:
        yield "not production: example policy OIDs and addresses are accepted", None


def _database(services: Services) -> Look:
    yield (
        ("reached" if services.database.is_reachable() else "away"),
        (services.database.is_reachable()),
    )


def _tokens(services: Services) -> Look:
    services.keys.check_canary()
    yield "the canary key signs and verifies", True


def _log(services: Services) -> Look:
    services.log.published.check_writable()
    sizes = services.log.sizes()
    yield ", ".join(f"{name} {size}" for name, size in sizes.items()), True


def _blocklists(services: Services) -> Look:
    missing = services.profiles.missing_blocklists()
    for sentence in missing:
        yield sentence, None
    if not missing:
        yield "all there", True


def _reservations(services: Services) -> Look:
    waiting = services.recovery.waiting()
    yield (
        (
            f"{waiting} expired reservations wait to be recovered"
            if waiting
            else "none was left behind by a crash"
        ),
        waiting == 0,
    )


def _crls(services: Services) -> Look:
    states = services.crl_wiring.watch.states()
    for (authority, kind), group in groupby(states, key=lambda one: (one.authority, one.kind)):
        for sentence in _crl_findings(services.clock.now(), list(group)):
            yield f"{authority}: {sentence} ({kind})", False
    yield f"{len(states)} CRLs looked at", True


def _crl_findings(now: datetime, states: Sequence[CrlState]) -> Iterator[str]:
    ahead = [one for one in states if one.is_ahead]
    if ahead:
        yield (
            f"{_shards(ahead)} dated in the future, where a clock ran ahead: once this machine's "
            "clock is right, run `camtrust crl redate`"
        )
    missing = [one for one in states if one.newest is None and one.is_overdue]
    if missing:
        yield f"{_shards(missing)} never issued"
    late = [one for one in states if one.newest and one.is_overdue and not one.is_ahead]
    if late:
        since = min(one.due_at for one in late if one.due_at)
        until = min(one.newest.next_update for one in late if one.newest)
        yield (
            f"{_shards(late)} overdue since {_minute(since)}; the first of them holds until "
            f"{_minute(until)}" + (", which is over" if until <= now else "")
        )


def _shards(states: Sequence[CrlState]) -> str:
    some = ", ".join(str(one.shard) for one in states[:_SHARDS_NAMED])
    more = f" and {len(states) - _SHARDS_NAMED} more" if len(states) > _SHARDS_NAMED else ""
    return f"shard {some}{more}"


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


_PARTS: dict[str, Callable[[Services], Look]] = {
    "settings": _settings,
    "database": _database,
    "tokens": _tokens,
    "log": _log,
    "blocklists": _blocklists,
    "reservations": _reservations,
    "CRLs": _crls,
    "answers": ahead_findings,
    "time-stamps": timestamp_findings,
    "mail": mail_findings,
    "stamps": stamp_findings,
    "verification": verification_findings,
    "trust": trust_findings,
}
