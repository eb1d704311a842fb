"""signatures/signDoc with whole documents, judged by pdfsig, openssl and our own validator."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from camtrust.csc_documents import HouseDocuments
from core.errors import CamtrustError
from hsm.digests import DigestAlgorithm
from signing.credentials.contents import AppendedRevision
from signing.credentials.errors import AuthorizationMalformed
from signing.credentials.models import activation_hashes
from signing.csc import document_answers
from signing.csc.errors import DocumentsTooLarge
from signing.csc.fields import Fields
from signing.csc.signature_objects import SignatureFormat, SignerInformation, signed_attributes
from signing.documents.errors import UNHARMED, SignerSuspended, TimestampUnavailable
from signing.documents.evidence import EvidenceCollector
from signing.documents.tokens import Timestamps
from tests.signing.csc.test_pyhanko import a_pdf, pdfsig
from tests.signing.csc.test_refusals import refused
from tests.signing.csc.world import (
    ECDSA_SHA256,
    SHA256_OID,
    Program,
    answer_in,
    b64,
    b64url,
    client_of,
    program,
    signer,
)
from tests.signing.world import SEAL_PIN, SigningWorld

Require = Callable[[str], str]
LETTER = "សួស្តី, a letter of no format\n".encode()


@pytest.fixture
def ours(world: SigningWorld) -> Program:
    return program(world).sign_in()


def sha256(octets: bytes) -> str:
    return b64(hashlib.sha256(octets).digest())


def sad_for(ours: Program, *documents: bytes) -> str:
    """What the seal's program gets authorized: the hashes of documents as they are."""
    hashes = [sha256(one) for one in documents]
    proof = ours.assertion(credentialID=ours.world.seal.id, hashes=hashes)
    data = [{"id": "PIN", "value": SEAL_PIN}, {"id": "client_assertion", "value": proof}]
    given = ours.authorize_seal(hashes=hashes, numSignatures=len(hashes), authData=data)
    sad: str = given.get_json()["SAD"]
    return sad


def wanted(document: bytes, form: str = "P", /, **changes: Any) -> dict[str, Any]:
    """One member of ``documents``; None leaves a member of it out."""
    body = {
        "document": b64(document),
        "signature_format": form,
        "conformance_level": "AdES-B-B",
        "signAlgo": ECDSA_SHA256,
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def sign(ours: Program, sad: str | None, *documents: Any, **changes: Any) -> Any:
    body = {
        "credentialID": ours.world.seal.id,
        "SAD": sad,
        "documents": list(documents),
    } | changes
    return ours.call(
        "signatures/signDoc", **{name: one for name, one in body.items() if one is not None}
    )


def octets(answer: Any, name: str = "DocumentWithSignature") -> list[bytes]:
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(one) for one in answer.get_json()[name]]


def report_on(world: SigningWorld, pdf: bytes) -> Any:
    from signing.documents.validation.validator import Question

    return world.services.validation.validator().validate(Question(io.BytesIO(pdf), "x.pdf"))


def test_two_pdfs_are_sealed_to_the_archive_level_and_begin_as_they_came(
    ours: Program, require: Require, tmp_path: Path
) -> None:
    require("pdfsig")
    require("certutil")
    one, two = a_pdf(), a_pdf() + b"\n"
    named = {"attribute_name": "Reason", "attribute_value": "Approved"}
    answer = sign(
        ours,
        sad_for(ours, one, two),
        wanted(one, conformance_level="AdES-B-LTA", signed_envelope_property="Revision"),
        wanted(two, conformance_level="Ada-B-LT", signed_props=[named]),
        returnValidationInfo=True,
    )
    archived, certified = octets(answer)
    assert archived.startswith(one)
    assert certified.startswith(two)
    assert b"/Reason" in certified and b"/DocMDP" in certified
    assert b"/DocMDP" not in archived and b"/DocTimeStamp" in archived
    for pdf, level in ((archived, "B-LTA"), (certified, "B-LT")):
        [found] = report_on(ours.world, pdf).signatures
        assert (found.verdict, found.integrity, found.level) == ("TOTAL_PASSED", "INTACT", level)
        told = pdfsig(ours, pdf, tmp_path / level)
        assert "Signature is Valid." in told
        assert "Certificate is Trusted." in told, told
    info = answer.get_json()["validationInfo"]
    assert info["ocsp"] or info["crl"]
    assert b64(certificate_der(ours.world)) in info["certificates"]
    # Both hashes were taken, and the log says that the key signed, not what.
    assert ours.world.kinds().count("signing-key-used") == 1


def certificate_der(world: SigningWorld) -> bytes:
    return world.signing.signatures.certificate(world.seal.id).certificate.public_bytes(
        Encoding.DER
    )


