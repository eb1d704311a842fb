"""The demonstration's time-stamps: asked for and verified with openssl."""

from __future__ import annotations

from camtrust.demo.stage import Stage, StepFailed

QUERY = "application/timestamp-query"
STAMPED = "subscriber.pem"


def stamp(stage: Stage) -> str:
    """Have a certificate stamped by both units; openssl asks, and verifies the answers."""
    _ask(stage, "/tsa", "timestamp", "-sha256", "-cert")
    _verify(stage, "timestamp")
    # CamDX's security servers ask with SHA-512 and without a nonce.
    _ask(stage, "/tsa/camdx", "people/camdx", "-sha512", "-no_nonce", "-cert")
    _verify(stage, "people/camdx")
    return "openssl ts: EC and RSA unit verify; timestamp.tsq, timestamp.tsr"


def _ask(stage: Stage, path: str, name: str, *how: str) -> None:
    query = ("openssl", "ts", "-query", "-data", STAMPED, *how)
    stage.run(*query, "-out", f"{name}.tsq")
    asked = (stage.folder / f"{name}.tsq").read_bytes()
    (stage.folder / f"{name}.tsr").write_bytes(stage.post(path, asked, QUERY))


def _verify(stage: Stage, name: str) -> None:
    said = stage.run(
        *("openssl", "ts", "-verify", "-queryfile", f"{name}.tsq", "-in", f"{name}.tsr"),
        *("-CAfile", "root.pem"),
    )
    if "Verification: OK" not in said:
        raise StepFailed(said)
