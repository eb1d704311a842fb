"""pyHanko's own PKCS #11 signer as a subject: one session, held open, in one process.

A question is ``{"level", "file", "count"}``. At B-LTA it asks the same time-stamping authority and
the same status responder over HTTP, as its documentation has it.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pkcs11
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.requests_client import HTTPTimeStamper
from pyhanko_certvalidator import ValidationContext

from bench.subject import Answer, answer_questions


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    token = pkcs11.lib(configuration["module"]).get_token(token_label=configuration["token"])
    session = token.open(user_pin=Path(configuration["pin_file"]).read_text().strip())
    issuer, root = (load_cert_from_pemder(configuration[one]) for one in ("issuer", "root"))
    signer = PKCS11Signer(
        session,
        signing_cert=load_cert_from_pemder(configuration["seal"]),
        ca_chain=[issuer],
        key_label=configuration["label"],
        # SoftHSM has raw ECDSA alone.
        use_raw_mechanism=True,
    )
    return partial(_sign, signer, root, configuration["timestamp_url"])


def _sign(signer: PKCS11Signer, root: Any, url: str, question: Answer) -> Answer:
    pdf, count = Path(question["file"]).read_bytes(), question["count"]
    level: str = question["level"]
    stamper = None if level == "B-B" else HTTPTimeStamper(url)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        metadata = _metadata(level, root)
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        PdfSigner(metadata, signer, timestamper=stamper).sign_pdf(writer, output=io.BytesIO())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"count": count, "cpu_seconds": cpu, "wall_seconds": wall}


def _metadata(level: str, root: Any) -> PdfSignatureMetadata:
    common: dict[str, Any] = {
        "field_name": "Signature1",
        "subfilter": SigSeedSubFilter.PADES,
        "md_algorithm": "sha256",
    }
    if level != "B-LTA":
        return PdfSignatureMetadata(**common)
    # A fresh context each time: answers about the signer have to be from now.
    context = ValidationContext(
        trust_roots=[root], allow_fetching=True, revocation_mode="hard-fail"
    )
    return PdfSignatureMetadata(
        **common, validation_context=context, embed_validation_info=True, use_pades_lta=True
    )


if __name__ == "__main__":
    answer_questions(_prepare)
