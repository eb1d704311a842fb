"""The benchmark itself: which subjects there are, what each round asks them, and the rows.

Signatures are counted per CPU-second of the process that signs; scaling over processes and the
command line go by what a whole run costs. All subjects take turns in the same rounds.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.results import Row, against
from bench.rounds import Measure, interleave
from bench.signing.homes import SigningHome, served_home
from bench.signing.pages import write_page
from bench.subject import Answer, Subject, SubjectFailed

LIMIT = "limit.hsm-sign"
UNWRAPPING = "remote-key.unwrap"
SIGNER, COMMAND_LINE = "peer.pyhanko-signer", "peer.pyhanko-cli"
PER_CPU_SECOND = "signatures/CPU-second"
PER_SECOND = "signatures/second"
_MEBIBYTE = 1 << 20
LARGE = "10-mb"


@dataclass(frozen=True)
class Scale:
    """How much a round asks of each subject; ``large`` and ``huge`` are sizes in MiB."""

    rounds: int = 5
    one_page: int = 60
    large_pages: int = 6
    peer: int = 15
    cli: int = 2
    signatures: int = 1_000
    large: int = 10
    huge: int = 500


QUICK = Scale(rounds=3, one_page=15, large_pages=2, peer=4, cli=1, signatures=200, huge=50)


@dataclass
class _Comparison:
    stack: ExitStack
    folder: Path
    home: SigningHome
    scale: Scale

    def __post_init__(self) -> None:
        self.measures: dict[str, Measure] = {}
        self.units: dict[str, str] = {}
        self.small = write_page(self.folder / "one-page.pdf")
        self.large = write_page(self.folder / "large.pdf", self.scale.large * _MEBIBYTE)

    def subject(
        self, module: str, configuration: dict[str, Any], environment: dict[str, str] | None = None
    ) -> Subject:
        """Start a subject, which ends with the stack."""
        return self.stack.enter_context(
            Subject(
                [sys.executable, "-m", module],
                configuration=configuration,
                environment=environment,
                log=self.folder / "subjects.log",
            )
        )

    def ours(self, **more: str) -> Subject:
        """Start one of ours."""
        return self.subject("bench.signing.ours", {"home": str(self.home.folder), **more})

    def add(self, name: str, subject: Subject, **question: Any) -> None:
        """Add a row of signatures per CPU-second."""
        self.measures[name] = lambda: _rate(subject.ask(**question))
        self.units[name] = PER_CPU_SECOND

    def add_levels(self, name: str, subject: Subject, levels: Sequence[str], count: int) -> None:
        """Add rows for the levels on one page and on the large file."""
        large = max(count * self.scale.large_pages // self.scale.one_page, 1)
        for level in levels:
            row = f"{name}.{level.lower()}"
            self.add(row, subject, level=level, file=str(self.small), count=count)
            self.add(f"{row}.{LARGE}", subject, level=level, file=str(self.large), count=large)

    def add_together(self, name: str, subjects: Sequence[Subject], level: str) -> None:
        """Add a row of what processes sign at once, by the clock."""
        question = {"level": level, "file": str(self.small), "count": self.scale.one_page}

        def measure() -> float:
            begin = time.perf_counter()
            for subject in subjects:
                subject.send(**question)
            signed = sum(subject.receive()["count"] for subject in subjects)
            return float(signed / (time.perf_counter() - begin))

        self.measures[name] = measure
        self.units[name] = PER_SECOND

    def rows(self) -> list[Row]:
        """Measure everything in interleaved rounds."""
        measured = interleave(self.measures, rounds=self.scale.rounds)
        return [
            Row(name, series.median, self.units[name], spread=series.spread)
            for name, series in measured.items()
        ]


def compare_signing(*, scale: Scale, with_peers: bool) -> list[Row]:
    """Measure everything and return the rows. Raises HomeNotMade and SubjectFailed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="camtrust-bench-")))
        home = stack.enter_context(served_home(folder / "home"))
        comparison = _Comparison(stack, folder, home, scale)
        _add_ours(comparison)
        if with_peers:
            _add_peers(comparison)
        rows = comparison.rows()
        rows.append(_memory(comparison))
        return against(rows, _pairs())


