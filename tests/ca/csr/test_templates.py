"""CertReqMsg of CRMF: each defect gets its own refusal, and what is good is read whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from ca.csr import template_refusals, verify_cert_request, verify_csr
from ca.csr.templates import named_certificate, parse_cert_request
from ca.der import BIT_STRING, SEQUENCE, encode_element, encode_oid, read_only
from core.errors import CamtrustError, Malformed, Unacceptable
from tests.ca.csr.forge import ECDSA_SHA256, attribute, extension, public_key_info, subject
from tests.ca.software_hierarchy import csr_for, private_key

KEY = private_key("ec-p256")
NAME = subject(attribute("2.5.4.3", b"asked"))
PUBLIC_KEY = encode_element(0xA6, read_only(public_key_info(KEY), SEQUENCE).value)
SUBJECT = encode_element(0xA5, NAME)
ISSUER = encode_element(0xA3, NAME)
NUMBER = b"\x02\x01\x00"


def sequence(*parts: bytes) -> bytes:
    return encode_element(SEQUENCE, b"".join(parts))


def validity(*times: bytes) -> bytes:
    return encode_element(0xA4, b"".join(times))


def message(
    *fields: bytes,
    number: bytes = NUMBER,
    controls: bytes = b"",
    proof: Callable[[bytes], bytes] | None = None,
    rest: bytes = b"",
) -> bytes:
    """A CertReqMsg with these fields of a template, signed as it should be."""
    request = sequence(number, sequence(*fields), controls)
    return sequence(request, (proof or signed)(request), rest)


def signed(request: bytes) -> bytes:
    assert isinstance(KEY, ec.EllipticCurvePrivateKey)
    value = KEY.sign(request, ec.ECDSA(SHA256()))
    return encode_element(0xA1, ECDSA_SHA256 + encode_element(BIT_STRING, b"\x00" + value))


def control(oid: str, value: bytes) -> bytes:
    return sequence(sequence(encode_oid(oid), value))


def test_a_good_request_is_read_whole() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("a.gov.kh")]).public_bytes()
    until = encode_element(0xA1, encode_element(0x17, b"270131120000Z"))
    data = message(
        *(ISSUER, validity(until), SUBJECT, PUBLIC_KEY),
        encode_element(0xA9, extension("2.5.29.17", names)),
        number=b"\x02\x01\x07",
        controls=control("1.3.6.1.5.5.7.5.1.5", b"\x30\x00"),
    )
    csr, template = verify_cert_request(data)
    assert csr.public_key == KEY.public_key()
    assert csr.public_key_der == public_key_info(KEY)
    assert csr.subject == (("2.5.4.3", "asked"),)
    assert [(one.kind, one.value) for one in csr.alternative_names] == [("dns", "a.gov.kh")]
    assert (template.cert_req_id, template.ra_verified) == (7, False)
    assert (template.issuer_der, template.subject_der) == (NAME, NAME)
    assert template.not_after == datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert template.controls == {"1.3.6.1.5.5.7.5.1.5": b"\x30\x00"}


def test_it_is_the_same_key_as_in_a_pkcs10_request() -> None:
    csr, _ = verify_cert_request(message(SUBJECT, PUBLIC_KEY))
    assert csr.public_key_sha256 == verify_csr(csr_for(KEY)).public_key_sha256


@pytest.mark.parametrize(
    ("tag", "text", "year"),
    [
        (0x17, b"490101000000Z", 2049),
        (0x17, b"500101000000Z", 1950),
        (0x18, b"20500101000000Z", 2050),
    ],
)
def test_years_are_read_as_certificates_have_them(tag: int, text: bytes, year: int) -> None:
    until = encode_element(0xA1, encode_element(tag, text))
    _, template = verify_cert_request(message(validity(until), PUBLIC_KEY))
    assert template.not_after is not None
    assert template.not_after.year == year


DEFECTS = {
    "nothing": ("csr-malformed", b""),
    "cut off": ("csr-malformed", message(SUBJECT, PUBLIC_KEY)[:-1]),
    "more after it": ("csr-malformed", message(SUBJECT, PUBLIC_KEY) + b"\x00"),
    "too large": ("csr-too-large", message(SUBJECT, PUBLIC_KEY) + bytes(40_000)),
    "no template": ("csr-malformed", sequence(sequence(NUMBER))),
    "a field twice": ("csr-malformed", message(SUBJECT, SUBJECT, PUBLIC_KEY)),
    "fields in a wrong order": ("csr-malformed", message(PUBLIC_KEY, SUBJECT)),
    "an unknown field": ("csr-malformed", message(SUBJECT, PUBLIC_KEY, b"\xaa\x00")),
    "two names": ("csr-malformed", message(encode_element(0xA5, NAME + NAME), PUBLIC_KEY)),
    "a validity of nothing": ("csr-malformed", message(validity(), PUBLIC_KEY)),
    "a time that is none": (
        "csr-malformed",
        message(validity(encode_element(0xA1, encode_element(0x17, b"soon"))), PUBLIC_KEY),
    ),
    "a control twice": (
        "csr-malformed",
        message(
            SUBJECT,
            PUBLIC_KEY,
            controls=sequence(*[sequence(encode_oid("1.2.3"), b"\x05\x00")] * 2),
        ),
    ),
    "two proofs": (
        "csr-malformed",
        message(SUBJECT, PUBLIC_KEY, rest=b"\x80\x00"),
    ),
    "an extension twice": (
        "csr-duplicate-extension",
        message(PUBLIC_KEY, encode_element(0xA9, extension("2.5.29.17", b"\x30\x00") * 2)),
    ),
    "a serial number": ("template-refused", message(b"\x81\x01\x07", SUBJECT, PUBLIC_KEY)),
    "version 1": ("template-refused", message(b"\x80\x01\x00", SUBJECT, PUBLIC_KEY)),
    "no key": ("template-refused", message(SUBJECT)),
    "archival of the key": (
        "template-refused",
        message(SUBJECT, PUBLIC_KEY, controls=control("1.3.6.1.5.5.7.5.1.4", b"\x82\x01\xff")),
    ),
    "no proof": ("possession-not-shown", message(SUBJECT, PUBLIC_KEY, proof=lambda _r: b"")),
    "the word of a stranger": (
        "possession-not-shown",
        message(SUBJECT, PUBLIC_KEY, proof=lambda _request: b"\x80\x00"),
    ),
    "a proof by encryption": (
        "possession-not-shown",
        message(SUBJECT, PUBLIC_KEY, proof=lambda _request: b"\xa2\x03\x81\x01\x00"),
    ),
    "poposkInput": (
        "possession-not-shown",
        message(SUBJECT, PUBLIC_KEY, proof=lambda _request: b"\xa1\x02\xa0\x00"),
    ),
    "a proof over something else": (
        "csr-signature-wrong",
        message(SUBJECT, PUBLIC_KEY, proof=lambda request: signed(request[:-1])),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_has_its_own_problem(defect: str) -> None:
    problem, data = DEFECTS[defect]
    with pytest.raises(CamtrustError) as refusal:
        verify_cert_request(data)
    assert refusal.value.problem == problem
    assert isinstance(refusal.value, Malformed | Unacceptable)
    assert refusal.value.detail.endswith(".")


def test_every_problem_of_templates_has_a_request_that_meets_it() -> None:
    own = {
        one.problem
        for one in vars(template_refusals).values()
        if isinstance(one, type) and one.__module__ == template_refusals.__name__
    }
    assert own <= {problem for problem, _ in DEFECTS.values()}
    assert len(own) == 2


def test_who_is_believed_needs_no_signature_and_may_still_send_one() -> None:
    vouched = message(SUBJECT, PUBLIC_KEY, proof=lambda _request: b"\x80\x00")
    csr, template = verify_cert_request(vouched, sender_is_believed=True)
    assert template.ra_verified
    assert csr.public_key == KEY.public_key()
    _, template = verify_cert_request(message(SUBJECT, PUBLIC_KEY), sender_is_believed=True)
    assert not template.ra_verified
    wrong = message(SUBJECT, PUBLIC_KEY, proof=lambda request: signed(request[:-1]))
    with pytest.raises(CamtrustError, match="not signed"):
        verify_cert_request(wrong, sender_is_believed=True)


def test_a_weak_signature_is_refused_before_it_is_computed() -> None:
    sha1 = sequence(encode_oid("1.2.840.10045.4.1"))
    proof = encode_element(0xA1, sha1 + encode_element(BIT_STRING, b"\x00\x30\x00"))
    with pytest.raises(CamtrustError) as refusal:
        verify_cert_request(message(SUBJECT, PUBLIC_KEY, proof=lambda _request: proof))
    assert refusal.value.problem == "csr-weak-signature"


def test_a_certificate_is_named_by_issuer_and_serial_number() -> None:
    found = named_certificate(read_only(sequence(b"\x81\x02\x01\x00", ISSUER), SEQUENCE))
    assert found == (NAME, 256)
    for fields in ((ISSUER,), (b"\x81\x01\x07",), ()):
        with pytest.raises(CamtrustError) as refusal:
            named_certificate(read_only(sequence(*fields), SEQUENCE))
        assert refusal.value.problem == "template-refused"


def test_changed_octets_give_nothing_but_our_errors() -> None:
    dice = random.Random(4)
    good = message(ISSUER, SUBJECT, PUBLIC_KEY)
    verified = 0
    for _ in range(3000):
        place = dice.randrange(len(good))
        changed = good[:place] + bytes([dice.randrange(256)]) + good[place + 1 :]
        try:
            parse_cert_request(changed)
            verify_cert_request(changed)
            verified += changed == good
        except (Malformed, Unacceptable):
            assert changed != good
            continue
        assert changed == good
    assert verified < 100
