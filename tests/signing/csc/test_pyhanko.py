"""pyHanko's own CSC client, which nobody here wrote, signs a PDF against the running app.

The authorization is bound to the hash; the document stays with the client. poppler's pdfsig then
says what it thinks of the result.
"""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import ArrayObject, FloatObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from hsm.keys import KeyAlgorithm
from tests.signing.csc.world import Program, program
from tests.signing.world import MINISTRY, SEAL_PIN, SigningWorld

Require = Callable[[str], str]


@pytest.fixture
def ours(world: SigningWorld) -> Program:
    return program(world).sign_in()


@pytest.fixture
def address(world: SigningWorld) -> Iterator[str]:
    server = make_server(
        "127.0.0.1", 0, create_app(app_parts(world.services), Listener.PUBLIC), threaded=True
    )
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


class SealAuthorization(CSCAuthorizationManager):
    """What pyHanko leaves to each service: how its SAD is asked for."""

    def __init__(self, session: Any, info: Any, credential: Any, ours: Program) -> None:
        super().__init__(info, credential)
        self._session = session
        self._ours = ours
        self.answers: list[Any] = []

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        body = self.format_csc_auth_request(hash_b64s=hash_b64s, pin=SEAL_PIN)
        proof = self._ours.assertion(
            credentialID=self.csc_session_info.credential_id, hashes=hash_b64s
        )
        body["authData"] = [{"id": "client_assertion", "value": proof}]
        async with self._session.post(
            self.csc_session_info.endpoint_url("credentials/authorize"),
            headers=self.auth_headers,
            json=body,
            raise_for_status=True,
        ) as response:
            answer = await response.json()
        self.answers.append((hash_b64s, answer))
        return self.parse_csc_auth_response(answer)


def a_pdf() -> bytes:
    """A document of one empty page."""
    writer = PdfFileWriter()
    box = ArrayObject([FloatObject(one) for one in (0, 0, 595, 842)])
    writer.insert_page(PageObject(contents=writer.add_object(_stream()), media_box=box))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _stream() -> Any:
    from pyhanko.pdf_utils.generic import StreamObject

    return StreamObject(stream_data=b"0 0 m 100 100 l S")


def signed_by_pyhanko(*arguments: Any, **options: Any) -> tuple[bytes, SealAuthorization]:
    """Have pyHanko sign in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(sign(*arguments, **options))).result()


async def sign(
    ours: Program, address: str, credential_id: str, pdf: bytes, *, pss: bool = False
) -> tuple[bytes, SealAuthorization]:
    async with aiohttp.ClientSession() as session:
        info = CSCServiceSessionInfo(address, credential_id, oauth_token=ours.token, api_ver="v2")
        credential = await fetch_certs_in_csc_credential(session, info)
        manager = SealAuthorization(session, info, credential, ours)
        signer = PdfSigner(
            PdfSignatureMetadata(
                field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
            ),
            CSCSigner(session, manager, prefer_pss=pss),
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        out = await signer.async_sign_pdf(writer)
        return out.getvalue(), manager


def nss_with_our_root(ours: Program, folder: Path) -> Path:
    """A database of NSS in which our root is trusted."""
    authorities = ours.world.services.authorities
    folder.mkdir()
    subprocess.run(["certutil", "-N", "-d", f"sql:{folder}", "--empty-password"], check=True)
    for number, one in enumerate(authorities.all()):
        path = folder / f"{number}.der"
        path.write_bytes(one.certificate.public_bytes(Encoding.DER))
        trust = "C,C,C" if one.parent is None else ",,"
        subprocess.run(
            ["certutil", "-A", "-d", f"sql:{folder}", "-n", one.name, "-t", trust, "-i", str(path)],
            check=True,
        )
    return folder


def pdfsig(ours: Program, pdf: bytes, folder: Path) -> str:
    """What poppler says of the signatures of a document."""
    folder.mkdir(exist_ok=True)
    path = folder / "signed.pdf"
    path.write_bytes(pdf)
    nss = nss_with_our_root(ours, folder / "nss")
    done = subprocess.run(
        ["pdfsig", "-nssdir", f"sql:{nss}", "-no-ocsp", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_pyhanko_signs_a_pdf_with_our_seal_and_pdfsig_agrees(
    ours: Program, address: str, tmp_path: Path, require: Require
) -> None:
    require("pdfsig")
    require("certutil")
    signed, manager = signed_by_pyhanko(ours, address, ours.world.seal.id, a_pdf())
    [(hashes, answer)] = manager.answers
    assert len(hashes) == 1
    assert answer["SAD"]
    told = pdfsig(ours, signed, tmp_path)
    assert "Signature is Valid." in told, told
    # NSS trusts signers of mail, so the profile names that purpose too (ADR 0058).
    assert "Certificate is Trusted." in told, told
    assert "CN=Ministry of Examples" in told
    assert_chain(ours, tmp_path, require("openssl"))
    # A changed octet of the page, and it says so.
    spoilt = pdfsig(ours, signed.replace(b"100 100 l", b"200 100 l"), tmp_path / "again")
    assert "Signature is Valid." not in spoilt


def assert_chain(ours: Program, folder: Path, openssl: str) -> None:
    """The certificate that the API hands out leads to our root, as openssl sees it."""
    info = ours.call(
        "credentials/info", credentialID=ours.world.seal.id, certificates="chain"
    ).get_json()
    files = []
    for number, one in enumerate(info["cert"]["certificates"]):
        files.append(folder / f"sent-{number}.pem")
        certificate = x509.load_der_x509_certificate(base64.b64decode(one))
        files[-1].write_bytes(certificate.public_bytes(Encoding.PEM))
    leaf, issuer, root = files
    command = [openssl, "verify", "-CAfile", root, "-untrusted", issuer, leaf]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("pss", [False, True])
def test_pyhanko_signs_with_an_rsa_seal_by_both_paddings(
    ours: Program, address: str, tmp_path: Path, require: Require, pss: bool
) -> None:
    require("pdfsig")
    require("certutil")
    key = ours.world.make(MINISTRY, SEAL_PIN, KeyAlgorithm.RSA_3072)
    ours.world.certify(key, "organization-seal", SEAL_PIN)
    signed, _ = signed_by_pyhanko(ours, address, key.id, a_pdf(), pss=pss)
    told = pdfsig(ours, signed, tmp_path)
    assert "Signature is Valid." in told, told
