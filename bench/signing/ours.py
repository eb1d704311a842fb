"""Ours as a subject. A question is ``{"level", "file", "count"}``, or ``{"path", "to"}``.

Documents are read into memory and signed there, as those of the API are; ``path`` asks for a
signature from file to file, and how much memory that took.
"""

from __future__ import annotations

import io
import resource
import time
from functools import partial
from pathlib import Path

from bench.subject import Answer, answer_questions
from camtrust.development_seal import SEAL
from camtrust.wiring import Services
from signing.documents.http_timestamps import HttpTimestamps
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.signing import DocumentSigning
from signing.documents.token_signers import TokenSigner

_KIBIBYTE = 1024


def _prepare(configuration: Answer) -> object:
    services = Services(home=Path(configuration["home"]))
    signing = services.documents.signing
    if url := configuration.get("timestamp_url"):
        signing = DocumentSigning(
            timestamps=HttpTimestamps(url),
            statuses=services.documents.statuses,
            settings=services.settings.documents,
            clock=services.clock,
        )
    return partial(_answer, services, signing, services.documents.signers.signer(SEAL))


def _answer(
    services: Services, signing: DocumentSigning, signer: TokenSigner, question: Answer
) -> Answer:
    if "path" in question:
        return _from_file_to_file(services, signer, question)
    pdf, options = Path(question["file"]).read_bytes(), SigningOptions(Level(question["level"]))
    count: int = question["count"]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        signing.sign(io.BytesIO(pdf), io.BytesIO(), signer, options)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"count": count, "cpu_seconds": cpu, "wall_seconds": wall}


def _from_file_to_file(services: Services, signer: TokenSigner, question: Answer) -> Answer:
    source = Path(question["path"])
    options = SigningOptions(Level.B_LTA)
    services.documents.paths.sign(source, Path(question["to"]), signer, options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTE
    return {"peak_octets": peak, "octets": source.stat().st_size}


if __name__ == "__main__":
    answer_questions(_prepare)  # type: ignore[arg-type]
