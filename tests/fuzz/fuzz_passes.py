"""Feed the verifier of passes with what atheris invents: only verdicts may come out.

    python tests/fuzz/fuzz_passes.py -max_total_time=60 [CORPUS]

The first octet chooses what the rest is: the text of a code, a file, a COSE message, signed claims
in CBOR, signed claims of a card in JSON, the certificate of a seal, or a list of signers.
"""

from __future__ import annotations

import json
import sys

import atheris

with atheris.instrument_imports(include=["signing.passes", "asn1crypto"]):
    from signing.passes.codecs import base64url, compression
    from signing.passes.errors import PassRefused
    from signing.passes.scanning import codes_of
    from signing.passes.trust.files import read_trust

import cbor2

from signing.passes.codecs import cbor
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.signers import TrustStore
from tests.signing.passes.issuers import (
    ES256,
    Authority,
    Issuer,
    claims,
    hc1_of,
    issuer,
    seal_data,
    verify,
)

CSCA = Authority()
HEALTH = issuer(authority=CSCA)
CODE = HEALTH.hc1(claims())
AUTHORITY = TrustStore(authorities=(Issuer(CSCA.key, CSCA.certificate()).parsed,))
TRUST = TrustStore((HEALTH.signer(),)) + AUTHORITY
PROTECTED = cbor.encode({1: ES256, 4: HEALTH.kid})
HEADER = {"zip": "DEF", "alg": "ES256", "kid": HEALTH.signer().thumbprint}
# Pictures and PDF files are decoded by others, in C and in a process of its own.
NOT_TEXT = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"%PDF-")


def signed_claims(payload: bytes) -> str:
    signature = HEALTH.sign(cbor.encode(["Signature1", PROTECTED, b"", payload]))
    return hc1_of(cbor.encode(cbor2.CBORTag(18, [PROTECTED, {}, payload, signature])))


def signed_card(payload: bytes) -> str:
    packed = compression.deflate(payload, raw=True)
    text = ".".join(base64url.encode(one) for one in (json.dumps(HEADER).encode(), packed))
    return f"{text}.{base64url.encode(HEALTH.sign(text.encode()))}"


def file_codes(octets: bytes) -> list[str]:
    if octets.startswith(NOT_TEXT):
        return []
    try:
        return codes_of(octets, PassSettings())
    except PassRefused:
        return []


def one_input(data: bytes) -> None:
    chosen, rest = (data[0] % 7, data[1:]) if data else (0, b"")
    if chosen == 6:
        try:
            found = read_trust(rest, "list")
        except PassRefused:
            return
        assert all(isinstance(sentence, str) for sentence in (AUTHORITY + found).left_aside)
        verify(CODE, trust=AUTHORITY + found)
        return
    makers = (
        lambda: [rest.decode("utf-8", "replace")],
        lambda: file_codes(rest),
        lambda: [hc1_of(rest)],
        lambda: [signed_claims(rest)],
        lambda: [signed_card(rest)],
        lambda: [HEALTH.seal(seal_data(), cer=base64url.encode(rest))],
    )
    verdict = verify(*makers[chosen](), trust=TRUST)
    assert verdict.status in Status
    assert verdict.reasons
    json.dumps(verdict.facts()).encode()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