def test_a_person_confirms_the_hash_of_a_document_and_gets_it_signed(ours: Program) -> None:
    dara, pdf = signer(ours.world, client_of(ours.world)), a_pdf()
    url = ours.authorization_url("x", hashes=b64url(hashlib.sha256(pdf).digest()))
    token = ours.redeem(answer_in(dara.sign(url))["code"]).get_json()
    answer = ours.call(
        "signatures/signDoc",
        token["access_token"],
        credentialID=token["credentialID"],
        documents=[wanted(pdf, conformance_level="AdES-B-T")],
    )
    [signed] = octets(answer)
    [found] = report_on(ours.world, signed).signatures
    assert (found.verdict, found.level) == ("TOTAL_PASSED", "B-T")


@pytest.mark.parametrize("level", ["AdES-B-B", "AdES-B-T", "AdES-B-LT"])
def test_openssl_verifies_what_is_signed_around_and_beside_a_file(
    ours: Program, tmp_path: Path, level: str
) -> None:
    other = LETTER + b"annex"
    answer = sign(
        ours,
        sad_for(ours, LETTER, other),
        wanted(LETTER, "C", conformance_level=level),
        wanted(other, "C", conformance_level=level, signed_envelope_property="Detached"),
    )
    [around], [beside] = octets(answer), octets(answer, "SignatureObject")
    root = tmp_path / "root.pem"
    anchor = ours.world.services.authorities.authority("root-1").certificate
    root.write_bytes(anchor.public_bytes(Encoding.PEM))
    for cms, content, more in ((around, LETTER, []), (beside, other, ["-content", "content"])):
        (tmp_path / "content").write_bytes(content)
        (tmp_path / "signature").write_bytes(cms)
        verified = subprocess.run(
            [
                *("openssl", "cms", "-verify", "-cades", "-inform", "DER", "-in", "signature"),
                *("-binary", "-purpose", "any", "-CAfile", "root.pem", *more),
            ],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stderr
        assert verified.stdout == content


def test_documents_and_digests_are_signed_in_one_request(ours: Program) -> None:
    pdf = a_pdf()
    digest = {
        "hashes": [sha256(LETTER)],
        "hashAlgorithmOID": SHA256_OID,
        "signature_format": "C",
        "conformance_level": "AdES-B-T",
        "signAlgo": ECDSA_SHA256,
    }
    sad = sad_for(ours, pdf, LETTER)
    answer = sign(ours, sad, wanted(pdf), documentDigests=[digest])
    assert (len(octets(answer)), len(octets(answer, "SignatureObject"))) == (1, 1)
    sad = sad_for(ours, LETTER)
    alone = sign(ours, sad, documents=None, documentDigests=[digest], returnValidationInfo=True)
    assert octets(alone, "SignatureObject")
    assert alone.get_json()["validationInfo"]["certificates"]


def taken(world: SigningWorld) -> int:
    query = select(activation_hashes).where(activation_hashes.c.taken_at.is_not(None))
    with world.services.database.read() as connection:
        return len(connection.execute(query).all())


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"document": b64(b"%PDF-1.7 another")}, "cannot be read"),
    ({"document": "A" * 7}, "Base64"),
    ({"document": "QQ==QUFB"}, "Base64"),
    ({"document": "é" * 8}, "Base64"),
    ({"document": 5}, "document"),
    ({"document": None}, "document"),
    ({"signature_format": "X"}, "signature_format"),
    ({"signature_format": None}, "signature_format"),
    ({"conformance_level": "AdES-B-X"}, "conformance_level"),
    ({"signed_envelope_property": "Detached"}, "Certification or Revision"),
    ({"signature_format": "C", "conformance_level": "AdES-B-LTA"}, "B-LT"),
    ({"signed_props": [{"attribute_name": "Name", "attribute_value": "x"}]}, "signed_props"),
    ({"signed_props": [{"attribute_name": "Reason"}]}, "attribute_value"),
    ({"signed_props": [{"attribute_name": "Reason", "attribute_value": "x" * 201}]}, "200"),
    ({"signAlgo": "1.2.840.10045.4.3.4"}, "signAlgo"),
    ({"signAlgo": None}, "signAlgo"),
]


def test_one_document_that_is_refused_leaves_all_of_them_authorized(ours: Program) -> None:
    pdf = a_pdf()
    sad = sad_for(ours, pdf, LETTER)
    good = wanted(LETTER, "C")
    for changes, said in REFUSED:
        assert said in refused(sign(ours, sad, good, wanted(pdf, **changes)))
    assert taken(ours.world) == 0
    assert octets(sign(ours, sad, good, wanted(pdf)))


