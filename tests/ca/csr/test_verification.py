"""Every defect of a certification request has its own answer."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.csr import RequestedName, refusals, verify_csr
from ca.csr.ed25519_points import is_full_order
from ca.csr.parsing import parse_csr
from ca.csr.refusals import CsrMalformed
from ca.der import BIT_STRING, SEQUENCE, SET, encode_element, encode_oid
from core import oids
from core.errors import CamtrustError, Malformed, Unacceptable
from tests.ca.csr.forge import (
    attribute,
    ec_public_key,
    ed25519_public_key,
    extension,
    extension_request,
    public_key_info,
    request,
    rsa_public_key,
    subject,
)
from tests.ca.software_hierarchy import csr_for, private_key

GOOD = request()
PEM = (
    b"-----BEGIN CERTIFICATE REQUEST-----\n"
    + base64.encodebytes(GOOD)
    + b"-----END CERTIFICATE REQUEST-----\n"
)
CN = oids.COMMON_NAME
# Any odd number will do: the size is refused before anything is computed with it.
ODD_1024, ODD_2048, ODD_3072 = ((1 << bits - 1) + 1 for bits in (1024, 2048, 3072))
POINT = (
    private_key("ec-p256")
    .public_key()
    .public_bytes(  # type: ignore[union-attr]
        Encoding.X962, PublicFormat.UncompressedPoint
    )
)
COMPRESSED = (
    private_key("ec-p256")
    .public_key()
    .public_bytes(  # type: ignore[union-attr]
        Encoding.X962, PublicFormat.CompressedPoint
    )
)
OFF_CURVE = POINT[:-1] + bytes((POINT[-1] ^ 1,))
SHA1_WITH_RSA = encode_element(SEQUENCE, encode_oid(oids.SHA1_WITH_RSA) + b"\x05\x00")
MD5_WITH_RSA = encode_element(SEQUENCE, encode_oid(oids.MD5_WITH_RSA) + b"\x05\x00")
SHA1_WITH_ECDSA = encode_element(SEQUENCE, encode_oid(oids.ECDSA_WITH_SHA1))
PSS = encode_element(SEQUENCE, encode_oid(oids.RSASSA_PSS))
KEY_USAGE = extension(oids.KEY_USAGE, bytes.fromhex("03020780"))
DSA = encode_element(
    SEQUENCE,
    encode_element(SEQUENCE, encode_oid("1.2.840.10040.4.1") + encode_element(SEQUENCE, b""))
    + encode_element(BIT_STRING, b"\x00\x02\x01\x01"),
)
CHALLENGE = encode_element(
    SEQUENCE,
    encode_oid("1.2.840.113549.1.9.7") + encode_element(SET, encode_element(0x0C, b"secret")),
)

ASKING = request(attributes=(CHALLENGE, extension_request(KEY_USAGE)))


def named(value: bytes, tag: int = 0x0C, oid: str = CN) -> bytes:
    return request(subject=subject(attribute(oid, value, tag)))


def with_key(public_key: bytes) -> bytes:
    return request(public_key=public_key)


def foreign_key(key: object) -> bytes:
    public = key.public_key().public_bytes(  # type: ignore[attr-defined]
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return with_key(public)


DEFECTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("csr-truncated", lambda: b""),
    "no request at all": ("csr-malformed", lambda: b"hello, this is no request"),
    "one octet missing": ("csr-truncated", lambda: GOOD[:-1]),
    "half of it": ("csr-truncated", lambda: GOOD[: len(GOOD) // 2]),
    "trailing garbage": ("csr-trailing-data", lambda: GOOD + b"\x00"),
    "two requests": ("csr-trailing-data", lambda: GOOD + GOOD),
    "indefinite length": ("csr-malformed", lambda: b"\x30\x80" + GOOD[3:] + b"\x00\x00"),
    "padded length": ("csr-malformed", lambda: b"\x30\x82\x00\x05" + b"\x05\x00" * 3),
    "another version": ("csr-malformed", lambda: request(version=b"\x02\x01\x01")),
    "a fifth field": ("csr-malformed", lambda: request(extra=b"\x05\x00")),
    "an unknown field": ("csr-malformed", lambda: request(attributes_tag=0xA1)),
    "broken PEM": ("csr-pem-malformed", lambda: PEM.replace(b"END CERT", b"END KERT")),
    "text around PEM": ("csr-pem-malformed", lambda: PEM + b"regards, Sokha"),
    "two PEM blocks": ("csr-pem-malformed", lambda: PEM + PEM),
    "a certificate": ("csr-pem-malformed", lambda: PEM.replace(b" REQUEST", b"")),
    "base64 that is none": ("csr-pem-malformed", lambda: PEM.replace(b"MI", b"M=", 1)),
    "10 MB of attributes": (
        "csr-too-large",
        lambda: request(attributes=(extension_request(extension("1.2.3", bytes(10_000_000))),)),
    ),
    "10 MB of PEM": ("csr-too-large", lambda: PEM + b"\n" * 10_000_000),
    "33 attributes": (
        "csr-malformed",
        lambda: request(
            attributes=tuple(
                encode_element(SEQUENCE, encode_oid(f"1.2.{n}") + encode_element(SET, b"\x05\x00"))
                for n in range(33)
            )
        ),
    ),
    "an attribute twice": ("csr-duplicate-attribute", lambda: request(attributes=(CHALLENGE,) * 2)),
    "extensions asked twice": (
        "csr-duplicate-attribute",
        lambda: request(attributes=(extension_request(KEY_USAGE),) * 2),
    ),
    "a name twice": (
        "csr-duplicate-attribute",
        lambda: request(subject=subject(attribute(CN, b"one"), attribute(CN, b"two"))),
    ),
    "an extension twice": (
        "csr-duplicate-extension",
        lambda: request(attributes=(extension_request(KEY_USAGE, KEY_USAGE),)),
    ),
    "written default criticality": (
        "csr-malformed",
        lambda: request(
            attributes=(
                extension_request(
                    extension(oids.KEY_USAGE, b"\x03\x02\x07\x80", critical=b"\x01\x01\x00")
                ),
            )
        ),
    ),
    "an IP address of five octets": (
        "csr-malformed",
        lambda: request(
            attributes=(
                extension_request(
                    extension(
                        oids.SUBJECT_ALTERNATIVE_NAME,
                        encode_element(SEQUENCE, encode_element(0x87, b"12345")),
                    )
                ),
            )
        ),
    ),
    "wrong signature": (
        "csr-signature-wrong",
        lambda: request(signature=b"\x30\x06" + b"\x02\x01\x05" * 2),
    ),
    "signature of another key": (
        "csr-signature-wrong",
        lambda: request(public_key=public_key_info(private_key("ec-p256", 5))),
    ),
    "a changed name": ("csr-signature-wrong", lambda: GOOD.replace(b"asked", b"taken")),
    "MD5 signature": (
        "csr-weak-signature",
        lambda: request(key=private_key("rsa"), algorithm=MD5_WITH_RSA),
    ),
    "SHA-1 signature with RSA": (
        "csr-weak-signature",
        lambda: request(key=private_key("rsa"), algorithm=SHA1_WITH_RSA),
    ),
    "SHA-1 signature with ECDSA": (
        "csr-weak-signature",
        lambda: request(algorithm=SHA1_WITH_ECDSA),
    ),
    "PSS signature": (
        "csr-signature-algorithm",
        lambda: request(key=private_key("rsa"), algorithm=PSS),
    ),
    "signature algorithm of another key type": (
        "csr-signature-algorithm",
        lambda: request(
            key=private_key("rsa"),
            algorithm=encode_element(SEQUENCE, encode_oid(oids.ECDSA_WITH_SHA256)),
        ),
    ),
    "RSA 1024": ("csr-rsa-too-small", lambda: with_key(rsa_public_key(ODD_1024, 65537))),
    "RSA 2048": ("csr-rsa-too-small", lambda: with_key(rsa_public_key(ODD_2048, 65537))),
    "RSA 16384": ("csr-rsa-too-large", lambda: with_key(rsa_public_key((1 << 16383) + 1, 65537))),
    "RSA exponent 1": ("csr-rsa-exponent", lambda: with_key(rsa_public_key(ODD_3072, 1))),
    "RSA exponent 3": ("csr-rsa-exponent", lambda: with_key(rsa_public_key(ODD_3072, 3))),
    "RSA exponent even": ("csr-rsa-exponent", lambda: with_key(rsa_public_key(ODD_3072, 65538))),
    "RSA exponent huge": (
        "csr-rsa-exponent",
        lambda: with_key(rsa_public_key(ODD_3072, (1 << 64) + 1)),
    ),
    "RSA modulus even": ("csr-key-malformed", lambda: with_key(rsa_public_key(1 << 3071, 65537))),
    "RSA modulus zero": ("csr-key-malformed", lambda: with_key(rsa_public_key(0, 65537))),
    "RSA without NULL": (
        "csr-key-malformed",
        lambda: with_key(rsa_public_key(ODD_3072, 65537, b"")),
    ),
    "P-192": (
        "csr-curve",
        lambda: with_key(ec_public_key(b"\x04" + bytes(48), encode_oid("1.2.840.10045.3.1.1"))),
    ),
    "P-521": ("csr-curve", lambda: foreign_key(ec.generate_private_key(ec.SECP521R1()))),
    "secp256k1": ("csr-curve", lambda: foreign_key(ec.generate_private_key(ec.SECP256K1()))),
    "a curve spelled out": (
        "csr-curve",
        lambda: with_key(ec_public_key(POINT, encode_element(SEQUENCE, b"\x02\x01\x01"))),
    ),
    "a point off its curve": ("csr-point", lambda: with_key(ec_public_key(OFF_CURVE))),
    "the point at infinity": ("csr-point", lambda: with_key(ec_public_key(b"\x00"))),
    "a compressed point": ("csr-point", lambda: with_key(ec_public_key(COMPRESSED))),
    "a point too short": ("csr-point", lambda: with_key(ec_public_key(POINT[:-1]))),
    "Ed25519 of small order": (
        "csr-point",
        lambda: with_key(ed25519_public_key(b"\x01" + bytes(31))),
    ),
    "Ed25519 too short": ("csr-key-malformed", lambda: with_key(ed25519_public_key(bytes(31)))),
    "Ed25519 with parameters": (
        "csr-key-malformed",
        lambda: with_key(ed25519_public_key(bytes(32), b"\x05\x00")),
    ),
    "DSA": ("csr-key-type", lambda: with_key(DSA)),
    "Ed448": ("csr-key-type", lambda: foreign_key(ed448.Ed448PrivateKey.generate())),
    "X25519": ("csr-key-type", lambda: foreign_key(x25519.X25519PrivateKey.generate())),
    "a key that is no key": (
        "csr-key-malformed",
        lambda: with_key(encode_element(SEQUENCE, encode_element(BIT_STRING, b"\x00"))),
    ),
    "NUL in a name": ("csr-name-character", lambda: named(b"www.gov.kh\x00.evil.example")),
    "a line break in a name": ("csr-name-character", lambda: named(b"Sokha\nadmin")),
    "an invisible character": ("csr-name-character", lambda: named("So\u200bkha".encode())),
    "bidi in a name": ("csr-name-bidi", lambda: named("Sokha\u202egnahC".encode())),
    "300 characters": ("csr-name-too-long", lambda: named(b"a" * 300)),
    "65 Khmer letters": ("csr-name-too-long", lambda: named(("ក" * 65).encode())),
    "a country of three letters": (
        "csr-name-too-long",
        lambda: named(b"KHM", 0x13, oids.COUNTRY_NAME),
    ),
    "BMPString": ("csr-string-type", lambda: named("Sokha".encode("utf-16-be"), 0x1E)),
    "TeletexString": ("csr-string-type", lambda: named(b"Sokha", 0x14)),
    "UniversalString": ("csr-string-type", lambda: named("Sokha".encode("utf-32-be"), 0x1C)),
    "an integer for a name": ("csr-string-type", lambda: named(b"\x01", 0x02)),
    "UTF-8 that is none": ("csr-malformed", lambda: named(b"\xff\xfe")),
    "overlong UTF-8": ("csr-malformed", lambda: named(b"\xc0\xaf")),
    "a surrogate in UTF-8": ("csr-malformed", lambda: named(b"\xed\xa0\x80")),
    "PrintableString that is none": ("csr-malformed", lambda: named(b"a*b@c", 0x13)),
    "an empty set for a name": ("csr-malformed", lambda: request(subject=subject(b"\x31\x00"))),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_has_its_own_problem(defect: str) -> None:
    problem, make = DEFECTS[defect]
    with pytest.raises(CamtrustError) as refusal:
        verify_csr(make())
    assert refusal.value.problem == problem
    assert isinstance(refusal.value, Malformed | Unacceptable)
    assert refusal.value.detail.endswith(".")


def test_every_problem_has_a_request_that_meets_it() -> None:
    classes = [
        one
        for one in vars(refusals).values()
        if isinstance(one, type)
        and issubclass(one, CamtrustError)
        and one.__module__ == refusals.__name__
    ]
    assert {one.problem for one in classes} == {problem for problem, _ in DEFECTS.values()}
    assert len({one.problem for one in classes}) == len(classes)


@pytest.mark.parametrize("size", [10_000_000, 50_000_000])
def test_size_is_refused_before_anything_is_read(size: int) -> None:
    data = b"\x30\x84" + size.to_bytes(4, "big") + bytes(size)
    started = time.monotonic()
    with pytest.raises(CsrMalformed):
        verify_csr(data)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa", "ed25519"])
def test_a_good_request_is_verified(kind: str) -> None:
    key = private_key(kind)
    verified = verify_csr(csr_for(key))
    assert verified.public_key_der == public_key_info(key)
    assert verified.public_key_sha256 == sha256(public_key_info(key)).digest()
    assert verified.public_key == key.public_key()
    assert verified.subject == ((CN, "asked"),)
    assert verified.extensions == ()


def test_pem_and_der_are_the_same_request() -> None:
    assert verify_csr(PEM) == verify_csr(GOOD)
    assert verify_csr(PEM.replace(b"\n", b"\r\n")) == verify_csr(GOOD)
    assert verify_csr(PEM.replace(b"CERTIFICATE", b"NEW CERTIFICATE")) == verify_csr(GOOD)
    assert verify_csr(PEM).csr_der == GOOD


def test_names_keep_their_order_and_their_letters() -> None:
    data = request(
        subject=subject(
            attribute(oids.COUNTRY_NAME, b"KH", 0x13),
            attribute(oids.ORGANIZATIONAL_UNIT_NAME, "ក្រសួង".encode()),
            attribute(oids.ORGANIZATIONAL_UNIT_NAME, b"Second"),
            attribute(CN, "សុខ\u200cា".encode()),
        )
    )
    assert verify_csr(data).subject == (
        (oids.COUNTRY_NAME, "KH"),
        (oids.ORGANIZATIONAL_UNIT_NAME, "ក្រសួង"),
        (oids.ORGANIZATIONAL_UNIT_NAME, "Second"),
        (CN, "សុខ\u200cា"),
    )


def test_an_empty_subject_is_no_defect() -> None:
    assert verify_csr(request(subject=subject())).subject == ()


def test_what_is_asked_for_is_reported_and_not_judged() -> None:
    names = encode_element(
        SEQUENCE,
        encode_element(0x82, b"a.gov.kh")
        + encode_element(0x81, b"a@gov.kh")
        + encode_element(0x87, bytes((203, 0, 113, 7)))
        + encode_element(0x86, b"https://gov.kh/")
        + encode_element(0xA4, subject()),
    )
    data = request(
        attributes=(
            CHALLENGE,
            extension_request(
                extension(oids.SUBJECT_ALTERNATIVE_NAME, names),
                extension("1.2.3.4", b"anything", critical=b"\x01\x01\xff"),
            ),
        )
    )
    verified = verify_csr(data)
    assert verified.alternative_names == (
        RequestedName("dns", "a.gov.kh"),
        RequestedName("email", "a@gov.kh"),
        RequestedName("ip", "203.0.113.7"),
        RequestedName("uri", "https://gov.kh/"),
        RequestedName("other", "a4023000"),
    )
    assert [one.oid for one in verified.extensions] == [oids.SUBJECT_ALTERNATIVE_NAME, "1.2.3.4"]
    assert verified.extensions[1].critical
    assert not verified.requests_authority


@pytest.mark.parametrize(
    ("oid", "value", "asks"),
    [
        (oids.BASIC_CONSTRAINTS, "30030101ff", True),
        (oids.BASIC_CONSTRAINTS, "30060101ff020100", True),
        (oids.BASIC_CONSTRAINTS, "3000", False),
        (oids.KEY_USAGE, "03020204", True),
        (oids.KEY_USAGE, "03020102", True),
        (oids.KEY_USAGE, "03020780", False),
        (oids.KEY_USAGE, "0303070080", False),
    ],
)
def test_asking_to_be_an_authority_is_noticed(oid: str, value: str, asks: bool) -> None:
    data = request(attributes=(extension_request(extension(oid, bytes.fromhex(value))),))
    assert verify_csr(data).requests_authority is asks


@pytest.mark.parametrize(
    "options",
    [
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["rsa:3072"],
        ["ed25519"],
    ],
    ids=["P-256", "P-384", "RSA-3072", "Ed25519"],
)
def test_what_openssl_makes_is_read(
    options: list[str], tmp_path: Path, require: Callable[[str], str]
) -> None:
    made = subprocess.run(
        [
            require("openssl"),
            "req",
            "-new",
            "-nodes",
            "-utf8",
            "-newkey",
            *options,
            "-keyout",
            str(tmp_path / "key.pem"),
            "-subj",
            "/C=KH/O=ក្រសួង/CN=Sokha Chan",
            "-addext",
            "subjectAltName=DNS:a.gov.kh",
        ],
        capture_output=True,
        check=True,
    ).stdout
    verified = verify_csr(made)
    assert verified.subject_value(CN) == "Sokha Chan"
    assert verified.alternative_names == (RequestedName("dns", "a.gov.kh"),)


def test_ed25519_keys_of_small_order_are_told_from_real_ones() -> None:
    p = 2**255 - 19
    for y in (0, 1, p - 1, p, p + 1):
        assert not is_full_order(y.to_bytes(32, "little"))
    for _ in range(10):
        assert is_full_order(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def test_rsa_8192_is_the_largest() -> None:
    with pytest.raises(CamtrustError) as refusal:
        verify_csr(with_key(rsa_public_key((1 << 8191) + 1, 65537)))
    assert refusal.value.problem == "csr-signature-algorithm"  # The size is not what it failed on.
    assert isinstance(private_key("rsa"), rsa.RSAPrivateKey)


def only_our_errors(data: bytes) -> None:
    try:
        parse_csr(data)
    except Malformed:
        return
    try:
        verify_csr(data)
    except (Malformed, Unacceptable):
        return


@given(st.binary(max_size=300))
def test_random_octets_give_nothing_but_our_errors(data: bytes) -> None:
    only_our_errors(data)


@settings(max_examples=300)
@given(st.data())
def test_a_changed_request_gives_nothing_but_our_errors(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([GOOD, ASKING])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place] = data.draw(st.integers(0, 255))
    only_our_errors(bytes(octets))


@given(st.data())
def test_a_changed_request_is_never_verified_with_another_meaning(data: st.DataObject) -> None:
    octets = bytearray(GOOD)
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    try:
        verified = verify_csr(bytes(octets))
    except CamtrustError:
        return
    # Only the malleable signature may differ.
    assert parse_csr(verified.csr_der).info_der == parse_csr(GOOD).info_der
