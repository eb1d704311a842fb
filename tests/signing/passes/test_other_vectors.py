"""ICAO's seals, WHO's samples, and published codes of formats that are not read here."""

from __future__ import annotations

import json

import pytest

from signing.passes.codecs import base45, base64url, compression
from signing.passes.codecs.cose import read_claims, read_sign1
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.files import trust_from
from signing.passes.trust.jwk import key_ids_of
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verdict import Verdict
from tests.signing.passes import vectors
from tests.signing.passes.issuers import verify

SETTINGS = PassSettings()
AUSTRALIA = "vdsnc/apo-android/csca-AUS.b64"
SEAL, UTOPIA = "vdsnc/apo-android/valid.json", "vdsnc/vds-nc-dotnet/example-UTO.json"
WHO = {
    "who-ddcc/ddcc-validator/WHOQR1Contents.txt": "who-ddcc/ddcc-validator/WHOQR1Unpacked.json",
    "who-ddcc/ddcc-validator/WHOSingaporePCRContents.txt": (
        "who-ddcc/ddcc-validator/WHOSingaporePCRUnpacked.json"
    ),
}


def code(name: str) -> str:
    (found,) = codes_of(vectors.path(name).read_bytes(), SETTINGS)
    return found


def verdict_of(name: str, trust: TrustStore) -> Verdict:
    return verify(code(name), trust=trust)


def test_australias_seal_is_verified_by_its_authority() -> None:
    verdict = verdict_of(SEAL, trust_from(vectors.path(AUSTRALIA)))
    assert verdict.status is Status.VERIFIED, verdict.reasons
    assert verdict.issuer == "AUS"
    assert verdict.subject is not None
    assert verdict.subject.standardised_name == "CITIZEN  JOHN"


def test_australias_revocation_list_is_read_and_names_nobody() -> None:
    crl = trust_from(vectors.path("vdsnc/apo-android/crl-AUS.b64"))
    assert [one.serial_numbers for one in crl.revocation_lists] == [frozenset()]
    assert verdict_of(SEAL, trust_from(vectors.path(AUSTRALIA)) + crl).is_verified


def test_one_changed_letter_in_australias_seal_is_noticed() -> None:
    trust = trust_from(vectors.path(AUSTRALIA))
    forged = code(SEAL).replace("CITIZEN  JOHN", "CITIZEN  JOAN")
    assert verify(forged, trust=trust).status is Status.INVALID_SIGNATURE


def test_utopias_seal_has_a_right_signature_by_a_certificate_without_the_usage() -> None:
    # An X.509 version 1 certificate, without any extension: good for the mathematics alone.
    document = json.loads(code(UTOPIA))
    assert verdict_of(UTOPIA, TrustStore()).status is Status.ISSUER_NOT_TRUSTED
    certificate = read_certificate(base64url.decode(document["sig"]["cer"]))
    signer = Signer(certificate.key, "test", certificate)
    assert verdict_of(UTOPIA, TrustStore((signer,))).status is Status.WRONG_KEY_USAGE


def test_json_that_is_no_seal_is_not_supported() -> None:
    verdict = verdict_of("vdsnc/apo-android/non-vds.json", TrustStore())
    assert verdict.status is Status.NOT_SUPPORTED


@pytest.mark.parametrize("name", WHO)
def test_whos_samples_hold_what_upstream_unpacks(name: str) -> None:
    octets = base45.decode(code(name).removeprefix("HC1:"))
    message = read_sign1(compression.inflate(octets, most=SETTINGS.largest_content))
    assert read_claims(message) == vectors.document(WHO[name])


@pytest.mark.parametrize("name", WHO)
def test_whos_samples_are_read_and_their_signers_are_nobody_whom_we_know(name: str) -> None:
    # The keys are not published with the samples.
    verdict = verdict_of(name, TrustStore())
    assert verdict.status is Status.ISSUER_NOT_TRUSTED
    assert verdict.kind in ("WHO DDCC vaccination", "WHO DDCC test")


@pytest.mark.parametrize("name", vectors.names("divoc/ddcc-validator/*Contents.txt"))
def test_a_divoc_code_is_not_supported_and_says_what_it_is(name: str) -> None:
    verdict = verdict_of(name, TrustStore())
    assert verdict.status is Status.NOT_SUPPORTED
    assert "DIVOC" in verdict.reasons[0]


def test_a_kid_in_base64_is_found_under_its_octets() -> None:
    # As GDHCN's documents write it: base64 of 8 octets.
    assert bytes.fromhex("5cf8e12fd6677753") in key_ids_of("XPjhL9Znd1M=")


# Published examples of what comes later than reading, or is no pass: certlogic (rules of a
# destination), statuslist (revocation; its tokens are read in test_codecs), sdjwt (disclosure by
# choice, in no format that is verified here).
LATER = {"certlogic", "statuslist", "sdjwt"}
READ = {"divoc", "eudcc", "eudcc-schema", "shc", "vdsnc", "ve-examples", "who-ddcc"}


def test_every_folder_of_examples_is_spoken_for() -> None:
    found = {one.name for one in vectors.VECTORS.glob("*") if one.is_dir()}
    assert found <= LATER | READ
