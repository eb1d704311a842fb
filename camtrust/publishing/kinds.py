"""What is published: of which media type, and which of two is newer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import BinaryIO

from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus, load_der_ocsp_response

from ca.crl.layout import read_head
from ca.routes import CERTIFICATE_TYPE, CRL_TYPE
from core.publishing.target import Kind

# RFC 6960, Appendix A.2.
ANSWER_TYPE = "application/ocsp-response"


def certificate_order(certificate: x509.Certificate) -> int:
    """Return notBefore in seconds: a renewed certificate begins later."""
    return int(certificate.not_valid_before_utc.timestamp())


def answer_order(answer: bytes) -> int:
    """Return what orders the answers about one certificate. Raises ValueError.

    By thisUpdate, which has whole seconds: of two within one, the one that is not good is newer.
    """
    read = load_der_ocsp_response(answer)
    good = read.certificate_status is OCSPCertStatus.GOOD
    return int(read.this_update_utc.timestamp()) * 2 + (not good)


def kept_by_caches(most: timedelta, until: datetime | None, now: datetime) -> int:
    """Return for how many seconds a cache may keep what holds until ``until``."""
    left = most if until is None else max(timedelta(0), min(most, until - now))
    return left // timedelta(seconds=1)


def _certificate_order(file: BinaryIO) -> int:
    return certificate_order(x509.load_der_x509_certificate(file.read()))


def _crl_order(file: BinaryIO) -> int:
    # RFC 5280, Section 5.2.3: numbers rise.
    return read_head(file).number


def _answer_order(file: BinaryIO) -> int:
    return answer_order(file.read())


CERTIFICATE = Kind("certificates", CERTIFICATE_TYPE, _certificate_order)
CRL = Kind("CRLs", CRL_TYPE, _crl_order)
ANSWER = Kind("answers", ANSWER_TYPE, _answer_order)
