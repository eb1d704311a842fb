"""A home as ``camtrust init`` makes it, and what stamps in it as a subject.

As a program: ``HOME`` makes the home and prints each unit's key id; without arguments it is a
subject, whose question is ``{"unit": name, "way": "token" or "answer", "count": n}``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench.subject import Answer, answer_questions
from camtrust.founding import found
from camtrust.wiring import Services
from signing.timestamps.definitions import UNITS
from signing.timestamps.query import make_query

DATA = b"a letter of the ministry"


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    services = Services(home=Path(configuration["home"]))
    return partial(_stamp, services, make_query(DATA, "sha256", with_certificates=True))


def _stamp(services: Services, query: bytes, question: Answer) -> Answer:
    authority, unit, digest = services.timestamps, question["unit"], sha256(DATA).digest()
    ways: dict[str, Callable[[], object]] = {
        # As signing documents does, within the process.
        "token": lambda: authority.token_for(digest, "sha256", unit=unit),
        # As /tsa does, without HTTP.
        "answer": lambda: _granted(authority.answer(query, unit=unit).failures),
    }
    stamp, count = ways[question["way"]], int(question["count"])
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        stamp()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"count": count, "cpu_seconds": cpu, "wall_seconds": wall}


def _granted(failures: object) -> None:
    if failures:
        raise RuntimeError(f"refused: {failures}")


def _make_home(home: Path) -> None:
    services = Services(home=home)
    for _line in found(services):
        pass
    units = services.timestamp_wiring.units
    keys = {one.name: units.unit(one.name).certificate.key_id.hex() for one in UNITS}
    services.close()
    print(json.dumps(keys))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _make_home(Path(sys.argv[1]))
    else:
        answer_questions(_prepare)
