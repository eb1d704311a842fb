"""Unwrapping as a subject: a remote key is brought into the token, and destroyed there.

A question is ``{"count"}``.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from bench.subject import Answer, answer_questions
from camtrust.wiring import Services
from hsm.keys import KeyAlgorithm
from hsm.portable_keys import PortableKey, PortableKeys


def _prepare(configuration: Answer) -> object:
    keys = Services(home=Path(configuration["home"])).keys.portable_keys
    key = keys.generate(algorithm=KeyAlgorithm.EC_P256, label="bench")
    return partial(_unwrap, keys, key)


def _unwrap(keys: PortableKeys, key: PortableKey, question: Answer) -> Answer:
    count: int = question["count"]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        # No digest: what is left is what a wrapped key costs beside the signature itself.
        keys.sign_digests(key.wrapped, [], token=key.token)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"count": count, "cpu_seconds": cpu, "wall_seconds": wall}


if __name__ == "__main__":
    answer_questions(_prepare)  # type: ignore[arg-type]
