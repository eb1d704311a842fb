"""Lists of signers in JSON, each form with its reader; the form is told by its members."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from signing.passes.errors import PassRefused, bad_encoding
from signing.passes.pass_format import PassFormat
from signing.passes.trust.certificates import PassCertificate, read_certificate
from signing.passes.trust.jwk import key_ids_of, signer_of_jwk
from signing.passes.trust.signers import Signer, TrustStore

# GDHCN: .../trustlist/{domain}/{participant}/{usage}; "-" stands for every one of them.
_EVERY = "-"
_DID_PARTS = 3
_SIGNER_USAGE, _AUTHORITY_USAGE = "DSC", "SCA"
_GATEWAY_AUTHORITY = "CSCA"
# What a list is about: its signers are trusted for nothing else.
_GATEWAY_DOMAIN = "DCC"
_HEALTH, _CARDS = frozenset({PassFormat.HC1}), frozenset({PassFormat.SHC})


def read_list(value: Any, source: str) -> TrustStore:
    """Read a list of any known form. Raises PassRefused (INVALID_ENCODING)."""
    if isinstance(value, list):
        return read_gateway(value, source)
    if isinstance(value, dict):
        for member, reader in _FORMS.items():
            if isinstance(value.get(member), list):
                return reader(value, source)
    raise bad_encoding("it is no list of signers of a form that is known here")


def read_jwks(value: dict[str, Any], source: str) -> TrustStore:
    """Read a JWK set (RFC 7517, Section 5)."""
    return _each(value["keys"], source, lambda jwk: _of_key(jwk, source))


def read_vci(value: dict[str, Any], source: str) -> TrustStore:
    """Read the snapshot of the VCI directory: each issuer's keys count for its URL alone."""
    return _each(value["issuerInfo"], source, lambda entry: _of_issuer(entry, source))


def read_gateway(value: list[Any], source: str) -> TrustStore:
    """Read what the EU gateway gives for ``/trustList``: certificates of signers and authorities.

    Other types of certificate (of uploading and of authenticating participants) sign no passes.
    """
    return _each(value, source, lambda entry: _of_gateway(entry, source))


def read_did(value: dict[str, Any], source: str) -> TrustStore:
    """Read a DID document of GDHCN in its embedded form.

    Domain, participant and usage stand in the identifier of each method. Keys of other usages
    than DSC (signers) and SCA (authorities) sign no passes.
    """
    return _each(value["verificationMethod"], source, lambda method: _of_method(method, source))


def _each(entries: list[Any], source: str, read: Callable[[Any], TrustStore]) -> TrustStore:
    # One country's broken entry takes nothing from the others; it is said, and trusts nobody.
    found = TrustStore()
    for number, entry in enumerate(entries, start=1):
        try:
            found = found + read(entry)
        except PassRefused as error:
            found = found + TrustStore(unread=(f"{source}, entry {number}: {error.detail}",))
    if entries and not (found.signers or found.authorities) and found.unread:
        raise bad_encoding(found.unread[0])
    return found


def _of_key(jwk: Any, source: str, **more: Any) -> TrustStore:
    return TrustStore((signer_of_jwk(jwk, source=source, **more),))


def _of_issuer(entry: Any, source: str) -> TrustStore:
    issuer = _member(_member(entry, "issuer", dict), "iss", str)
    if not issuer.startswith("https://"):
        # A key counts for its issuer's address alone, and without one for every issuer.
        raise bad_encoding(f"the issuer {issuer} is no https address")
    keys = _member(entry, "keys", list)
    return _each(
        keys, f"{source}, {issuer}", lambda jwk: _of_key(jwk, source, issuer=issuer, formats=_CARDS)
    )


def _of_gateway(entry: Any, source: str) -> TrustStore:
    kind = str(_member(entry, "certificateType", str)).upper()
    if kind not in (_SIGNER_USAGE, _GATEWAY_AUTHORITY):
        return TrustStore()
    certificate = _certificate(_member(entry, "rawData", str))
    if kind == _GATEWAY_AUTHORITY:
        return TrustStore(authorities=(certificate,))
    name = entry.get("kid")
    signer = Signer(
        key=certificate.key,
        source=source,
        certificate=certificate,
        issuer=str(_member(entry, "country", str)),
        domain=_GATEWAY_DOMAIN,
        formats=_HEALTH,
        named_key_ids=key_ids_of(name) if isinstance(name, str) else frozenset(),
    )
    return TrustStore((signer,))


def _of_method(method: Any, source: str) -> TrustStore:
    if isinstance(method, str):
        raise bad_encoding("it only refers to another DID document: take the embedded form")
    domain, participant, usage = _path(str(_member(method, "id", str)))
    if usage not in (_SIGNER_USAGE, _AUTHORITY_USAGE):
        return TrustStore()
    jwk = _member(method, "publicKeyJwk", dict)
    signer = signer_of_jwk(jwk, source=source, issuer=participant, domain=domain, formats=_HEALTH)
    if usage == _SIGNER_USAGE:
        return TrustStore((signer,))
    if signer.certificate is None:
        raise bad_encoding("an authority's key has no certificate")
    return TrustStore(authorities=(signer.certificate,))


def _path(identifier: str) -> tuple[str | None, str | None, str]:
    parts = identifier.partition("#")[0].split(":")
    if "trustlist" not in parts:
        raise bad_encoding(f"the key {identifier} does not say where it is in GDHCN's trust list")
    below = parts[parts.index("trustlist") + 1 :][:_DID_PARTS]
    domain, participant, usage = below + [_EVERY] * (_DID_PARTS - len(below))
    return (
        None if domain == _EVERY else domain,
        None if participant == _EVERY else participant,
        usage,
    )


def _certificate(text: str) -> PassCertificate:
    try:
        return read_certificate(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise bad_encoding("a certificate in it is not base64") from error


def _member(entry: Any, name: str, kind: type) -> Any:
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, kind):
        raise bad_encoding(f"an entry lacks {name}")
    return value


_FORMS: dict[str, Callable[[dict[str, Any], str], TrustStore]] = {
    "keys": read_jwks,
    "issuerInfo": read_vci,
    "verificationMethod": read_did,
    "certificates": lambda value, source: read_gateway(value["certificates"], source),
}
