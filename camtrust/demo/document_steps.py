"""The steps of the demonstration that sign a document."""

from __future__ import annotations

import json

from camtrust.demo.letter import letter
from camtrust.demo.stage import Stage, StepFailed, beside_python
from camtrust.development_seal import INSTITUTION, SEAL

STAMP = """
number = "១"
title = "Letter of demonstration"
[place]
x = 15
y = 15
width = 140
height = 55
lunar_date = true
[ministry]
khmer = "ក្រសួងសាកល្បង"
english = "Test Ministry"
[signer]
khmer = "ត្រាឯកសារនៃក្រសួងសាកល្បង"
english = "Test Ministry Document Seal"
[fields]
"Kind" = "Demonstration"
"""


def sign_document(stage: Stage) -> str:
    """Stamp a PDF, and sign it at B-LTA with an institution's seal."""
    (stage.work / "letter.pdf").write_bytes(letter())
    (stage.work / "stamp.toml").write_text(STAMP, encoding="utf-8")
    said = stage.camtrust(
        *("documents", "sign", "--key", SEAL, "--level", "B-LTA", "--reason", "Demonstration"),
        *("--stamp", "people/stamp.toml", "--institution", INSTITUTION, "--json"),
        *("people/letter.pdf", "document.pdf"),
    )
    page = json.loads(said)["page"]
    return f"{stage.folder / 'document.pdf'}: B-LTA, by the key {SEAL}; its stamp leads to {page}"


def confirm_document(stage: Stage) -> str:
    """Have qpdf, pdfsig, pyHanko and our own validator judge the signed PDF.

    The addresses in the certificates lead nowhere here, and pyHanko wants to fetch from them: the
    standing of the signer, which lies in the document, is our validator's to judge.
    """
    stage.run("qpdf", "--check", "document.pdf")
    if "Signature is Valid." not in (said := stage.run("pdfsig", "document.pdf", expect=None)):
        raise StepFailed(said)
    said = stage.run(
        *(beside_python("pyhanko"), "sign", "adesverify", "--trust", "root.pem"),
        *("--trust-replace", "--no-revocation-check", "document.pdf"),
    )
    if ":INTACT:TRUSTED" not in said:
        raise StepFailed(said)
    report = json.loads(stage.camtrust("documents", "validate", "--json", "document.pdf"))
    if report["verdict"] != "TOTAL_PASSED":
        raise StepFailed(json.dumps(report)[:800])
    return "qpdf: no error; pdfsig: valid; pyhanko adesverify: intact, trusted; ours: TOTAL_PASSED"
