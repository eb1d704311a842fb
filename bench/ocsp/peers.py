"""Other responders: ``openssl ocsp``, which signs each answer, and cfssl, which has them signed.

Both come from Debian, as they are. Where one is not installed its rows are left out, aloud.
"""

from __future__ import annotations

import base64
from pathlib import Path

from bench.ocsp.load import program
from bench.ocsp.software import SoftwareAuthority

# cfssl's levels end at 5: it writes a line for each request below.
_SILENT = "5"


def openssl_command(authority: SoftwareAuthority, folder: Path, port: int) -> list[str]:
    """Return the command of ``openssl ocsp`` with an index and a P-256 key in a file.

    One process; it closes the connection after each answer, for it knows no other way.
    """
    folder.mkdir()
    authority.write_for_openssl(folder)
    return [
        *(program("openssl"), "ocsp", "-ignore_err", "-resp_key_id", "-ndays", "1"),
        *("-index", str(folder / "index.txt"), "-CA", str(folder / "ca.pem")),
        *("-rsigner", str(folder / "responder.pem"), "-rkey", str(folder / "responder.key")),
        *("-port", str(port)),
    ]


def cfssl_command(authority: SoftwareAuthority, folder: Path, port: int) -> list[str]:
    """Return the command of ``cfssl ocspserve`` with answers in the form of ``ocspdump``.

    They were signed by `cryptography` and not by ``cfssl ocspsign``, which takes a process each.
    """
    folder.mkdir()
    responses = folder / "responses"
    responses.write_bytes(b"".join(base64.b64encode(one) + b"\n" for one in authority.answers()))
    return [
        *(program("cfssl", "golang-cfssl"), "ocspserve", "-loglevel", _SILENT),
        *("-address", "127.0.0.1", "-port", str(port), "-responses", str(responses)),
    ]
