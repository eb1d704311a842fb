"""Check a ceremony's folder again: offline, without database, token or settings.

1. The folder is whole: every file is named by SHA256SUMS, and has that hash.
2. The transcript is canonical, and the printed one says the same.
3. Script and hierarchy are those that the transcript names.
4. Enough custodians approved the script; with an earlier folder: those whom it enrolled.
5. The steps are the script's steps, and made the files that they say.
6. Every certificate is signed by its issuer, every CRL by its authority.
7. Every certificate certifies the key that its step names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ca.ceremony.custodians import Approval, Quorum, check_quorum
from ca.ceremony.evidence import certificates_in, crls_in, issuer_of, signer_of
from ca.ceremony.folder import INSTRUCTIONS, PRINTED, SUMS, TRANSCRIPT, read_folder, sums
from ca.ceremony.instructions import instructions
from ca.ceremony.printing import render
from ca.ceremony.script import parse_script
from ca.ceremony.stage import certificate_facts
from ca.ceremony.transcript import FORMAT, OPENING, Transcript
from ca.hierarchy import parse_hierarchy
from core.errors import CamtrustError, Malformed


@dataclass(frozen=True)
class Check:
    """One check of a folder: what was looked at, whether it held, and what was found."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """Every check of a folder, and the hash that has to stand on the signed paper."""

    ceremony: str
    transcript_sha256: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every check held."""
        return all(check.passed for check in self.checks)


class _Failed(Exception):  # noqa: N818 - never leaves this module
    """A check did not hold."""


Files = Mapping[str, bytes]
Document = Mapping[str, Any]


def verify_folder(folder: Path, *, enrolment: Path | None = None) -> Verification:
    """Repeat the checks of a ceremony's folder.

    ``enrolment`` is the folder of the ceremony that put these custodians in office; without it
    their keys are taken from the transcript itself. Raises FolderUnreadable where there is
    nothing to check.
    """
    files = read_folder(folder)
    document = _document(files)
    office = None if enrolment is None else _enrolled_in(_document(read_folder(enrolment)))
    steps: list[tuple[str, Callable[[], str]]] = [
        ("folder", lambda: _check_folder(files)),
        ("transcript", lambda: _check_transcript(files, document)),
        ("script", lambda: _check_script(files, document)),
        ("approvals", lambda: _check_approvals(files, document, office)),
        ("steps", lambda: _check_steps(files, document)),
        ("signatures", lambda: _check_signatures(files)),
        ("keys", lambda: _check_keys(files, document)),
    ]
    return Verification(
        ceremony=str(document.get("ceremony")),
        transcript_sha256=sha256(files[TRANSCRIPT]).hexdigest(),
        checks=tuple(_run(name, check) for name, check in steps),
    )


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except _Failed as failure:
        return Check(name, False, str(failure))
    except CamtrustError as refusal:
        return Check(name, False, refusal.detail)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        # A transcript of another shape is a transcript that does not hold.
        return Check(name, False, f"cannot be read ({type(error).__name__})")


