"""The officers' TLS front on one machine: nginx, configured from deploy/nginx.

Its private key is made at start and never touches a disk: nginx reads it from a memory file
that it inherits. The certificate is issued for that key like any other, under ``tls-server``.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ca.authorities import Authorities
from ca.csr import verify_csr
from ca.issuance import Issuance
from ca.plan import CertificateRequest
from camtrust.serving.places import officers_socket, run_folder
from camtrust.serving.settings import ServeSettings
from core.errors import Unavailable
from core.web.problems import type_uri
from enrollment.lists.settings import LARGEST_UPLOAD_OCTETS

TEMPLATES = Path(__file__).parents[2] / "deploy" / "nginx"
HOLDER = "device:officers-front"
PROFILE = "tls-server"
_PLACEHOLDER = re.compile(r"@\{([a-z_]+)\}")


class FrontMissing(Unavailable):
    """nginx is not installed on this machine, so the officers' address cannot be served."""

    problem = "front-missing"
    title = "The officers' TLS front cannot start"


class FrontSettings(Protocol):
    """The settings, as far as the front needs them."""

    @property
    def serve(self) -> ServeSettings:
        """The section ``[serve]``."""


class FrontServices(Protocol):
    """What the front is made with."""

    home: Path

    @property
    def settings(self) -> FrontSettings:
        """The settings."""

    @property
    def authorities(self) -> Authorities:
        """The authorities whose certificates sign in."""

    @property
    def issuance(self) -> Issuance:
        """Issues the front's own certificate."""

    def close(self) -> None:
        """Give back sessions and connections."""


def become_front(services: FrontServices, *, port: int) -> None:
    """Turn this process into nginx on ``127.0.0.1:port``; does not return.

    Raises FrontMissing, and what issuance raises.
    """
    nginx = find_nginx()
    folder = run_folder(services.home) / "front"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    _write_certificates(services, key, folder)
    key_file = _in_memory(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        render(
            "loopback.conf",
            {
                "folder": str(folder),
                # Started by root, nginx would work as nobody, who may not enter our folder.
                "user": f"{pwd.getpwuid(os.geteuid()).pw_name} {_group_name()}",
                "server": render("officers.conf", _values(services, folder, port, key_file)),
            },
        )
    )
    services.close()
    # Nothing of our environment goes along, where PINs and passwords may stand: what faces the
    # network need not know them.
    os.execve(nginx, [nginx, "-p", str(folder), "-c", str(configuration)], {})  # noqa: S606


def find_nginx() -> str:
    """Return the path of nginx. Raises FrontMissing."""
    # Debian keeps it out of a user's PATH.
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FrontMissing("nginx is not installed; on Debian: apt-get install nginx-light.")
    return found


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill ``@{name}`` in a file of deploy/nginx; a name without a value is a KeyError."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)


def trust_anchors(authorities: Authorities) -> str:
    """Return, as PEM, every authority's certificate: what a client certificate may lead to."""
    return "".join(
        one.certificate.public_bytes(Encoding.PEM).decode()
        for one in authorities.all()
        if one.state != "terminated"
    )


def _values(services: FrontServices, folder: Path, port: int, key_file: int) -> dict[str, str]:
    settings = services.settings.serve
    return {
        "listen": f"127.0.0.1:{port}",
        "certificate": str(folder / "certificate.pem"),
        "certificate_key": f"/proc/self/fd/{key_file}",
        "trust": str(folder / "trust.pem"),
        "socket": str(officers_socket(services.home)),
        # The few routes that take files; the app knows which, and refuses elsewhere.
        "max_body_octets": str(max(settings.max_body_octets, LARGEST_UPLOAD_OCTETS)),
        "sign_in_problem": problem_document(
            settings, "sign-in-required", 401, "Sign in with a certificate"
        ),
        "too_large_problem": problem_document(
            settings, "content-too-large", 413, "The body is too large"
        ),
        "away_problem": problem_document(
            settings, "unavailable", 503, "A part of the service is away"
        ),
    }


def problem_document(settings: ServeSettings, slug: str, status: int, title: str) -> str:
    """Return a problem document (RFC 9457) that is said before the app is reached."""
    return json.dumps(
        {
            "type": type_uri(settings.public_url, slug),
            "title": title,
            "status": status,
            "detail": f"{title}.",
        }
    )


def _write_certificates(
    services: FrontServices, key: ec.EllipticCurvePrivateKey, folder: Path
) -> None:
    settings = services.settings.serve
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, settings.officers_name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    issued = services.issuance.issue(
        CertificateRequest(
            profile=PROFILE,
            csr=verify_csr(csr.public_bytes(Encoding.DER)),
            holder=HOLDER,
            facts={
                "organization_name": settings.organization_name,
                "organization_identifier": settings.organization_identifier,
                "server_name": settings.officers_name,
                "dns_names": (settings.officers_name,),
            },
        )
    )
    leaf = x509.load_der_x509_certificate(issued.certificate_der)
    chain = services.authorities.chain(issued.authority)[:-1]
    (folder / "certificate.pem").write_bytes(
        b"".join(one.public_bytes(Encoding.PEM) for one in [leaf, *chain])
    )
    (folder / "trust.pem").write_text(trust_anchors(services.authorities))


def _group_name() -> str:
    return grp.getgrgid(os.getegid()).gr_name


def _in_memory(octets: bytes) -> int:
    """Return an inheritable descriptor of a memory file that holds ``octets``."""
    descriptor = os.memfd_create("officers-front", 0)
    os.write(descriptor, octets)
    os.set_inheritable(descriptor, True)
    return descriptor
