"""The steps of the demonstration that issue a pass."""

from __future__ import annotations

import json
import shutil

from camtrust.demo.stage import Stage, StepFailed

INSTITUTION = "moh"
RECORD = {
    "person": {
        "name": {"surname": "Sok", "given_names": "Dara"},
        "khmer_name": {"surname": "សុខ", "given_names": "ដារ៉ា"},
        "date_of_birth": "1990-04-14",
        "sex": "F",
        "nationality": "KHM",
        "identifier": {
            "type": "passport",
            "number": "N0000001",
            "machine_readable_name": "SOK<<DARA",
        },
    },
    "vaccination": {
        "date": "2026-10-01",
        "product": "YellowFeverProductd2c75a15ed309658b3968519ddb31690",
        "lot": "YF2026A",
        "centre": "Calmette Hospital",
    },
}


def issue_pass(stage: Stage) -> str:
    """Issue a yellow card of somebody who does not exist."""
    (stage.work / "dose.json").write_text(json.dumps(RECORD), encoding="utf-8")
    said = stage.camtrust(
        *("pass", "issue", "--type", "yellow-card", "--institution", INSTITUTION),
        *("--out", "people/card", "--json", "people/dose.json"),
    )
    for extension in ("txt", "png"):
        card = stage.work / "card" / f"icvp.{extension}"
        shutil.copy(card, stage.folder / f"pass.{extension}")
    until = json.loads(said)["expires_at"][:10]
    return f"{stage.folder / 'pass.png'}: WHO ICVP in HC1, until {until}"


def confirm_pass(stage: Stage) -> str:
    """Read the picture, and verify what it says with the signer's certificate alone."""
    stage.camtrust("pass", "signers", "--out", "people/signers")
    said = stage.camtrust(
        *("pass", "verify", "--trust", "people/signers/health.pem", "--json", "pass.png")
    )
    verdict = json.loads(said)
    if verdict["status"] != "VERIFIED" or verdict["subject"]["name"] != "Dara Sok":
        raise StepFailed(said)
    return f"{verdict['kind']} of {verdict['subject']['name']}: {verdict['status']}"
