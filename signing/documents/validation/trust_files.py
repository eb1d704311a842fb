"""Trust out of files: a file or a folder with certificates, CRLs and trusted lists.

A trusted list ``NAME.xml`` comes with ``NAME.signer.pem``: the certificates of those who may sign
it. These are no anchors for documents.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from asn1crypto import crl, pem, x509

from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.trust import KEPT, Anchor, Trust
from signing.documents.validation.trusted_lists import read_trusted_list

# A CRL of a large authority without shards may have tens of megabytes.
_LARGEST_FILE = 64 << 20
LIST, SIGNER = ".xml", ".signer.pem"
_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der", ".crl"})


def trust_from(path: Path, *, now: datetime) -> Trust:
    """Read a file, or every file of a folder whose name ends as such files do.

    Certificates that are self-issued become anchors, others only help to build a chain, unless
    nothing else makes an anchor: then each is one, since whoever gave it meant something by it.
    CRLs give revocation. Raises TrustUnreadable.
    """
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if _is_trust(one))
    elif path.is_file():
        files = [path]
    else:
        raise TrustUnreadable(f"There is no file or folder {path}.", kept=KEPT)
    listed = Trust()
    for one in files:
        if one.suffix.lower() == LIST:
            listed = listed + read_trusted_list(one, _signers_of(one), now=now)
    trust = listed + _of_certificates([one for one in files if one.suffix.lower() != LIST], listed)
    if not trust.anchors:
        raise TrustUnreadable(f"{path} holds no certificate to be trusted.", kept=KEPT)
    return trust


def signer_file(trusted_list: Path) -> Path:
    """Return where the certificates of a list's signers are expected."""
    return trusted_list.with_name(trusted_list.stem + SIGNER)


def _is_trust(path: Path) -> bool:
    if path.name.lower().endswith(SIGNER):
        return False
    return path.suffix.lower() in _SUFFIXES or path.suffix.lower() == LIST


def _signers_of(trusted_list: Path) -> list[x509.Certificate]:
    path = signer_file(trusted_list)
    if not path.is_file():
        raise TrustUnreadable(
            f"Who may sign the trusted list {trusted_list.name} is not said. Put their certificate "
            f"beside it, as {path.name}.",
            kept=KEPT,
        )
    return _read(path)[0]


def _of_certificates(files: list[Path], listed: Trust) -> Trust:
    found: list[tuple[str, x509.Certificate]] = []
    crls: list[bytes] = []
    for one in files:
        certificates, lists = _read(one)
        found += [(one.name, certificate) for certificate in certificates]
        crls += lists
    anchors = [(name, one) for name, one in found if one.self_issued]
    others = tuple(one for _, one in found if not one.self_issued)
    if not anchors and not listed.anchors:
        anchors, others = found, ()
    return Trust(tuple(Anchor(one, name) for name, one in anchors), others, tuple(crls))


def _read(path: Path) -> tuple[list[x509.Certificate], list[bytes]]:
    if path.stat().st_size > _LARGEST_FILE:
        raise TrustUnreadable(f"{path} is larger than a certificate or a CRL is.", kept=KEPT)
    octets = path.read_bytes()
    certificates: list[x509.Certificate] = []
    crls: list[bytes] = []
    try:
        blocks = list(pem.unarmor(octets, multiple=True)) if pem.detect(octets) else []
        for kind, _, der in blocks or [("", {}, octets)]:
            if kind == "X509 CRL" or (not kind and not _is_certificate(der)):
                _ = crl.CertificateList.load(der, strict=True)["tbs_cert_list"].native
                crls.append(der)
            elif kind in ("", "CERTIFICATE", "TRUSTED CERTIFICATE"):
                certificates.append(_certificate(der))
    except (ValueError, TypeError, KeyError) as error:
        raise TrustUnreadable(
            f"{path} holds neither certificates nor CRLs (PEM or DER).", kept=KEPT
        ) from error
    return certificates, crls


def _certificate(der: bytes) -> x509.Certificate:
    certificate = x509.Certificate.load(der, strict=True)
    _ = certificate.native, certificate.self_issued
    return certificate


def _is_certificate(der: bytes) -> bool:
    try:
        _certificate(der)
    except (ValueError, TypeError, KeyError):
        return False
    return True
