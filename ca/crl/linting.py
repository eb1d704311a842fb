"""Lint a CRL before it is signed: pkilint, and rules that pkilint does not have.

pkilint sees a sample with the same head and two entries of each shape, since a million would take
it hours: all entries come from one encoder, which sees nothing but the shape and the digits. Our
own rules look at every entry (:mod:`ca.crl.checking`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

from ca.crl.building import BuiltCrl
from ca.crl.checking import EntryFault, check_entries
from ca.crl.errors import CrlLintError
from ca.issuance.signature import assemble
from ca.linting.stand_ins import url_stand_ins
from ca.linting.status import lint_crl as lint_with_pkilint

# pkilint reads the signature's length only.
_NO_SIGNATURE = bytes(64)


@dataclass(frozen=True)
class LintedCrl:
    """A CRL that passed its lint; ``tbs_sha256`` is the hash of the bytes that did."""

    built: BuiltCrl
    tbs_sha256: bytes


def lint_crl(built: BuiltCrl) -> LintedCrl:
    """Lint what is about to be signed. Raises LintRefused or CrlLintError."""
    sample = assemble(built.tbs_with(built.sample), built.algorithm, _NO_SIGNATURE)
    lint_with_pkilint(_copy_for_pkilint(built, sample))
    findings = list(_own_findings(built, sample))
    if findings:
        raise _refused(findings)
    try:
        return LintedCrl(built, check_entries(built))
    except EntryFault as fault:
        raise _refused([str(fault)]) from fault


def _refused(findings: list[str]) -> CrlLintError:
    return CrlLintError(
        "The CRL did not pass its lint; nothing was signed.",
        kept="The CRLs published before stay.",
        findings=findings,
    )


def _copy_for_pkilint(built: BuiltCrl, crl_der: bytes) -> bytes:
    # Production settings allow no URL that is replaced here (ca/linting/stand_ins.py).
    for url in filter(None, (built.scope.url, built.scope.delta_url)):
        for octets, replacement in url_stand_ins(url):
            crl_der = crl_der.replace(octets, replacement)
    return crl_der


def _own_findings(built: BuiltCrl, crl_der: bytes) -> Iterable[str]:
    found = x509.load_der_x509_crl(crl_der)
    points = [one for one in found.extensions if one.oid == x509.IssuingDistributionPoint.oid]
    if not all(one.critical for one in points):
        yield "issuing_distribution_point_not_critical"  # RFC 5280, Section 5.2.5
    urls = [name.value for one in points for name in one.value.full_name]
    if urls != [one for one in (built.scope.url,) if one is not None]:
        yield "issuing_distribution_point_differs"
    if found.issuer != built.scope.issuer.certificate.subject:
        yield "issuer_differs"
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    if number != built.claim.number:
        yield "number_differs"
    if found.next_update_utc is None or found.next_update_utc <= found.last_update_utc:
        yield "next_update_not_after_this_update"  # Section 5.1.2.5
    yield from _delta_findings(built, found)


def _delta_findings(built: BuiltCrl, found: x509.CertificateRevocationList) -> Iterable[str]:
    kinds = {one.oid for one in found.extensions}
    is_delta = x509.DeltaCRLIndicator.oid in kinds
    if is_delta != (built.base_number is not None):
        yield "delta_indicator_differs"
    if is_delta and x509.FreshestCRL.oid in kinds:
        yield "freshest_crl_in_delta"  # Section 5.2.6
    if is_delta and (built.base_number or 0) >= built.claim.number:
        yield "base_not_older_than_delta"  # Section 5.2.4
