"""SMART Health Cards: Microsoft's test data, the specification's examples and WHO's.

Upstream's tool validates issuers: it also finds what makes no difference to a reader. Where ours
says less, the reason stands beside it.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from signing.passes.codecs import strict_json
from signing.passes.errors import PassRefused
from signing.passes.formats.shc import read_card
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.files import read_trust, trust_from
from signing.passes.verdict import Verdict
from tests.signing.passes import vectors
from tests.signing.passes.issuers import verify

ISSUER = "shc/generate-examples/issuer/.well-known/jwks.json"
EXAMPLE = "shc/test-example-00-"


def verdict_of(*names: str, trust: str = ISSUER) -> Verdict:
    codes = [code for name in names for code in codes_of(vectors.path(name).read_bytes(), SETTINGS)]
    return verify(*codes, trust=trust_from(vectors.path(trust)))


SETTINGS = PassSettings()
CARDS = {
    "shc/ddcc-validator/SHCQR1Contents.txt": Status.VERIFIED,
    "shc/ddcc-validator/SHCQR1Unpacked.txt": Status.VERIFIED,
    f"{EXAMPLE}d-jws-der-signature.txt": Status.INVALID_SIGNATURE,
    f"{EXAMPLE}d-jws-no_jws_header_zip.txt": Status.INVALID_ENCODING,
    # A warning of upstream's too.
    f"{EXAMPLE}d-jws-trailing_chars.txt": Status.VERIFIED,
    f"{EXAMPLE}d-jws-wrong_jws_header_kid.txt": Status.ISSUER_NOT_TRUSTED,
    # What is bad is the key set at the issuer's address, which is not asked: the trusted one is.
    f"{EXAMPLE}e-file-bad_jwks.smart-health-card": Status.VERIFIED,
    f"{EXAMPLE}fhirhealthcard-multi-jws.json": Status.INVALID_ENCODING,
    f"{EXAMPLE}f-qr-code-numeric-value-0-number-too-big.txt": Status.INVALID_ENCODING,
    f"{EXAMPLE}f-qr-code-numeric-value-0-wrong_qr_header.txt": Status.INVALID_ENCODING,
    # A warning of upstream's too: one code that says that it is the first of one.
    f"{EXAMPLE}f-qr-code-numeric-value-0-wrong-multi-chunk.txt": Status.VERIFIED,
    f"{EXAMPLE}g-qr-code-0-scaled-23.jpg": Status.VERIFIED,
    # How the issuer packed the code into segments and how large it is drawn is its own affair.
    f"{EXAMPLE}g-qr-code-0-single_qr_segment.png": Status.VERIFIED,
    f"{EXAMPLE}g-qr-code-inflated-to-v22.png": Status.VERIFIED,
    f"{EXAMPLE}g-qr-code-0-too_many_qr_segment.png": Status.INVALID_ENCODING,
    "shc/test-invalid-jws-payload.png": Status.INVALID_ENCODING,
    "shc/shlink-link.txt": Status.NOT_SUPPORTED,
    "shc/shlink-link-direct.txt": Status.NOT_SUPPORTED,
    "shc/shlink-qr.png": Status.NOT_SUPPORTED,
    "shc/shlink-payload.txt": Status.NOT_SUPPORTED,
    "shc/shlink-manifest-file.txt": Status.NOT_SUPPORTED,
    "shc/test-issuers.json": Status.NOT_SUPPORTED,
}
# Lists that a later step reads (revocation), and fixtures that hold FHIR and nothing of a card.
OTHERS = {
    "shc/README.md",
    "shc/MANIFEST.md",
    "shc/ddcc-validator/SHCQR1FHIRBundle.json",
    "shc/ddcc-validator/SHCQR1FHIRComposition.json",
    "shc/generate-examples/src/fixtures/covid-vaccines-bundle.json",
    "shc/shl-examples/ERn18l4lL3_5yPXMSzx3ZejyMM_XIeWeseXa3DXsJD0.json",
}
KEY_SETS = {
    # Upstream asks for a subject alternative name with the issuer's address; trust here is by file.
    "shc/invalid_no_SAN.public.json",
    "shc/valid_2_chain.public.json",
    "shc/valid_key_with_x5c.json",
    ISSUER,
}
BUNDLES = {
    f"{EXAMPLE}a-fhirBundle-status-not-completed.json": [],
    f"{EXAMPLE}a-fhirBundle-trailing_chars.json": [],
    # Upstream warns of these; FHIR's own rules are the issuer's to keep.
    f"{EXAMPLE}a-non-dm-properties.json": [],
    f"{EXAMPLE}a-short-refs.json": [],
    f"{EXAMPLE}a-fhirBundle-empty-values.json": [],
    f"{EXAMPLE}a-fhirBundle-bad_meta_wrong_security.json": [],
}
PAYLOADS = {
    f"{EXAMPLE}b-jws-payload-expanded-missing-shc-vc-type.json": [
        "vc/type lacks what it has to contain."
    ],
    # In time it is far ahead: NOT_YET_VALID, as upstream says.
    f"{EXAMPLE}b-jws-payload-expanded-nbf_milliseconds.json": [],
    f"{EXAMPLE}b-jws-payload-expanded-trailing_chars.json": [],
}
CHUNKS = [f"shc/test-example-02-f-qr-code-numeric-value-{n}-qr_chunk_too_big.txt" for n in (0, 1)]


@pytest.mark.parametrize("name", CARDS)
def test_a_published_card_gets_its_status(name: str) -> None:
    verdict = verdict_of(name)
    assert verdict.status is CARDS[name], verdict.reasons
    if verdict.is_verified:
        assert verdict.subject is not None
        assert verdict.subject.name == "John B. Anyperson"
        assert verdict.subject.date_of_birth == "1951-01-20"


def test_a_card_in_two_codes_is_put_together_in_either_order_and_half_of_it_is_none() -> None:
    # Upstream finds each code too large to be scanned well, which a reader that has read it knows
    # better. The card is a laboratory's report and names no patient: it could be anybody's.
    for codes in (CHUNKS, reversed(CHUNKS)):
        verdict = verdict_of(*codes)
        assert verdict.status is Status.INVALID_SCHEMA
        assert verdict.reasons == (
            "vc/credentialSubject/fhirBundle/entry lacks what it has to contain.",
        )
    assert verdict_of(CHUNKS[0], CHUNKS[0]).status is Status.INVALID_ENCODING


@pytest.mark.parametrize("fault", ["duplicate-rid", "invalid-method"])
def test_a_card_of_an_issuer_with_a_bad_revocation_list_is_verified_by_its_own_keys(
    fault: str,
) -> None:
    folder = f"shc/badcrl/{fault}"
    card = f"{folder}/jws-crl-{fault}.txt"
    verdict = verdict_of(card, trust=f"{folder}/.well-known/jwks.json")
    assert verdict.is_verified
    assert verdict.identifier == ("abcde" if fault == "invalid-method" else None)
    assert verdict_of(card).status is Status.ISSUER_NOT_TRUSTED


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_published_payload_is_judged_by_the_schema(name: str) -> None:
    claims = strict_json.loads(vectors.text(name))
    assert list(read_card(claims).faults) == PAYLOADS[name]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_published_bundle_is_judged_by_the_schema(name: str) -> None:
    claims = template()
    claims["vc"]["credentialSubject"]["fhirBundle"] = strict_json.loads(vectors.text(name))
    content = read_card(claims)
    assert list(content.faults) == BUNDLES[name]
    assert content.subject.date_of_birth == "1951-01-20"
    assert bool(content.notes) == ("not-completed" in name)


def template() -> Any:
    name = f"{EXAMPLE}b-jws-payload-expanded-nbf_milliseconds.json"
    return copy.deepcopy(strict_json.loads(vectors.text(name)))


@pytest.mark.parametrize("name", sorted(KEY_SETS))
def test_a_published_key_set_is_read_whole(name: str) -> None:
    store = trust_from(vectors.path(name))
    assert store.signers
    assert store.left_aside == ()
    for signer in store.signers:
        # SMART Health Cards: the kid is the thumbprint.
        assert signer.thumbprint.encode() in signer.named_key_ids


def test_every_published_file_has_an_expected_result() -> None:
    known = {*CARDS, *BUNDLES, *PAYLOADS, *KEY_SETS, *OTHERS, *CHUNKS}
    found = {
        name
        for name in vectors.names("shc/**/*")
        if (vectors.VECTORS / name).is_file() and not name.startswith("shc/badcrl/")
    }
    assert found - known == set()


def test_a_list_that_is_no_list_of_keys_is_refused() -> None:
    with pytest.raises(PassRefused):
        read_trust(vectors.path("shc/test-issuers.json").read_bytes(), "issuers")
