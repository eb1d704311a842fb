"""What a signature on a PDF is made of, and what several of them leave of each other."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp
from pyhanko.pdf_utils.generic import EncryptedObjAccess
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from core.errors import CamtrustError
from hsm.keys import KeyAlgorithm
from signing.documents.levels import Level
from signing.documents.options import FieldLock, LockAction, Placement
from tests.signing.documents.judges import Judges
from tests.signing.documents.pdfs import one_page, signature_field, text_field, with_fields
from tests.signing.documents.world import World, run


def signatures(pdf: bytes) -> dict[str, Any]:
    reader = PdfFileReader(io.BytesIO(pdf))
    return {one.field_name: one for one in reader.embedded_signatures}


def contents_of(embedded: Any) -> tuple[bytes, bytes]:
    """Return the octets that a signature covers, and its CMS object without padding."""
    _, first, second, octets = (int(one) for one in embedded.byte_range)
    stream = embedded.reader.stream
    stream.seek(0)
    covered = stream.read(first)
    stream.seek(second)
    raw = embedded.sig_object.raw_get("/Contents", decrypt=EncryptedObjAccess.RAW).original_bytes
    return covered + stream.read(octets), cms.ContentInfo.load(raw).dump()


def attribute(embedded: Any, name: str, *, signed: bool = True) -> Any:
    info = embedded.signer_info
    found = info["signed_attrs"] if signed else info["unsigned_attrs"]
    return [one["values"] for one in found if one["type"].native == name]


def test_a_baseline_signature_has_the_attributes_of_pades_and_no_others(world: World) -> None:
    [one] = signatures(world.sign(one_page(), level=Level.B_B, reason="Approved")).values()
    kinds = {attr["type"].native for attr in one.signer_info["signed_attrs"]}
    # EN 319 142-1, Section 6.3: no signing-time attribute in a PDF.
    assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}
    assert not one.signer_info["unsigned_attrs"]
    assert one.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert one.sig_object["/Reason"] == "Approved"
    assert str(one.sig_object.raw_get("/M")).endswith("+07'00'")


def test_an_ed25519_seal_signs_what_pyhanko_verifies(world: World, judges: Judges) -> None:
    # OpenSSL 3.0 knows no CMS by Ed25519 (RFC 8419).
    signer = world.signer("kind-ed25519", algorithm=KeyAlgorithm.ED25519)
    code, said = judges.adesverify(world.sign(one_page(), signer, level=Level.B_LT))
    assert code == 0, said


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_3072])
def test_openssl_verifies_what_each_kind_of_key_signed(
    algorithm: KeyAlgorithm, world: World, tmp_path: Path
) -> None:
    signer = world.signer(f"kind-{algorithm}", algorithm=algorithm)
    [one] = signatures(world.sign(one_page(), signer, level=Level.B_T)).values()
    content, der = contents_of(one)
    (tmp_path / "content").write_bytes(content)
    (tmp_path / "signature.der").write_bytes(der)
    said = run(
        *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"),
        *("-in", tmp_path / "signature.der", "-content", tmp_path / "content"),
        *("-CAfile", world.folder / "root.pem", "-out", "/dev/null"),
    )
    assert "successful" in said


def test_openssl_verifies_the_time_stamps_of_signature_and_archive(
    world: World, tmp_path: Path
) -> None:
    found = signatures(world.sign(one_page(), level=Level.B_LTA))
    signature, archive = found["Signature1"], found["Timestamp1"]
    [[token]] = attribute(signature, "signature_time_stamp_token", signed=False)
    stamped = {
        "signature": (signature.signer_info["signature"].native, token.dump()),
        "archive": contents_of(archive),
    }
    for name, (data, der) in stamped.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / f"{name}.der").write_bytes(der)
        said = run(
            *("openssl", "ts", "-verify", "-data", tmp_path / name, "-token_in"),
            *("-in", tmp_path / f"{name}.der", "-CAfile", world.folder / "root.pem"),
            *("-untrusted", world.folder / "chain.pem"),
        )
        assert "Verification: OK" in said


def test_evidence_of_the_signer_is_from_after_the_time_stamp_and_all_is_kept(
    world: World,
) -> None:
    signed = world.sign(one_page(), level=Level.B_LT)
    [one] = signatures(signed).values()
    store = one.reader.root["/DSS"]
    answers = [x509_ocsp.load_der_ocsp_response(ref.get_object().data) for ref in store["/OCSPs"]]
    serial = world.seal.certificate.serial_number
    [answer] = [each for each in answers if each.serial_number == serial]
    assert answer.certificate_status is x509_ocsp.OCSPCertStatus.GOOD
    [[token]] = attribute(one, "signature_time_stamp_token", signed=False)
    stamped = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    assert answer.this_update_utc >= stamped.astimezone(UTC)
    kept = {
        x509.load_der_x509_certificate(ref.get_object().data).subject.rfc4514_string()
        for ref in store["/Certs"]
    }
    chain = [world.seal.certificate, *world.seal.chain]
    assert {each.subject.rfc4514_string() for each in chain} < kept


def test_an_archive_is_proven_by_what_lies_in_the_document_alone(world: World) -> None:
    [one, _] = signatures(world.sign(one_page(), level=Level.B_LTA)).values()
    specification = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build([_asn1(world.root)]),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        ),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
    )
    judged = asyncio.run(
        ades_lta_validation(
            one, PdfSignatureValidationSpec(specification, diff_policy=DEFAULT_DIFF_POLICY)
        )
    )
    assert judged.ades_subindic.status is AdESStatus.PASSED, judged.failure_msg


def test_two_signers_leave_each_other_valid(world: World, judges: Judges) -> None:
    second = world.signer("second")
    once = world.sign(one_page(), level=Level.B_LT)
    twice = world.sign(once, second, level=Level.B_LTA)
    assert twice.startswith(once)
    code, said = judges.adesverify(twice)
    assert code == 0, said
    assert said.count(":INTACT:TRUSTED") == 2
    assert judges.pdfsig(twice).count("Signature is Valid") == 2


@pytest.mark.parametrize("permissions", [1, 2, 3])
def test_a_certification_says_what_may_change(
    permissions: int, world: World, judges: Judges
) -> None:
    certified = world.sign(one_page(), level=Level.B_LTA, certify=permissions)
    code, said = judges.adesverify(certified)
    assert code == 0, said
    reference = PdfFileReader(io.BytesIO(certified)).root["/Perms"]["/DocMDP"]["/Reference"][0]
    assert reference["/TransformParams"]["/P"] == permissions
    if permissions == 1:
        assert problem_of(world, certified) == "document-locked"
    else:
        code, said = judges.adesverify(world.sign(certified, level=Level.B_LT))
        assert code == 0, said
        assert said.count(":INTACT:TRUSTED") == 2


def test_a_certification_comes_first_or_not_at_all(world: World) -> None:
    signed = world.sign(one_page(), level=Level.B_B)
    assert problem_of(world, signed, certify=2) == "certification-not-first"


def test_an_empty_field_of_the_document_is_signed_and_a_signed_one_is_refused(
    world: World, judges: Judges
) -> None:
    form = with_fields(signature_field("Minister"), signature_field("Secretary"))
    signed = world.sign(form, level=Level.B_LT, field="Minister")
    assert list(signatures(signed)) == ["Minister"]
    assert judges.adesverify(signed)[0] == 0
    assert problem_of(world, signed, field="Minister") == "signature-field-signed"
    both = world.sign(signed, level=Level.B_LT, field="Secretary")
    assert sorted(signatures(both)) == ["Minister", "Secretary"]
    assert judges.adesverify(both)[0] == 0


def test_a_field_that_is_no_signature_field_is_refused(world: World) -> None:
    form = with_fields(text_field("Name"))
    assert problem_of(world, form, field="Name") == "signature-field-unusable"


@pytest.mark.parametrize(
    ("lock", "later", "refused"),
    [
        (FieldLock(LockAction.ALL), "Secretary", True),
        (FieldLock(LockAction.INCLUDE, ("Secretary",)), "Secretary", True),
        (FieldLock(LockAction.INCLUDE, ("Name",)), "Secretary", False),
        (FieldLock(LockAction.EXCLUDE, ("Secretary",)), "Secretary", False),
    ],
)
def test_locked_fields_are_not_signed_and_others_are(
    lock: FieldLock, later: str, refused: bool, world: World, judges: Judges
) -> None:
    form = with_fields(signature_field("Secretary"), text_field("Name"))
    signed = world.sign(form, level=Level.B_LT, field="Minister", lock=lock)
    if refused:
        assert problem_of(world, signed, field=later) == "document-locked"
    else:
        code, said = judges.adesverify(world.sign(signed, level=Level.B_LT, field=later))
        assert code == 0, said


def test_a_lock_that_the_fields_author_wrote_holds(world: World) -> None:
    form = with_fields(
        signature_field("Minister", b"/Lock << /Type /SigFieldLock /Action /All /P 1 >>")
    )
    own = FieldLock(LockAction.ALL)
    assert problem_of(world, form, field="Minister", lock=own) == "signature-field-unusable"
    signed = world.sign(form, level=Level.B_B, field="Minister")
    assert problem_of(world, signed) == "document-locked"


@pytest.mark.parametrize(
    ("demand", "met"),
    [
        (b"/Ff 2 /SubFilter [/adbe.pkcs7.detached]", False),
        (b"/Ff 2 /SubFilter [/ETSI.CAdES.detached]", True),
        (b"/Ff 8 /Reasons [(Approved)]", True),
        (b"/Ff 8 /Reasons [(Seen)]", False),
        (b"/Ff 64 /DigestMethod [(SHA512)]", False),
        (b"/MDP << /P 2 >>", False),
    ],
)
def test_what_a_fields_author_demands_is_fulfilled_or_refused(
    demand: bytes, met: bool, world: World
) -> None:
    form = with_fields(signature_field("One", b"/SV << /Type /SV " + demand + b" >>"))
    if met:
        assert world.sign(form, level=Level.B_B, field="One", reason="Approved")
    else:
        said = problem_of(world, form, field="One", reason="Approved")
        assert said == "signature-field-unusable"


def test_a_signature_has_its_place_on_a_page_that_exists(world: World) -> None:
    placement = Placement(page=-1, box=(50, 50, 250, 120))
    signed = world.sign(one_page(), level=Level.B_B, placement=placement)
    [one] = signatures(signed).values()
    assert [float(each) for each in one.sig_field["/Rect"]] == [50, 50, 250, 120]
    for page in (0, 2, -2):
        missing = Placement(page=page, box=(50, 50, 250, 120))
        assert problem_of(world, one_page(), placement=missing) == "page-missing"
    flat = Placement(page=1, box=(50, 50, 50, 120))
    assert problem_of(world, one_page(), placement=flat) == "signature-field-unusable"


def problem_of(world: World, pdf: bytes, **options: Any) -> str:
    with pytest.raises(CamtrustError) as refusal:
        world.sign(pdf, **{"level": Level.B_B, **options})
    assert refusal.value.kept
    return refusal.value.problem


def _asn1(certificate: x509.Certificate) -> Any:
    return Certificate.load(certificate.public_bytes(Encoding.DER))