def test_another_document_than_the_one_that_was_authorized_is_not_signed(ours: Program) -> None:
    pdf = a_pdf()
    sad = sad_for(ours, pdf)
    for other in (pdf + b" ", LETTER):
        form = "P" if other.startswith(b"%PDF") else "C"
        assert "not authorized by the SAD" in refused(sign(ours, sad, wanted(other, form)))
    # Nor one document twice.
    assert "not authorized" in refused(sign(ours, sad, wanted(pdf), wanted(pdf)))
    signed = octets(sign(ours, sad, wanted(pdf)))[0]
    again = refused(sign(ours, sad, wanted(pdf)))
    assert "used up" in again
    # The signed document is another document: to sign it once more takes its own hash.
    assert octets(
        sign(ours, sad_for(ours, signed), wanted(signed, signed_envelope_property="Revision"))
    )


def test_what_is_not_offered_says_so(ours: Program) -> None:
    sad, pdf = sad_for(ours, a_pdf()), wanted(a_pdf())
    assert "operationMode" in refused(sign(ours, sad, pdf, operationMode="A"))
    assert "returnValidationInfo" in refused(sign(ours, sad, pdf, returnValidationInfo=True))
    assert "documents" in refused(sign(ours, sad))
    assert "documents" in refused(sign(ours, sad, documents="x"))
    assert "SAD" in refused(sign(ours, None, pdf))


def test_documents_are_not_read_for_who_may_not_have_them_signed(ours: Program) -> None:
    broken = wanted(b"%PDF-1.7 broken")
    assert "unknown" in refused(sign(ours, "A" * 64, broken))
    sad = sad_for(ours, LETTER)
    other = program(ours.world, http=ours.http).sign_in()
    assert "another program" in refused(sign(other, sad, broken))
    assert "cannot be read" in refused(sign(ours, sad, broken))


