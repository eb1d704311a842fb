"""Trust out of files: certificates, CRLs and lists of signers, one file or a folder of them."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from asn1crypto import pem

from signing.passes.codecs import strict_json
from signing.passes.codecs.jws import is_compact
from signing.passes.errors import PassRefused, PassTrustUnreadable, bad_encoding
from signing.passes.trust.certificates import PassCertificate, read_certificate
from signing.passes.trust.lists import read_list
from signing.passes.trust.revoked import read_revocation_list
from signing.passes.trust.signers import Signer, TrustStore, joined
from signing.passes.trust.tokens import read_cwt, read_jws

# Of a folder; a file that is named itself may be called anything.
_SUFFIXES = frozenset(
    {".pem", ".crt", ".cer", ".der", ".crl", ".b64", ".json", ".jwks", ".jws", ".jwt", ".cwt"}
)
# The EU's whole trust list has less than two megabytes.
_LARGEST_FILE = 32 << 20
_JSON = (b"{", b"[")
# COSE_Sign1 (tag 18), within a CWT (tag 61) or alone.
_CBOR = (b"\xd2", b"\xd8\x3d")


def trust_from(path: Path) -> TrustStore:
    """Read a file, or every file of a folder whose name ends as such files do.

    Of certificates, authorities may issue signers (ICAO's CSCA), all others are signers
    themselves. Raises PassTrustUnreadable, which names the file.
    """
    if path.is_dir():
        names = sorted(path.iterdir())
        return joined(_read(one) for one in names if one.suffix.lower() in _SUFFIXES)
    return _read(path)


def _read(path: Path) -> TrustStore:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise PassTrustUnreadable(f"{path} is larger than any list of signers.")
        octets = path.read_bytes()
    except OSError as error:
        raise PassTrustUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return read_trust(octets, path.name)
    except PassRefused as error:
        raise PassTrustUnreadable(f"{path} is refused: {error.detail}") from error


def read_trust(octets: bytes, source: str) -> TrustStore:
    """Read the content of one file, whose form it shows itself. Raises PassRefused."""
    bare = octets.strip()
    if bare.startswith(_JSON):
        return read_list(strict_json.loads(bare), source)
    if is_compact(bare.decode("latin-1")):
        return read_jws(bare.decode("ascii"), source)
    if bare.startswith(_CBOR):
        return read_cwt(octets, source)
    if pem.detect(bare):
        return _read_blocks(_blocks(bare), source)
    try:
        return _read_der(base64.b64decode(b"".join(bare.split()), validate=True), source)
    except (binascii.Error, ValueError):
        return _read_der(octets, source)


def _blocks(octets: bytes) -> list[bytes]:
    try:
        return [der for _, _, der in pem.unarmor(octets, multiple=True)]
    except ValueError as error:
        raise bad_encoding("its PEM is broken") from error


def _read_blocks(blocks: list[bytes], source: str) -> TrustStore:
    # As in lists: one country's odd certificate takes nothing from the others in the bundle.
    found = TrustStore()
    for number, der in enumerate(blocks, start=1):
        try:
            found = found + _read_der(der, source)
        except PassRefused as error:
            if len(blocks) == 1:
                raise
            found = found + TrustStore(unread=(f"{source}, entry {number}: {error.detail}",))
    return found


def _read_der(der: bytes, source: str) -> TrustStore:
    try:
        certificate = read_certificate(der)
    except PassRefused as refused:
        try:
            return TrustStore(revocation_lists=(read_revocation_list(der, source),))
        except PassRefused:
            raise refused from None
    return _of_certificate(certificate, source)


def _of_certificate(certificate: PassCertificate, source: str) -> TrustStore:
    if certificate.is_authority:
        return TrustStore(authorities=(certificate,))
    signer = Signer(
        key=certificate.key, source=source, certificate=certificate, issuer=certificate.country
    )
    return TrustStore(signers=(signer,))
