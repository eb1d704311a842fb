"""Lint what says the status of certificates, before it is published."""

from __future__ import annotations

from ca.linting.findings import LintRefused
from ca.linting.pkilint_validators import lint_crl_der, lint_ocsp_response_der


def lint_crl(crl_der: bytes) -> None:
    """Raise LintRefused unless pkilint finds nothing at WARNING or above in a CRL."""
    findings = lint_crl_der(crl_der)
    if findings:
        raise LintRefused(findings)


def lint_ocsp_response(response_der: bytes) -> None:
    """Raise LintRefused unless pkilint finds nothing at WARNING or above in a response."""
    findings = lint_ocsp_response_der(response_der)
    if findings:
        raise LintRefused(findings)