def _add_ours(comparison: _Comparison) -> None:
    home, scale = comparison.home, comparison.scale
    bare = comparison.subject(
        "bench.issuance.bare_signing",
        {**home.token, "keys": {"ec-p256": home.key_id}},
        home.environment,
    )
    comparison.add(LIMIT, bare, key="ec-p256", count=scale.signatures)
    one, two = comparison.ours(), comparison.ours()
    comparison.add_levels("pades", one, ("B-B", "B-T", "B-LTA"), scale.one_page)
    unwrapping = comparison.subject("bench.signing.unwrapping", {"home": str(home.folder)})
    comparison.add(UNWRAPPING, unwrapping, count=scale.signatures)
    comparison.units[UNWRAPPING] = "unwrappings/CPU-second"
    over_http = comparison.ours(timestamp_url=f"{home.url}/tsa")
    comparison.add(
        "pades.b-lta.tsa-over-http",
        over_http,
        level="B-LTA",
        file=str(comparison.small),
        count=scale.peer,
    )
    for level in ("B-B", "B-LTA"):
        name = f"pades.{level.lower()}"
        comparison.add_together(f"{name}.1-process", [one], level)
        comparison.add_together(f"{name}.2-processes", [one, two], level)


def _add_peers(comparison: _Comparison) -> None:
    home, scale = comparison.home, comparison.scale
    files = {"seal": str(home.seal), "issuer": str(home.issuer), "root": str(home.root)}
    signer = comparison.subject(
        "bench.signing.pyhanko_signer",
        {**home.token, **files, "timestamp_url": f"{home.url}/tsa"},
        home.environment,
    )
    small = str(comparison.small)
    comparison.add(SIGNER, signer, level="B-B", file=small, count=scale.peer)
    comparison.add(f"{SIGNER}.b-lta", signer, level="B-LTA", file=small, count=scale.peer)
    _write_configuration(comparison)
    comparison.measures[COMMAND_LINE] = lambda: _rate(_command_line(comparison))
    comparison.units[COMMAND_LINE] = PER_CPU_SECOND


def _write_configuration(comparison: _Comparison) -> None:
    token = comparison.home.token
    setup = {
        "module-path": token["module"],
        "token-criteria": {"label": token["token"]},
        "key-label": token["label"],
        "signing-certificate": str(comparison.home.seal),
        "other-certs": [str(comparison.home.issuer)],
        "user-pin": comparison.home.pin_file.read_text().strip(),
        "raw-mechanism": True,
    }
    path = comparison.folder / "pyhanko.yml"
    path.write_text(json.dumps({"pkcs11-setups": {"seal": setup}}))


def _command_line(comparison: _Comparison) -> Answer:
    target = comparison.folder / "by-command-line.pdf"
    command = [
        *(sys.executable, "-m", "pyhanko", "--config", comparison.folder / "pyhanko.yml"),
        *("sign", "addsig", "--use-pades", "--field", "Signature1"),
        *("pkcs11", "--p11-setup", "seal", comparison.small, target),
    ]
    before = _children()
    for _ in range(comparison.scale.cli):
        target.unlink(missing_ok=True)
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            env={**os.environ, **comparison.home.environment},
        )
        if done.returncode:
            raise SubjectFailed(f"pyhanko ended: {done.stderr.strip()[-400:]}")
    return {"count": comparison.scale.cli, "cpu_seconds": _children() - before}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(comparison: _Comparison) -> Row:
    huge = write_page(comparison.folder / "huge.pdf", comparison.scale.huge * _MEBIBYTE)
    # A process of its own: what others signed before is not counted.
    answer = comparison.ours().ask(path=str(huge), to=str(comparison.folder / "signed.pdf"))
    name = f"memory.b-lta.{comparison.scale.huge}-mb"
    return Row(name, answer["peak_octets"] / answer["octets"], "peak memory / file size")


def _pairs() -> dict[str, str]:
    pairs = {
        "pades.b-b": LIMIT,
        UNWRAPPING: "pades.b-b",
        "pades.b-t": "pades.b-b",
        "pades.b-lta": "pades.b-b",
        f"pades.b-t.{LARGE}": f"pades.b-b.{LARGE}",
        f"pades.b-lta.{LARGE}": f"pades.b-b.{LARGE}",
        "pades.b-lta.tsa-over-http": f"{SIGNER}.b-lta",
        SIGNER: "pades.b-b",
        f"{SIGNER}.b-lta": "pades.b-lta",
        COMMAND_LINE: "pades.b-b",
    }
    for level in ("b-b", "b-lta"):
        pairs[f"pades.{level}.2-processes"] = f"pades.{level}.1-process"
    return pairs


def _rate(answer: Answer) -> float:
    return float(answer["count"] / answer["cpu_seconds"])
