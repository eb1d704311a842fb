"""Which subjects there are, what each round asks them, and the rows.

Everything is counted per CPU-second of the process that works, but for the browser, where what a
person waits for counts. All take turns in the same rounds.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.founded_home import bare_signer, make_home, rate_of, subject_in
from bench.peers.environment import peer_python
from bench.results import Row, against
from bench.rounds import Measure, interleave
from bench.subject import Subject
from signing.passes.issuing.signers import HEALTH

ISSUE, VERIFY, PICTURE, LIMIT = "pass.issue", "pass.verify", "pass.picture", "limit.hsm-sign"
PEERS = {"peer.cwt": "cwt", "peer.pycose": "pycose"}
BROWSER = "pass.browser"
NATION = "pass.issue.17-million"
PEER_SCRIPT = Path(__file__).with_name("cose_packages.py")
REQUIREMENTS = Path("requirements/bench-passes.txt")
PEOPLE = 17_000_000
_ALGORITHM = "ec-p256"
# As long as the claims of a yellow card.
_PAYLOAD = bytes(range(256)) + bytes(100)
PAIRS = {ISSUE: LIMIT, VERIFY: "peer.cwt", "peer.cwt": ISSUE, "peer.pycose": ISSUE}


@dataclass(frozen=True)
class Scale:
    """How much a round asks of each subject."""

    rounds: int = 5
    issued: int = 2_000
    verified: int = 4_000
    drawn: int = 500
    seen: int = 20
    signatures: int = 4_000
    peer: int = 500


QUICK = Scale(rounds=3, issued=500, verified=500, drawn=100, seen=5, signatures=500, peer=50)


def compare_passes(*, scale: Scale, with_peers: bool) -> list[Row]:
    """Measure everything and return the rows.

    Raises HomeNotMade, SubjectFailed and PeerNotInstalled.
    """
    with TemporaryDirectory(prefix="camtrust-bench-") as folder, ExitStack() as stack:
        home, log = Path(folder) / "home", Path(folder) / "subjects.log"
        keys = make_home("bench.passes.ours", home)
        ours = stack.enter_context(subject_in("bench.passes.ours", home, log))
        browser = stack.enter_context(subject_in("bench.passes.browser", home, log))
        bare = stack.enter_context(bare_signer(home, {_ALGORITHM: keys[HEALTH]}, log))
        measures: dict[str, Measure] = {
            ISSUE: rate_of(ours, way="issue", count=scale.issued),
            VERIFY: rate_of(ours, way="verify", count=scale.verified),
            PICTURE: rate_of(ours, way="picture", count=scale.drawn),
            BROWSER: lambda: float(browser.ask(count=scale.seen)["milliseconds"]),
            LIMIT: rate_of(bare, key=_ALGORITHM, count=scale.signatures),
        }
        for name, package in PEERS.items() if with_peers else ():
            peer = stack.enter_context(_peer(package, log))
            measures[name] = rate_of(peer, count=scale.peer)
        measured = interleave(measures, rounds=scale.rounds)
    rows = [
        Row(name, series.median, _unit(name), spread=series.spread)
        for name, series in measured.items()
    ]
    hours = PEOPLE / measured[ISSUE].median / 3_600
    return [*against(rows, PAIRS), Row(NATION, hours, "CPU-hours")]


def _unit(name: str) -> str:
    if name == BROWSER:
        return "ms"
    if name == LIMIT:
        return "signatures/CPU-second"
    return f"{'pictures' if name == PICTURE else 'passes'}/CPU-second"


def _peer(package: str, log: Path) -> Subject:
    python = peer_python("cose", requirements=REQUIREMENTS)
    configuration = {"package": package, "payload": _PAYLOAD.hex()}
    return Subject([python, PEER_SCRIPT], configuration=configuration, log=log)
