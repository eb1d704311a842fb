"""What others say of a document that went round: pdfsig, qpdf, pyHanko, and our own validator."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from signing.documents.validation.validator import Question
from tests.signing.approval.world import ApprovalWorld
from tests.signing.documents.judges import Judges, publishing
from tests.signing.documents.world import run


def test_independent_validators_agree_on_every_signature(
    world: ApprovalWorld, tmp_path: Path, require: Callable[[str], str]
) -> None:
    started = world.start("12", "3")
    world.name_deputy("3", "1")
    for number, place in (("2", None), ("1", None), ("1", "3")):
        world.sign(started, number, place)
    world.approval.sealing.go_on()
    pdf = world.document(started)

    root, nss = tmp_path / "root.pem", tmp_path / "nss"
    anchor = world.services.authorities.authority("root-1").certificate
    root.write_bytes(anchor.public_bytes(Encoding.PEM))
    nss.mkdir()
    certutil = require("certutil")
    run(certutil, "-N", "-d", f"sql:{nss}", "--empty-password")
    run(certutil, "-A", "-d", f"sql:{nss}", "-n", "root", "-t", "C,C,C", "-a", "-i", root)
    with publishing(world.services) as proxy:
        judges = Judges(tmp_path, root, nss, proxy, require)
        said = judges.pdfsig(pdf)
        # Three people and the seal; pdfsig does not judge the archive's time-stamp.
        assert said.count("Signature is Valid.") == 4
        assert judges.qpdf(pdf)[0] in {0, 3}
        code, told = judges.adesverify(pdf)
    assert code == 0, told
    validator = world.services.validation.validator()
    report = validator.validate(Question(io.BytesIO(pdf), "letter.pdf"))
    assert report.verdict == "TOTAL_PASSED"