def _document(files: Files) -> Document:
    try:
        document = json.loads(files[TRANSCRIPT])
    except ValueError as error:
        raise Malformed(f"{TRANSCRIPT} is not JSON.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Malformed(f"{TRANSCRIPT} is no transcript of a form that is known here.")
    return document


def _opening(document: Document) -> Document:
    opening: Document = document["steps"][OPENING]
    return opening


def _enrolled_in(document: Document) -> Quorum:
    return Quorum.model_validate(_opening(document)["facts"]["enrols"])


def _check_folder(files: Files) -> str:
    expected = sums({path: content for path, content in files.items() if path != SUMS})
    if files.get(SUMS) != expected:
        said = set(files.get(SUMS, b"").decode(errors="replace").splitlines())
        found = set(expected.decode().splitlines())
        changed = sorted({line[66:] for line in said ^ found})
        raise _Failed(f"changed, missing or added: {', '.join(changed) or SUMS}")
    return f"{len(files) - 1} files have the hashes of {SUMS}"


def _check_transcript(files: Files, document: Document) -> str:
    transcript = Transcript(document)
    if transcript.encode() != files[TRANSCRIPT]:
        raise _Failed(f"{TRANSCRIPT} is not in canonical form")
    if render(transcript).encode() != files.get(PRINTED):
        raise _Failed(f"{PRINTED} says something else than {TRANSCRIPT}")
    rest = {path: one for path, one in files.items() if path not in (INSTRUCTIONS, SUMS)}
    if instructions(transcript, rest).encode() != files.get(INSTRUCTIONS):
        raise _Failed(f"{INSTRUCTIONS} gives other instructions than this folder's")
    if transcript.is_rehearsal:
        raise _Failed("this is the transcript of a rehearsal")
    return f"canonical, and {PRINTED} says the same"


def _check_script(files: Files, document: Document) -> str:
    facts = _opening(document)["facts"]
    script = parse_script(files["script.toml"])
    hierarchy = parse_hierarchy(files["hierarchy.toml"])
    if script.sha256 != facts["script_sha256"]:
        raise _Failed("script.toml is not the script that the transcript names")
    if not hierarchy.sha256 == facts["hierarchy_sha256"] == script.hierarchy_sha256:
        raise _Failed("hierarchy.toml is not the hierarchy that script and transcript name")
    if (script.id, str(script.kind)) != (document["ceremony"], document["kind"]):
        raise _Failed("script and transcript name different ceremonies")
    return "script and hierarchy are those that the transcript names"


def _check_approvals(files: Files, document: Document, office: Quorum | None) -> str:
    facts = _opening(document)["facts"]
    recorded = facts["custodians"]
    quorum = Quorum(quorum=recorded["quorum"], enrolled=tuple(recorded["enrolled"]))
    if office is not None and quorum != office:
        raise _Failed("these are not the custodians whom the earlier ceremony enrolled")
    approvals = [Approval(name, files[f"approvals/{name}.sig"]) for name in facts["approved_by"]]
    check_quorum(quorum, files["script.toml"], approvals)
    if quorum.quorum == 0:
        return "a development hierarchy: nobody had to approve"
    source = "as enrolled earlier" if office else "their keys as the transcript says"
    return f"{len(approvals)} of {len(quorum.enrolled)} custodians approved ({source})"


def _check_steps(files: Files, document: Document) -> str:
    script = parse_script(files["script.toml"])
    held = [(step["number"], step["act"]) for step in document["steps"]]
    planned = [(OPENING, "open"), *((n, one.act) for n, one in enumerate(script.steps, start=1))]
    if held != planned:
        raise _Failed("the steps of the transcript are not those of the script")
    for step in document["steps"]:
        for path, digest in step["artefacts"].items():
            if path not in files or sha256(files[path]).hexdigest() != digest:
                raise _Failed(f"step {step['number']} made another {path}")
    return f"{len(script.steps)} steps as scripted, each with the files that it made"


def _check_signatures(files: Files) -> str:
    certificates, crls = certificates_in(files), crls_in(files)
    for path, certificate in certificates.items():
        if path.startswith("certificates/") and issuer_of(certificate, certificates) is None:
            raise _Failed(f"{path} is signed by none of the issuers in this folder")
    for path, crl in crls.items():
        if signer_of(crl, certificates) is None:
            raise _Failed(f"{path} is signed by none of the authorities in this folder")
    return f"{len(certificates)} certificates and {len(crls)} CRLs are signed by their issuers"


def _check_keys(files: Files, document: Document) -> str:
    certificates = certificates_in(files)
    count = 0
    for step in document["steps"]:
        facts = step["facts"]
        if "certificate" not in facts:
            continue
        made = [
            certificates[path] for path in step["artefacts"] if path.startswith("certificates/")
        ]
        if [certificate_facts(one) for one in made] != [facts["certificate"]]:
            raise _Failed(f"step {step['number']} tells of another certificate than it made")
        if "key" in facts and facts["key"]["key_id"] != facts["certificate"]["public_key_sha256"]:
            raise _Failed(f"step {step['number']} certified another key than it made")
        count += 1
    return f"{count} certificates carry the keys that their steps name"
