"""Linting: what is not linted cannot be signed.

Begin with :class:`ca.linting.linter.Linter`. Our own rules are in :mod:`ca.linting.rules`;
pkilint's validators in :mod:`ca.linting.pkilint_validators`; when its result is used again, in
:mod:`ca.linting.skeleton`.
"""

from ca.linting.findings import AlreadyRedeemed, Finding, LintRefused, OtherAuthority
from ca.linting.linted import LintedCertificate
from ca.linting.linter import LintCounts, Linter
from ca.linting.status import lint_crl, lint_ocsp_response

__all__ = [
    "AlreadyRedeemed",
    "Finding",
    "LintCounts",
    "LintRefused",
    "LintedCertificate",
    "Linter",
    "OtherAuthority",
    "lint_crl",
    "lint_ocsp_response",
]
