"""Tokens say what RFC 3161 and RFC 5816 ask, and other people's programs verify them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import new, sha256, sha384, sha512
from pathlib import Path

import pytest
import rfc3161_client
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from camtrust.wiring import Services
from signing.timestamps.verification import VerifiedTimestamp, verify_timestamp
from tests.signing.timestamps.conftest import certificate_of, write_chain
from tests.signing.timestamps.queries import DATA, query, read

HASHES = ["sha256", "sha384", "sha512"]
POLICY = "2.999.855.1.32"


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["openssl", "ts", *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("hash_algorithm", HASHES)
@pytest.mark.parametrize("certificates", [True, False], ids=["with", "without"])
def test_openssl_verifies_every_answer(
    stamping: Services,
    unit: str,
    hash_algorithm: str,
    certificates: bool,
    tmp_path: Path,
    require: Callable[[str], str],
) -> None:
    require("openssl")
    root, chain = write_chain(stamping, unit, tmp_path)
    data, asked, answered = tmp_path / "data", tmp_path / "query", tmp_path / "reply"
    data.write_bytes(DATA)
    wanted = ["-cert"] if certificates else []
    openssl("-query", "-data", data, f"-{hash_algorithm}", *wanted, "-out", asked)

    answered.write_bytes(stamping.timestamps.answer(asked.read_bytes(), unit=unit).response_der)

    trust = ["-CAfile", root] if certificates else ["-CAfile", root, "-untrusted", chain]
    for against in (["-queryfile", asked], ["-data", data]):
        assert "Verification: OK" in openssl("-verify", *against, "-in", answered, *trust)
    data.write_bytes(DATA + b".")
    assert "Verification: FAILED" in openssl("-verify", "-data", data, "-in", answered, *trust)


@pytest.mark.parametrize("algorithm", list(rfc3161_client.base.HashAlgorithm))
def test_rfc3161_client_verifies_every_answer(
    stamping: Services, unit: str, algorithm: rfc3161_client.base.HashAlgorithm
) -> None:
    builder = rfc3161_client.TimestampRequestBuilder().data(DATA)
    asked = builder.hash_algorithm(algorithm).build()

    answer = stamping.timestamps.answer(asked.as_bytes(), unit=unit)

    response = rfc3161_client.decode_timestamp_response(answer.response_der)
    root = stamping.authorities.authority("root-1").certificate
    verifier = rfc3161_client.VerifierBuilder.from_request(asked).add_root_certificate(root)
    assert verifier.build().verify_message(response, DATA)


@pytest.mark.parametrize("hash_algorithm", HASHES)
def test_pyhanko_validates_every_token(stamping: Services, unit: str, hash_algorithm: str) -> None:
    root = stamping.authorities.authority("root-1").certificate.public_bytes(Encoding.DER)
    # Revocation is another test's matter: nothing may be fetched here.
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root)], allow_fetching=False
    )
    digest = new(hash_algorithm, DATA).digest()
    token = stamping.timestamps.token_for(digest, hash_algorithm, unit=unit)

    status = asyncio.run(
        validate_tst_signed_data(
            cms.ContentInfo.load(token)["content"], context, lambda name: new(name, DATA).digest()
        )
    )

    assert status["valid"] and status["intact"]
    assert status["trust_problem_indic"] is None


@pytest.mark.parametrize("hash_algorithm", HASHES)
def test_a_token_says_what_was_asked_when_and_under_which_policy(
    stamping: Services, unit: str, hash_algorithm: str
) -> None:
    before = stamping.clock.now()

    reply = read(
        stamping.timestamps.answer(query(hash_algorithm, nonce=2**63 + 5), unit=unit).response_der
    )

    after, info = stamping.clock.now(), reply.tst_info
    assert reply.status == "granted"
    assert info["version"].native == "v1"
    assert info["policy"].native == POLICY
    sent = tsp.TimeStampReq.load(query(hash_algorithm))["message_imprint"]
    assert info["message_imprint"].dump() == sent.dump()
    assert info["nonce"].native == 2**63 + 5
    assert info["accuracy"].native == {"seconds": 1, "millis": None, "micros": None}
    assert info["ordering"].native is False
    cut = timedelta(milliseconds=1)
    assert before - cut <= info["gen_time"].native <= after


def test_without_a_nonce_none_is_made_up(stamping: Services, unit: str) -> None:
    reply = read(stamping.timestamps.answer(query(), unit=unit).response_der)

    assert reply.tst_info["nonce"].native is None


@pytest.mark.parametrize(
    "nonce", [0, 1, 127, 128, -1, 2**64, 2**159, -(2**70)], ids=lambda one: f"{one:x}"
)
def test_a_nonce_is_echoed_as_it_came(stamping: Services, nonce: int) -> None:
    reply = read(stamping.timestamps.answer(query(nonce=nonce)).response_der)

    assert reply.tst_info["nonce"].native == nonce


def test_parameters_of_the_hash_algorithm_are_echoed_as_they_came(stamping: Services) -> None:
    for parameters in (b"", b"\x05\x00"):
        oid = bytes.fromhex("0609608648016503040201") + parameters
        algorithm = bytes([0x30, len(oid)]) + oid
        imprint = algorithm + b"\x04\x20" + sha256(DATA).digest()
        der = b"\x02\x01\x01" + bytes([0x30, len(imprint)]) + imprint
        asked = bytes([0x30, len(der)]) + der

        reply = read(stamping.timestamps.answer(asked).response_der)

        assert reply.tst_info["message_imprint"].contents == imprint


def test_certificates_are_in_the_token_if_and_only_if_they_were_asked_for(
    stamping: Services, unit: str
) -> None:
    without = read(stamping.timestamps.answer(query(), unit=unit).response_der)
    refused = read(stamping.timestamps.answer(query(cert_req=False), unit=unit).response_der)
    asked = read(stamping.timestamps.answer(query(cert_req=True), unit=unit).response_der)

    assert without.certificates == refused.certificates == []
    leaf = certificate_of(stamping, unit)
    issuer = "camdx-1" if unit == "camdx" else "programs-1"
    assert asked.certificates == sorted(
        one.public_bytes(Encoding.DER)
        for one in (leaf, stamping.authorities.authority(issuer).certificate)
    )


def test_the_signing_certificate_is_named_by_its_sha256(stamping: Services, unit: str) -> None:
    reply = read(stamping.timestamps.answer(query(), unit=unit).response_der)

    leaf = certificate_of(stamping, unit)
    assert set(reply.attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    [named] = reply.attributes["signing_certificate_v2"]["certs"]
    assert named["hash_algorithm"]["algorithm"].native == "sha256"
    assert named["cert_hash"].native == sha256(leaf.public_bytes(Encoding.DER)).digest()
    assert named["issuer_serial"]["serial_number"].native == leaf.serial_number
    [signer] = reply.signed_data["signer_infos"]
    assert signer["sid"].chosen["serial_number"].native == leaf.serial_number
    assert signer["sid"].chosen["issuer"].dump() == leaf.issuer.public_bytes()


def test_attributes_stand_in_the_order_of_der(stamping: Services, unit: str) -> None:
    reply = read(stamping.timestamps.answer(query(), unit=unit).response_der)

    [signer] = reply.signed_data["signer_infos"]
    attributes = [one.dump() for one in signer["signed_attrs"]]
    assert attributes == sorted(attributes)


def test_the_units_certificate_is_for_time_stamping_alone(stamping: Services, unit: str) -> None:
    certificate = certificate_of(stamping, unit)

    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert list(usage.value) == [x509.ExtendedKeyUsageOID.TIME_STAMPING]
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey) == (unit == "camdx")


def test_the_policy_that_was_asked_for_is_in_the_token(stamping: Services) -> None:
    reply = read(stamping.timestamps.answer(query(req_policy=POLICY)).response_der)

    assert reply.tst_info["policy"].native == POLICY


@pytest.mark.parametrize(
    ("name", "hashed"), [("sha256", sha256), ("sha384", sha384), ("sha512", sha512)]
)
def test_a_digest_is_stamped_within_the_process(
    stamping: Services, unit: str, name: str, hashed: Callable[[bytes], object]
) -> None:
    digest: bytes = hashed(DATA).digest()  # type: ignore[attr-defined]

    token = stamping.timestamps.token_for(digest, name, unit=unit)

    signed = cms.ContentInfo.load(token, strict=True)["content"]
    info = signed["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == digest
    assert info["message_imprint"]["hash_algorithm"]["algorithm"].native == name
    assert info["nonce"].native is None
    assert len(signed["certificates"]) == 2


def test_within_the_process_a_nonce_is_taken_too(stamping: Services) -> None:
    digest = sha256(DATA).digest()

    token = stamping.timestamps.token_for(digest, "sha256", nonce=2**64 - 1)

    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    assert info["nonce"].native == 2**64 - 1


def test_one_signature_is_made_for_a_token(
    stamping: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = stamping.timestamp_wiring.units.unit("main").template._key
    made: list[bytes] = []
    real = type(key).sign
    monkeypatch.setattr(
        type(key), "sign", lambda self, message: made.append(message) or real(self, message)
    )

    stamping.timestamps.token_for(sha256(DATA).digest(), "sha256")

    assert len(made) == 1


def test_many_threads_stamp_at_once_and_no_number_comes_twice(stamping: Services) -> None:
    def stamp(number: int) -> VerifiedTimestamp:
        data = f"letter {number}".encode()
        token = stamping.timestamps.token_for(sha256(data).digest(), "sha256")
        root = stamping.authorities.authority("root-1").certificate
        return verify_timestamp(token, data=data, nonce=None, anchors=[root])

    with ThreadPoolExecutor(8) as pool:
        verified = list(pool.map(stamp, range(200)))

    assert len({one.serial_number for one in verified}) == 200


def test_times_never_go_back_from_one_token_to_the_next(stamping: Services) -> None:
    times = [
        read(stamping.timestamps.answer(query()).response_der).tst_info["gen_time"].native
        for _ in range(50)
    ]

    assert times == sorted(times)
