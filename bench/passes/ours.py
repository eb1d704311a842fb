"""A home that issues passes, and what issues, verifies and draws in it as a subject.

As a program: ``HOME`` makes the home and prints the signer's key id; without arguments it is a
subject, whose question is ``{"way": "issue", "verify" or "picture", "count": n}``.
"""

from __future__ import annotations

import io
import json
import secrets
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

from bench.subject import Answer, answer_questions
from camtrust.founding import found
from camtrust.wiring import Services
from core.access import Principal, Role
from signing.passes.issuing.batches.batch import BatchForm
from signing.passes.issuing.examples import EXAMPLES
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.pictures import PictureFormat, picture
from signing.passes.issuing.signers import HEALTH, PassSigner
from signing.passes.statuses import Status
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verification import PassVerifier

MINISTRY = Principal("client:bench", Role.SERVICE, institution="moh")
# The yellow card: one code, and so one signature, for each record.
TYPE, KIND = "yellow-card", CodeKind.ICVP


class Ours:
    """What is measured, in a founded home."""

    def __init__(self, services: Services) -> None:
        self._services = services
        certificate = read_certificate(self._signer().held.certificate_der)
        signer = Signer(key=certificate.key, source="bench", certificate=certificate)
        trust = TrustStore(signers=(signer,))
        self._verifier = PassVerifier(trust=trust, clock=services.clock)
        self._texts: list[str] = []

    def issue(self, count: int) -> float:
        """Have a batch of so many records issued by one worker; return the CPU seconds."""
        batches, worker = self._services.passes.batches, self._services.passes.batch_worker
        batch = batches.open(secrets.token_hex(16), TYPE, BatchForm.JSONL, by=MINISTRY)
        content = io.BytesIO(b"".join(_line(batch.id, number) for number in range(count)))
        began = time.process_time()
        batches.put(batch.id, content, MINISTRY)
        while worker.go_on():
            pass
        used = time.process_time() - began
        issued = [one.codes[KIND] for _, one in batches.passes(batch.id, MINISTRY)]
        if len(issued) != count:
            raise RuntimeError(f"{len(issued)} of {count} were issued")
        self._texts = issued
        return used

    def verify(self, count: int) -> float:
        """Verify so many codes; return the CPU seconds."""
        texts = self.some(count)
        began = time.process_time()
        for text in texts:
            if self._verifier.verify(text).status is not Status.VERIFIED:
                raise RuntimeError("a pass does not verify")
        return time.process_time() - began

    def picture(self, count: int) -> float:
        """Draw so many codes as SVG; return the CPU seconds."""
        texts = self.some(count)
        began = time.process_time()
        for text in texts:
            picture(KIND, text, PictureFormat.SVG)
        return time.process_time() - began

    def some(self, count: int) -> list[str]:
        """Return so many codes, of those that were issued last."""
        if not self._texts:
            self.issue(100)
        return [self._texts[number % len(self._texts)] for number in range(count)]

    def _signer(self) -> PassSigner:
        return self._services.passes.signers.signer(HEALTH)


def _line(batch: str, number: int) -> bytes:
    record = deepcopy(EXAMPLES["NewPassMessage"]["record"])
    # No two people are alike: neither are their codes.
    record["person"]["date_of_birth"] = f"19{number % 90 + 10}-04-{number % 28 + 1:02d}"
    row = {"reference": f"{batch}/{number}", "record": record}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    services = Services(home=Path(configuration["home"]))
    return partial(_answer, Ours(services))


def _answer(ours: Ours, question: Answer) -> Answer:
    count = int(question["count"])
    ways = {"issue": ours.issue, "verify": ours.verify, "picture": ours.picture}
    return {"count": count, "cpu_seconds": ways[question["way"]](count)}


def _make_home(home: Path) -> None:
    services = Services(home=home)
    for _line in found(services):
        pass
    key_id = services.passes.signers.signer(HEALTH).key.key_id.hex()
    services.close()
    print(json.dumps({HEALTH: key_id}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _make_home(Path(sys.argv[1]))
    else:
        answer_questions(_prepare)
