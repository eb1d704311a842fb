"""Lint what says the status of certificates, before it is published.

pkilint is imported at the first that needs it: most processes lint none.
"""

from __future__ import annotations

from ca.linting.findings import LintRefused


def lint_crl(crl_der: bytes) -> None:
    """Raise LintRefused unless pkilint finds nothing at WARNING or above in a CRL."""
    from ca.linting.pkilint_validators import lint_crl_der

    findings = lint_crl_der(crl_der)
    if findings:
        raise LintRefused(findings)


def lint_ocsp_response(response_der: bytes) -> None:
    """Raise LintRefused unless pkilint finds nothing at WARNING or above in a response."""
    from ca.linting.pkilint_validators import lint_ocsp_response_der

    findings = lint_ocsp_response_der(response_der)
    if findings:
        raise LintRefused(findings)
