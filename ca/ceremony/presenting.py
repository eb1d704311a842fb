"""What lies on the table: a script file, and the custodians' approvals beside it."""

from __future__ import annotations

from pathlib import Path

from ca.ceremony.custodians import Approval
from ca.ceremony.script import LARGEST_SCRIPT_OCTETS, Script, ScriptRefused, parse_script

# An ECDSA signature on P-384 is 104 octets long at most.
_LARGEST_SIGNATURE_OCTETS = 512


def read_script(file: Path) -> Script:
    """Read a script. Raises ScriptRefused."""
    return parse_script(_read(file, LARGEST_SCRIPT_OCTETS), file=str(file))


def approval_file(script_file: Path, custodian: str) -> Path:
    """Return where a custodian's approval of a script is kept: ``NAME.CUSTODIAN.sig`` beside it."""
    return script_file.with_name(f"{script_file.stem}.{custodian}.sig")


def read_approvals(script_file: Path) -> list[Approval]:
    """Return every approval that lies beside a script, by the custodians' names.

    Raises ScriptRefused where one cannot be read.
    """
    prefix = f"{script_file.stem}."
    return [
        Approval(
            custodian=path.name.removeprefix(prefix).removesuffix(".sig"),
            signature=_read(path, _LARGEST_SIGNATURE_OCTETS),
        )
        for path in sorted(script_file.parent.glob("*.sig"))
        if path.name.startswith(prefix)
    ]


def _read(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise ScriptRefused(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise ScriptRefused(f"{file}: larger than {most} octets")
    return content