def test_no_more_is_prepared_than_may_be_signed(
    ours: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sad = sad_for(ours, LETTER)
    many = {
        "hashes": [sha256(bytes([number])) for number in range(200)],
        "hashAlgorithmOID": SHA256_OID,
        "signature_format": "C",
        "conformance_level": "AdES-B-B",
        "signAlgo": ECDSA_SHA256,
    }

    def prepared(*_: object) -> None:
        pytest.fail("it was prepared, and cannot be signed")

    with monkeypatch.context() as patch:
        patch.setattr(document_answers, "signed_attributes", prepared)
        patch.setattr(HouseDocuments, "prepare", prepared)
        more = sign(ours, sad, documents=None, documentDigests=[many, many])
        assert "not authorized by the SAD" in refused(more)
        twice = sign(ours, sad, wanted(LETTER, "C"), wanted(b"another", "C"))
        assert "not authorized by the SAD" in refused(twice)
    # Nothing was used up.
    assert octets(sign(ours, sad, wanted(LETTER, "C")))


def test_a_signer_who_is_suspended_meanwhile_is_told_that_it_was_used_up(
    ours: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suspended(*_: object) -> None:
        raise SignerSuspended("The certificate is suspended.", kept=UNHARMED)

    pdf = a_pdf()
    sad = sad_for(ours, pdf)
    with monkeypatch.context() as patch:
        patch.setattr(EvidenceCollector, "of_signature", suspended)
        answer = sign(ours, sad, wanted(pdf, conformance_level="AdES-B-LT"))
    assert "authorize again" in refused(answer, "temporarily_unavailable", 503)


def test_a_document_of_megabytes_is_signed(ours: Program) -> None:
    large = LETTER * 100_000
    assert len(large) > 3 << 20
    [signed] = octets(sign(ours, sad_for(ours, large), wanted(large, "C")))
    assert large in signed


def test_documents_over_the_bound_are_not_decoded(ours: Program) -> None:
    ours.world.services.csc.desk.documents._document_octets = 3_000
    big = b"x" * 2_000
    sad = sad_for(ours, big, big + b"y")
    assert "larger" in refused(sign(ours, sad, wanted(big, "C"), wanted(big + b"y", "C")))
    with pytest.raises(DocumentsTooLarge):
        Fields({"document": "A" * 4_004}).content("document", at_most=3_000)
    least = ours.world.services.settings.csc.document_octets * 4 // 3 + (2 << 20)
    answer = ours.http.post(
        "/csc/v2/signatures/signDoc",
        data=b"x",
        content_type="application/json",
        headers={"Authorization": f"Bearer {ours.token}"},
        environ_overrides={"CONTENT_LENGTH": str(least)},
    )
    assert answer.status_code == 413


def test_a_time_stamp_that_is_away_is_said_with_what_became_of_the_authorization(
    ours: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise TimestampUnavailable("No time-stamp was to be had.")

    pdf = a_pdf()
    sad = sad_for(ours, pdf)
    with monkeypatch.context() as patch:
        patch.setattr(Timestamps, "stamp", away)
        answer = sign(ours, sad, wanted(pdf, conformance_level="AdES-B-T"))
    words = refused(answer, "temporarily_unavailable", 503)
    assert "authorize again" in words
    assert answer.headers["Retry-After"]


def test_info_names_what_signs_documents(ours: Program) -> None:
    info = ours.http.post("/csc/v2/info", json={}).get_json()
    formats = info["signature_formats"]
    assert dict(zip(formats["formats"], formats["envelope_properties"], strict=True)) == {
        "P": ["Certification", "Revision"],
        "C": ["Attached", "Detached"],
    }
    assert info["conformance_levels"][-1] == "AdES-B-LTA"
    assert info["validationInfo"] is True


# The room of keys judges revisions itself.


def attributes(world: SigningWorld, digest: bytes) -> bytes:
    held = world.signing.signatures.certificate(world.seal.id)
    information = SignerInformation(
        held.certificate, held.chain, DigestAlgorithm.SHA256, world.seal.schemes[0]
    )
    return signed_attributes(digest, information, SignatureFormat.PADES, world.clock.now())


@pytest.mark.parametrize("gap", [(3, 6), (8, 8), (9, 5), (-1, 4), (7, 9)])
def test_a_signature_s_place_inside_the_document_is_refused(
    world: SigningWorld, gap: tuple[int, int]
) -> None:
    revision = AppendedRevision(io.BytesIO(b"document<sig>"), 8, gap, attributes(world, b"x" * 32))
    with pytest.raises(AuthorizationMalformed):
        revision.judged(DigestAlgorithm.SHA256)


def test_attributes_about_another_revision_are_refused(world: SigningWorld) -> None:
    covered = hashlib.sha256(b"document<>").digest()
    good = AppendedRevision(io.BytesIO(b"document<sig>"), 8, (9, 12), attributes(world, covered))
    assert good.judged(DigestAlgorithm.SHA256)[0] == hashlib.sha256(b"document").digest()
    bad = AppendedRevision(io.BytesIO(b"document<sig>x"), 8, (9, 12), attributes(world, covered))
    with pytest.raises(AuthorizationMalformed):
        bad.judged(DigestAlgorithm.SHA256)


@given(st.binary(max_size=600), st.integers(0, 700))
@settings(max_examples=100, deadline=None)
def test_content_is_read_as_it_was_written_or_refused(content: bytes, at_most: int) -> None:
    fields = Fields({"document": b64(content)})
    try:
        read, octets_read = fields.content("document", at_most=at_most)
    except CamtrustError:
        assert not content or len(content) > at_most
    else:
        assert (read.read(), octets_read) == (content, len(content))


def never_used(ours: Program) -> str:
    """A SAD for a document that nobody sends."""
    if ours.id not in _never_used:
        _never_used[ours.id] = sad_for(ours, b"never sent")
    return _never_used[ours.id]


_never_used: dict[str, str] = {}
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "document": st.sampled_from((b64(LETTER), b64(a_pdf()), "x", "", 5)) | st.text(max_size=8),
        "signature_format": st.sampled_from(("P", "C", "X", 5)),
        "conformance_level": st.sampled_from(("AdES-B-B", "AdES-B-LTA", "", [])),
        "signed_envelope_property": st.sampled_from(("Detached", "Revision", 5, "")),
        "signed_props": st.sampled_from(([], [5], [{}], "x", {})),
        "signAlgo": st.sampled_from((ECDSA_SHA256, "1.2.840.10045.2.1", "x", None)),
        "signAlgoParams": st.text(max_size=4),
        "hashAlgorithmOID": st.sampled_from((SHA256_OID, "x", 5)),
    },
)


@given(st.lists(MEMBERS, max_size=2) | st.text(max_size=3), st.booleans() | st.text(max_size=2))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_documents_make_it_fall_over(ours: Program, documents: Any, with_info: Any) -> None:
    answer = ours.http.post(
        "/csc/v2/signatures/signDoc",
        data=json.dumps(
            {
                "credentialID": ours.world.seal.id,
                "SAD": never_used(ours),
                "documents": documents,
                "returnValidationInfo": with_info,
            }
        ),
        content_type="application/json",
        headers={"Authorization": f"Bearer {ours.token}"},
    )
    assert answer.status_code == 400, answer.text
    refused(answer, answer.get_json()["error"])
