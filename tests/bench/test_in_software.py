"""Stored answers signed in software: the front finds them, and anybody can verify them."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp as x509_ocsp

from bench.ocsp.in_software import fill_in_software
from bench.ocsp.questions import plain_questions
from bench.ocsp.software import SoftwareAuthority
from ocsp.stored.answers import StoredAnswers
from ocsp.stored.lmdb_store import LmdbAnswerStore


def test_each_answer_is_found_by_both_hashes_and_verifies(tmp_path: Path) -> None:
    store = LmdbAnswerStore(tmp_path / "answers", map_octets=1 << 26)
    authority = SoftwareAuthority.with_certificates(0)
    [number, another] = fill_in_software(store, authority, 120)
    assert store.count() == 120
    stored = StoredAnswers(store=store)
    for question in plain_questions(authority.issuer, [number, number, another, another]):
        found = stored.find(question.der)
        assert found is not None
        answer = x509_ocsp.load_der_ocsp_response(found.der)
        assert answer.serial_number == question.serial_number
        assert answer.certificate_status is x509_ocsp.OCSPCertStatus.GOOD
        assert answer.certificates == [authority.responder]
        key = authority.responder_key.public_key()
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(SHA256()))
    store.close()
