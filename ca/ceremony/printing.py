"""The transcript on paper: read aloud, compared with the screen, and signed by hand."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from ca.ceremony.transcript import OPENING, Transcript

WIDTH = 96
_RULE = "-" * WIDTH
_PEM = "-----BEGIN PUBLIC KEY-----"


def render(transcript: Transcript) -> str:
    """Return the transcript as text; the same transcript always gives the same text."""
    document = transcript.document
    lines = [
        f"CAMTRUST KEY CEREMONY  {document['ceremony']}",
        f"kind: {document['kind']}",
    ]
    if transcript.is_rehearsal:
        lines.append("REHEARSAL: nothing was signed and nothing was stored.")
    for step in document["steps"]:
        lines += ["", _RULE, *_step(step)]
    lines += ["", _RULE, *_closing(transcript)]
    return "\n".join(lines) + "\n"


def grouped(hexadecimal: str) -> str:
    """Return a hash in groups of eight digits, to be read aloud."""
    return " ".join(hexadecimal[at : at + 8] for at in range(0, len(hexadecimal), 8))


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    title = "Opening" if step["number"] == OPENING else f"Step {step['number']}: {step['act']}"
    yield title
    yield f"  at     {step['at']}"
    yield f"  actor  {step['actor']}"
    if step["log_index"] is not None:
        yield f"  log    entry {step['log_index']}"
    yield from _facts(step["facts"], indent="  ")
    for path, digest in sorted(step["artefacts"].items()):
        yield f"  file   {path}"
        yield f"         sha256 {grouped(digest)}"
    yield "  checked by: ____________________"


def _facts(facts: Mapping[str, Any], *, indent: str) -> Iterator[str]:
    for name, value in sorted(facts.items()):
        if isinstance(value, Mapping):
            yield f"{indent}{name}:"
            yield from _facts(value, indent=indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name}:"
            yield from (f"{indent}  - {_scalar(one)}" for one in value)
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_scalar(one)}" for name, one in sorted(value.items()))
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if text.startswith(_PEM):
        return f"public key, sha256 {grouped(_key_sha256(text))}"
    # A control or direction mark could draw a line that nobody recorded.
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _key_sha256(pem: str) -> str:
    # RFC 7468, Section 3: base64 between two lines; the hash that names a key everywhere here.
    return sha256(b64decode("".join(pem.split("-----")[2].split()), validate=True)).hexdigest()


def _closing(transcript: Transcript) -> Iterator[str]:
    opening = transcript.document["steps"][0]["facts"]
    yield "SHA-256 of transcript.json:"
    yield f"  {grouped(transcript.sha256)}"
    yield ""
    yield "We were present, compared every hash above with the screen, and saw nothing else done."
    offices = ["ceremony-administrator", *opening["approved_by"], "internal-witness", "auditor"]
    for office in offices:
        yield ""
        yield f"  {office}"
        yield "  name: ______________________________  signature: ______________________________"
