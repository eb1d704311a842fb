"""What `camtrust tsa verify` believes: tokens of others too, and nothing that was changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.der import encode_oid
from camtrust.wiring import Services
from core.errors import CamtrustError
from signing.timestamps.chains import leads_to_anchor
from signing.timestamps.hashes import BY_NAME
from signing.timestamps.token import TstInfo
from signing.timestamps.verification import (
    TimestampMalformed,
    TimestampNotVerified,
    VerifiedTimestamp,
    token_of,
    verify_timestamp,
)
from tests.signing.timestamps.queries import DATA, query
from tests.signing.timestamps.someone import SomeonesUnit

OPENSSL_TSA = """
[tsa]
default_tsa = unit
[unit]
serial = serial
signer_cert = unit.pem
signer_key = unit.key
certs = root.pem
default_policy = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = {ess}
ess_cert_id_chain = no
"""


def verify(services: Services, token: bytes, data: bytes = DATA) -> VerifiedTimestamp:
    root = services.authorities.authority("root-1").certificate
    return verify_timestamp(token, data=data, nonce=None, anchors=[root])


@pytest.fixture
def token(stamping: Services) -> bytes:
    return stamping.timestamps.token_for(sha256(DATA).digest(), "sha256")


def test_a_token_of_ours_verifies(stamping: Services, token: bytes) -> None:
    verified = verify(stamping, token)

    assert verified.policy == "2.999.855.1.32"
    assert verified.hash_algorithm == "sha256"
    assert datetime.now(UTC) - verified.gen_time < timedelta(minutes=1)


def test_the_nonce_has_to_be_the_querys(stamping: Services) -> None:
    root = stamping.authorities.authority("root-1").certificate
    reply = stamping.timestamps.answer(query(nonce=7, cert_req=True)).response_der

    assert verify_timestamp(reply, data=DATA, nonce=7, anchors=[root])
    with pytest.raises(TimestampNotVerified, match="another query"):
        verify_timestamp(reply, data=DATA, nonce=8, anchors=[root])


def test_another_anchor_is_not_led_to(stamping: Services, token: bytes) -> None:
    other = stamping.authorities.authority("health-1").certificate

    with pytest.raises(TimestampNotVerified, match="no anchor"):
        verify_timestamp(token, data=DATA, nonce=None, anchors=[other])


@settings(max_examples=300, deadline=None)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_changed_bit_of_what_was_signed_verifies(
    stamping_token: tuple[Services, bytes], place: int, bit: int
) -> None:
    services, whole = stamping_token
    signed = cms.ContentInfo.load(whole)["content"]
    [signer] = signed["signer_infos"]
    # Certificates that are not the signer's prove nothing either way: the rest is signed.
    parts = [
        signed["encap_content_info"].dump(),
        signer["signed_attrs"].dump(),
        signer["signature"].dump(),
    ]
    chosen = parts[place % len(parts)]
    start = whole.index(chosen) + place // len(parts) % len(chosen)
    changed = bytearray(whole)
    changed[start] ^= 1 << bit

    with pytest.raises(CamtrustError):
        verify(services, bytes(changed))


@pytest.fixture(scope="module")
def stamping_token(stamping: Services) -> tuple[Services, bytes]:
    return stamping, stamping.timestamps.token_for(sha256(DATA).digest(), "sha256")


@given(data=st.binary(max_size=60))
def test_octets_are_a_token_or_refused(data: bytes) -> None:
    try:
        verify_timestamp(data, data=DATA, nonce=None, anchors=[])
    except (TimestampMalformed, TimestampNotVerified):
        pass
    else:
        pytest.fail("nothing was signed")


def test_an_answer_that_is_cut_off_is_malformed(stamping: Services) -> None:
    reply = stamping.timestamps.answer(query()).response_der

    with pytest.raises(TimestampMalformed):
        token_of(reply[:-1])


def stamped_by_openssl(someone: SomeonesUnit, folder: Path, ess: str, openssl: str) -> bytes:
    (folder / "root.pem").write_bytes(someone.root.public_bytes(Encoding.PEM))
    (folder / "unit.pem").write_bytes(someone.certificate.public_bytes(Encoding.PEM))
    (folder / "unit.key").write_bytes(
        someone.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "tsa.cnf").write_text(OPENSSL_TSA.format(ess=ess))
    (folder / "serial").write_text("01\n")
    (folder / "query").write_bytes(query(cert_req=True))
    subprocess.run(
        [openssl, "ts", "-reply", "-queryfile", "query", "-out", "reply", "-config", "tsa.cnf"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return (folder / "reply").read_bytes()


@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha512"])
def test_a_token_of_openssl_verifies(
    tmp_path: Path, ess: str, require: Callable[[str], str]
) -> None:
    someone = SomeonesUnit()
    reply = stamped_by_openssl(someone, tmp_path, ess, require("openssl"))

    verified = verify_timestamp(reply, data=DATA, nonce=None, anchors=[someone.root])

    assert (verified.policy, verified.serial_number) == ("1.2.3.4", 2)


TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


@pytest.mark.parametrize(
    ("usages", "critical", "is_good"),
    [
        ([TIME_STAMPING], True, True),
        ([TIME_STAMPING], False, False),
        ([TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING], True, False),
        ([ExtendedKeyUsageOID.CODE_SIGNING], True, False),
        (None, True, False),
    ],
    ids=["alone", "not-critical", "with-another", "another", "none"],
)
def test_the_certificate_has_to_be_for_time_stamping_alone(
    usages: list[x509.ObjectIdentifier] | None,
    critical: bool,
    is_good: bool,
) -> None:
    someone = SomeonesUnit(usages, critical=critical)
    info = TstInfo(
        policy_der=encode_oid("1.2.3.4"),
        imprint_der=BY_NAME["sha256"].imprint(sha256(DATA).digest()),
        serial_number=1,
        gen_time=datetime.now(UTC),
        nonce_der=None,
    )
    token = someone.template.token(info, with_certificates=True)

    if is_good:
        assert verify_timestamp(token, data=DATA, nonce=None, anchors=[someone.root])
        return
    with pytest.raises(TimestampNotVerified, match="for time-stamping"):
        verify_timestamp(token, data=DATA, nonce=None, anchors=[someone.root])


def test_a_chain_ends_where_a_certificate_was_not_valid() -> None:
    someone = SomeonesUnit()
    unit = someone.certificate
    now = datetime.now(UTC)

    assert leads_to_anchor(unit, [], [someone.root], at=now)
    assert not leads_to_anchor(unit, [], [someone.root], at=now + timedelta(days=2))
    assert not leads_to_anchor(unit, [], [someone.root], at=now - timedelta(days=2))


def test_a_unit_issues_nothing() -> None:
    someone = SomeonesUnit()
    unit = someone.certificate

    assert not leads_to_anchor(someone.root, [], [unit], at=datetime.now(UTC))
