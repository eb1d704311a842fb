"""A published folder behind nginx, asked by openssl and curl."""

from __future__ import annotations

import base64
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.revocation.reasons import RevocationReason
from camtrust.cli import camtrust
from camtrust.publishing.answer_names import FolderNames, plain_request
from ocsp.stored.certid import cert_id
from tests.camtrust.publishing.conftest import AUTHORITY, Home, Serve

Require = Callable[[str], str]


def publish(world: Home, to: Path) -> None:
    arguments = ["publish", "--home", str(world.services.home), "--to", str(to), "--answers"]
    done = CliRunner().invoke(camtrust, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def write(path: Path, certificate: x509.Certificate) -> Path:
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def get(curl: str, url: str, *arguments: str) -> tuple[str, bytes]:
    # --path-as-is: doubled slashes are sent as they are.
    done = subprocess.run(
        [curl, "--silent", "--include", "--path-as-is", *arguments, url],
        capture_output=True,
        check=True,
    )
    headers, _, body = done.stdout.partition(b"\r\n\r\n")
    return headers.decode(), body


@pytest.mark.parametrize("hashed", ["-sha1", "-sha256"])
def test_openssl_believes_the_answer_that_curl_fetched(
    world: Home, serve: Serve, require: Require, tmp_path: Path, hashed: str
) -> None:
    openssl, curl = require("openssl"), require("curl")
    good, bad = world.issue("good"), world.issue("bad")
    world.services.revocation.revoke(
        serial_number=bad.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    world.sign_ahead()
    published = tmp_path / "published"
    publish(world, published)
    address = serve(published)
    issuer = write(tmp_path / "issuer.pem", world.issuer)
    root = write(tmp_path / "root.pem", world.services.authorities.authority("root-1").certificate)

    for name, certificate, standing in (("good", good, "good"), ("bad", bad, "revoked")):
        leaf = write(tmp_path / f"{name}.pem", certificate)
        asked, answered = tmp_path / f"{name}.ocsp", tmp_path / f"{name}.ors"
        question = [openssl, "ocsp", hashed, "-issuer", str(issuer), "-cert", str(leaf)]
        subprocess.run([*question, "-no_nonce", "-reqout", str(asked)], check=True)
        path = quote(base64.b64encode(asked.read_bytes()), safe="")
        headers, body = get(curl, f"{address}/ocsp/{path}")
        assert "200 OK" in headers
        assert "Content-Type: application/ocsp-response" in headers
        assert "Cache-Control: max-age=60, public, no-transform, must-revalidate" in headers
        assert "ETag:" in headers
        answered.write_bytes(body)
        judged = subprocess.run(
            [
                *(*question, "-no_nonce", "-respin", str(answered)),
                *("-CAfile", str(root), "-verify_other", str(issuer)),
            ],
            capture_output=True,
            text=True,
        )
        assert judged.returncode == 0, judged.stderr
        assert "Response verify OK" in judged.stdout + judged.stderr
        assert f"{leaf}: {standing}" in judged.stdout


def test_openssl_verifies_with_the_published_certificate_and_crl(
    world: Home, serve: Serve, require: Require, tmp_path: Path
) -> None:
    openssl, curl = require("openssl"), require("curl")
    good, bad = world.issue("good"), world.issue("bad")
    world.services.revocation.revoke(
        serial_number=bad.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    for shard in range(world.services.authorities.authority(AUTHORITY).crl_shards):
        world.services.crls.issue(AUTHORITY, shard)
    published = tmp_path / "published"
    publish(world, published)
    address = serve(published)
    headers, issuer = get(curl, f"{address}/ca/{AUTHORITY}.cer")
    assert "Content-Type: application/pkix-cert" in headers
    (tmp_path / "issuer.der").write_bytes(issuer)
    subprocess.run(
        [openssl, "x509", "-in", "issuer.der", "-out", "issuer.pem"], cwd=tmp_path, check=True
    )
    _, root = get(curl, f"{address}/ca/root-1.cer")
    (tmp_path / "root.der").write_bytes(root)
    subprocess.run(
        [openssl, "x509", "-in", "root.der", "-out", "root.pem"], cwd=tmp_path, check=True
    )

    for certificate, is_good in ((good, True), (bad, False)):
        write(tmp_path / "leaf.pem", certificate)
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        [name] = points[0].full_name or []
        path = "/crl/" + name.value.split("/crl/")[1]
        headers, crl = get(curl, f"{address}{path}")
        assert "Content-Type: application/pkix-crl" in headers
        assert "Cache-Control: public, no-transform, max-age=300" in headers
        (tmp_path / "list.der").write_bytes(crl)
        subprocess.run(
            [openssl, "crl", "-in", "list.der", "-out", "list.pem"], cwd=tmp_path, check=True
        )
        judged = subprocess.run(
            [
                *(openssl, "verify", "-crl_check", "-CRLfile", "list.pem"),
                *("-CAfile", "root.pem", "-untrusted", "issuer.pem", "leaf.pem"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert (judged.returncode == 0) == is_good, judged.stderr
        assert is_good or "certificate revoked" in judged.stderr


# As many octets as hash algorithm and issuer take, by SHA-1 and by SHA-256.
BY_SHA1, BY_SHA256 = bytes(range(55)), bytes(range(83))


def request_with(prefix: bytes, shape: str) -> bytes:
    """Return a request, its serial number of twenty octets, whose base64 has a shape."""
    serials = random.Random(shape)
    for _ in range(200_000):
        request = plain_request(cert_id(prefix, serials.getrandbits(157) | 1 << 157))
        if re.search(shape, base64.b64encode(request).decode().rstrip("=")[-27:]):
            return request
    raise AssertionError(shape)


def test_a_path_finds_its_file_however_clients_and_proxies_write_it(
    serve: Serve, require: Require, tmp_path: Path
) -> None:
    curl = require("curl")
    published = tmp_path / "published"
    # Slashes inside, two in a row, in the two characters that name the folder, and at the end.
    shapes = ("^[^/+]+$", "/", "//", "[+]", "[+]/", "^./", "^.(/.|./)", "^.//")
    requests = [request_with(prefix, one) for prefix in (BY_SHA1, BY_SHA256) for one in shapes]
    requests.append(request_with(BY_SHA1, "/$"))
    for request in requests:
        path = published / FolderNames().name_of(request)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(request)
    address = serve(published)

    for request in requests:
        text = base64.b64encode(request).decode()
        merged = text.replace("///", "/").replace("//", "/")
        written = {
            text,
            quote(text, safe=""),
            quote(text, safe="/"),
            quote(text, safe="+="),
            quote(text, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
            text.rstrip("="),
            merged,
            f"/{text}",
        }
        for one in written:
            headers, body = get(curl, f"{address}/ocsp/{one}")
            assert "200 OK" in headers, one
            assert body == request


def test_what_has_no_file_is_answered_unauthorized_and_not_kept(
    serve: Serve, require: Require, tmp_path: Path, world: Home
) -> None:
    curl = require("curl")
    world.sign_ahead()
    published = tmp_path / "published"
    publish(world, published)
    address = serve(published)
    unknown = base64.b64encode(plain_request(cert_id(BY_SHA1, 1 << 157))).decode()
    for url, arguments in (
        (f"{address}/ocsp/{quote(unknown, safe='')}", ()),
        (f"{address}/ocsp/AAAA", ()),
        (f"{address}/ocsp", ("--data-binary", "question")),
    ):
        headers, body = get(curl, url, *arguments)
        assert "200 OK" in headers
        assert "Content-Type: application/ocsp-response" in headers
        assert "Cache-Control: no-store" in headers
        assert body == bytes.fromhex("30030a0106")
    # What is not for others is not served.
    for path in ("/.camtrust/answers.json", "/", "/unauthorized.ors", "/ca/../.camtrust/lock"):
        assert "404" in get(curl, address + path)[0].splitlines()[0]


def test_what_has_no_file_is_asked_of_the_responder_where_there_is_one(
    serve: Serve, require: Require, tmp_path: Path
) -> None:
    # Both halves are nginx here: the responder is a mirror that says unauthorized.
    curl = require("curl")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "unauthorized.ors").write_bytes(b"from the responder")
    empty = tmp_path / "empty"
    empty.mkdir()
    responder = serve(mirror).removeprefix("http://")
    address = serve(empty, otherwise="= @live", live=responder)

    for url, arguments in (
        (f"{address}/ocsp/{'A' * 40}", ()),
        (f"{address}/ocsp", ("--data-binary", "question")),
    ):
        assert get(curl, url, *arguments)[1] == b"from the responder"
