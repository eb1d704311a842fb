"""Contents signed and written as the texts of codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hsm.jose import jws_signature, sign_jws
from signing.passes.codecs import base45, base64url, cbor, compression, strict_json
from signing.passes.codecs.cose import build_sign1
from signing.passes.formats.hc1 import PREFIX
from signing.passes.issuing.contents.dcc import dcc
from signing.passes.issuing.contents.icvp import icvp
from signing.passes.issuing.contents.identity import full_identity, is_of_age, minimal_identity
from signing.passes.issuing.contents.shc import shc
from signing.passes.issuing.contents.source import PassSource
from signing.passes.issuing.contents.vds_nc import vds_nc
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.signers import PassSigner
from signing.passes.issuing.status_index import StatusIndex

_ISSUER = "KH"
# RFC 8392, Section 4; HCERT specification, Section 3.3; token status list, Section 6.3.
_ISS, _EXP, _IAT, _CNF, _STATUS, _IDENTITY, _HCERT = 1, 4, 6, 8, 65535, 169, -260
_DCC, _ICVP = 1, -6
# RFC 9052, Section 3.1; RFC 9053, Section 2.1.
_ALG, _KID, _ES256 = 1, 4, -7
# RFC 8747, Section 3.4: a confirmation by the key's identifier.
_CONFIRMED_KID = 3
# ISO/IEC 18013-5, Section 7.2.5: the word for an age that is shown without the date of birth.
_OF_AGE = "age_over_18"

Content = Mapping[Any, Any]


@dataclass(frozen=True)
class Terms:
    """What is the same for all codes of a pass. ``status`` names its place in a status list."""

    issued_at: datetime
    expires_at: datetime
    status: StatusIndex


@dataclass(frozen=True)
class _Coding:
    build: Callable[[PassSource], Content]
    sign: Callable[[Content, PassSource, Terms, PassSigner], str]


def content_of(kind: CodeKind, source: PassSource) -> Content:
    """Build what a code says. Raises RecordIncomplete."""
    return _CODINGS[kind].build(source)


def code_of(
    kind: CodeKind, content: Content, source: PassSource, terms: Terms, signer: PassSigner
) -> str:
    """Sign a content; return the text of its code. Raises what the key raises.

    A SMART Health Card is its JWS: a code of it has two digits for each character.
    """
    return _CODINGS[kind].sign(content, source, terms, signer)


def _hc1(sub_claim: int) -> Callable[[Content, PassSource, Terms, PassSigner], str]:
    def sign(content: Content, _source: PassSource, terms: Terms, signer: PassSigner) -> str:
        claims = _claims(terms) | {_HCERT: {sub_claim: content}}
        return PREFIX + _token(claims, signer)

    return sign


def _vds_nc(content: Content, _source: PassSource, _terms: Terms, signer: PassSigner) -> str:
    seal = {
        "alg": "ES256",
        "cer": base64url.encode(signer.held.certificate_der),
        "sigvl": base64url.encode(jws_signature(signer.key, strict_json.canonical(content))),
    }
    return strict_json.compact({"data": content, "sig": seal}).decode()


def _shc(content: Content, source: PassSource, terms: Terms, signer: PassSigner) -> str:
    claims = {
        "iss": source.address,
        "nbf": int(terms.issued_at.timestamp()),
        "exp": int(terms.expires_at.timestamp()),
        "vc": content,
    }
    payload = compression.deflate(strict_json.compact(claims), raw=True)
    return sign_jws(signer.key, payload, header={"zip": "DEF"})


def _identity(content: Content, source: PassSource, terms: Terms, signer: PassSigner) -> str:
    identity = source.record.identity
    claims = _claims(terms) | {_IDENTITY: content}
    if identity is not None and identity.key is not None:
        claims[_CNF] = {_CONFIRMED_KID: base64url.decode(identity.key, what="The key")}
    return _token(claims, signer)


def _minimal(content: Content, source: PassSource, terms: Terms, signer: PassSigner) -> str:
    of_age = is_of_age(source.person.date_of_birth, terms.issued_at.date())
    claims = _claims(terms) | {_IDENTITY: content, _OF_AGE: of_age}
    return _token(claims, signer)


def _claims(terms: Terms) -> dict[Any, Any]:
    return {
        _ISS: _ISSUER,
        _EXP: int(terms.expires_at.timestamp()),
        _IAT: int(terms.issued_at.timestamp()),
        _STATUS: {"status_list": {"idx": terms.status.index, "uri": terms.status.uri}},
    }


def _token(claims: Mapping[Any, Any], signer: PassSigner) -> str:
    header = {_ALG: _ES256, _KID: signer.key_id}
    message = build_sign1(
        cbor.encode(dict(claims)), header, lambda octets: jws_signature(signer.key, octets)
    )
    return base45.encode(compression.deflate(message))


_CODINGS: Mapping[CodeKind, _Coding] = {
    CodeKind.DCC: _Coding(dcc, _hc1(_DCC)),
    CodeKind.ICVP: _Coding(icvp, _hc1(_ICVP)),
    CodeKind.VDS_NC: _Coding(vds_nc, _vds_nc),
    CodeKind.SHC: _Coding(shc, _shc),
    CodeKind.CLAIM_169: _Coding(full_identity, _identity),
    CodeKind.CLAIM_169_MINIMAL: _Coding(minimal_identity, _minimal),
}
