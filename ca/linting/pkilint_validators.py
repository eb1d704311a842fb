"""pkilint's validators, built once for each type: building takes 200 ms, running 4 to 12."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

from pkilint import etsi, finding_filter, loader, pkix, validation
from pkilint.etsi.etsi_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name, ocsp

from ca.linting.findings import Finding
from ca.linting.pkilint_dispatch import dispatch_by_type
from ca.profiles.definition import Lint

# pkilint says nothing about threads; under the interpreter lock nothing is lost by one at a time.
_running = threading.Lock()
_THRESHOLD = validation.ValidationFindingSeverity.WARNING


def lint_certificate(certificate_der: bytes, lint: Lint) -> list[Finding]:
    """Run the validator that a profile names; return findings of WARNING and above."""
    validator, filters = _certificate_validator(lint.linter, lint.type)
    with _running:
        try:
            document = loader.load_der_certificate(certificate_der)
        except ValueError as error:
            return [Finding("pkilint", "pkilint.unreadable", str(error))]
        results = validator.validate(document.root)
        if filters:
            results, _ = finding_filter.filter_results(filters, results)
    return _serious(results)


def lint_crl_der(crl_der: bytes) -> list[Finding]:
    """Run pkilint on a CRL; return findings of WARNING and above."""
    with _running:
        try:
            document = loader.load_der_crl(crl_der)
        except ValueError as error:
            return [Finding("pkilint", "pkilint.unreadable", str(error))]
        return _serious(_crl_validator().validate(document.root))


def lint_ocsp_response_der(response_der: bytes) -> list[Finding]:
    """Run pkilint on an OCSP response; return findings of WARNING and above."""
    with _running:
        try:
            document = loader.load_der_ocsp_response(response_der)
        except ValueError as error:
            return [Finding("pkilint", "pkilint.unreadable", str(error))]
        return _serious(_ocsp_response_validator().validate(document.root))


def _serious(results: Iterable[Any]) -> list[Finding]:
    return [
        Finding(
            "pkilint",
            description.finding.code,
            f"{result.node.path}: {description.message or 'no further words'}",
        )
        for result in results
        for description in result.finding_descriptions
        if description.finding.severity <= _THRESHOLD
    ]


@cache
def _certificate_validator(linter: str, type_name: str | None) -> tuple[Any, list[Any]]:
    container, filters = build_certificate_validator(linter, type_name)
    dispatch_by_type(container)
    return container, filters


def build_certificate_validator(linter: str, type_name: str | None) -> tuple[Any, list[Any]]:
    """Return pkilint's validator for a type of certificate, and the filters of its findings."""
    if linter == "etsi":
        kind = CertificateType.from_option_str(type_name)
        container = certificate.create_pkix_certificate_validator_container(
            etsi.create_decoding_validators(kind), etsi.create_validators(kind)
        )
        return container, etsi.create_etsi_finding_filters(kind)
    container = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    return container, []


@cache
def _crl_validator() -> Any:
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


@cache
def _ocsp_response_validator() -> Any:
    return ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )
