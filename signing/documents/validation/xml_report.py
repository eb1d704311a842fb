"""The report as XML: ETSI TS 119 102-2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256

from asn1crypto import x509
from pyhanko.generated.etsi import ts_11910202 as report_xml
from pyhanko.generated.etsi import xades
from pyhanko.generated.w3c import xmldsig_core
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.models.datatype import XmlDateTime

from signing.documents.validation.errors import NothingToReport
from signing.documents.validation.indications import SubIndication, Verdict
from signing.documents.validation.opening import UNCHANGED
from signing.documents.validation.report import (
    SignatureReport,
    TimeStampReport,
    ValidationReport,
)
from signing.documents.validation.revocation import RevocationFinding

_NAMESPACES = {
    "vr": "http://uri.etsi.org/19102/v1.2.1#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
# ETSI TS 119 102-2, Annex A and Section 4.3: what URIs stand for the words.
_INDICATIONS = {
    Verdict.TOTAL_PASSED: "urn:etsi:019102:mainindication:total-passed",
    Verdict.TOTAL_FAILED: "urn:etsi:019102:mainindication:total-failed",
    Verdict.INDETERMINATE: "urn:etsi:019102:mainindication:indeterminate",
}
_SUB_INDICATION = "urn:etsi:019102:subindication:"
_PROVED = "urn:etsi:019102:poetype:validation"
_OBJECT = "urn:etsi:019102:validationObject:"
# The standard has no word for it; ours says apart from trust what became of the content.
INTEGRITY = "urn:camtrust:validation:integrity"


def xml_of(report: ValidationReport) -> str:
    """Return the report as XML. Raises NothingToReport where there is no signature."""
    if not report.signatures:
        raise NothingToReport(
            "The standard's report is about signatures, and the document has none.", kept=UNCHANGED
        )
    objects = _Objects(report)
    written = report_xml.ValidationReport(
        signature_validation_report=tuple(
            _signature(report, one, objects) for one in report.signatures
        ),
        signature_validation_objects=report_xml.ValidationObjectListType(tuple(objects.all())),
    )
    serializer = XmlSerializer(config=SerializerConfig(indent=" "))
    return serializer.render(written, ns_map=dict(_NAMESPACES))


class _Objects:
    """The validation objects that a report refers to: document, certificates, time-stamps."""

    def __init__(self, report: ValidationReport) -> None:
        self._report = report
        self._certificates: dict[str, x509.Certificate] = {}

    @property
    def document(self) -> report_xml.VOReferenceType:
        return _reference("document")

    def certificate(self, certificate: x509.Certificate) -> report_xml.VOReferenceType:
        name = f"certificate-{certificate.sha256.hex()}"
        self._certificates[name] = certificate
        return _reference(name)

    def all(self) -> Iterator[report_xml.ValidationObjectType]:
        yield report_xml.ValidationObjectType(
            id="document",
            object_type=f"{_OBJECT}signedData",
            validation_object_representation=report_xml.ValidationObjectRepresentationType(
                digest_alg_and_value=_digest(bytes.fromhex(self._report.sha256))
            ),
        )
        stamps = [stamp for one in self._report.signatures for stamp in one.time_stamps]
        for number, stamp in enumerate([*stamps, *self._report.time_stamps]):
            written = _time_stamp(f"time-stamp-{number}", stamp, self)
            if written is not None:
                yield written
        for name, certificate in self._certificates.items():
            yield report_xml.ValidationObjectType(
                id=name,
                object_type=f"{_OBJECT}certificate",
                validation_object_representation=report_xml.ValidationObjectRepresentationType(
                    base64=certificate.dump()
                ),
            )


def _signature(
    report: ValidationReport, one: SignatureReport, objects: _Objects
) -> report_xml.SignatureValidationReportType:
    signer = None
    if one.signer is not None:
        signer = report_xml.SignerInformationType(
            signer_certificate=objects.certificate(one.signer),
            signer=one.signer.subject.human_friendly,
        )
    return report_xml.SignatureValidationReportType(
        signature_identifier=_identifier(one),
        validation_constraints_evaluation_report=_policy(report.policy),
        validation_time_info=report_xml.ValidationTimeInfoType(
            validation_time=_instant(report.validated_at),
            best_signature_time=report_xml.POEType(
                poetime=_instant(one.proven_at or report.validated_at), type_of_proof=_PROVED
            ),
        ),
        signers_document=report_xml.SignersDocumentType(
            digest_alg_and_value=_digest(bytes.fromhex(report.sha256)),
            signers_document_representation=(objects.document,),
        ),
        signature_attributes=_attributes(one),
        signer_information=signer,
        signature_validation_process=report_xml.SignatureValidationProcessType(
            signature_validation_process_id="urn:etsi:019102:validationprocess:LTA"
        ),
        signature_validation_status=_status(one, objects),
    )


def _identifier(one: SignatureReport) -> report_xml.SignatureIdentifierType | None:
    if one.message is None:
        return None
    signed = one.message.signer_info["signed_attrs"]
    octets = signed.untag().dump() if signed.native is not None else b""
    return report_xml.SignatureIdentifierType(
        digest_alg_and_value=_digest(sha256(octets).digest()),
        signature_value=xmldsig_core.SignatureValue(one.message.signature_value),
        hash_only=False,
        doc_hash_only=False,
        daidentifier=one.field,
    )


def _policy(name: str) -> report_xml.ValidationConstraintsEvaluationReportType:
    return report_xml.ValidationConstraintsEvaluationReportType(
        signature_validation_policy=report_xml.SignatureValidationPolicyType(
            # The policy is code and data of one release; no document of it is hashed.
            signature_policy_identifier=xades.SignaturePolicyIdentifierType(
                signature_policy_implied=""
            ),
            policy_name=name,
        )
    )


def _attributes(one: SignatureReport) -> report_xml.SignatureAttributesType | None:
    if one.claimed_at is None:
        return None
    return report_xml.SignatureAttributesType(
        signing_time=(report_xml.SASigningTimeType(signed=True, time=_instant(one.claimed_at)),)
    )


def _status(one: SignatureReport, objects: _Objects) -> report_xml.ValidationStatusType:
    chain = None
    if one.chain is not None and one.chain.certificates:
        first, *others = one.chain.certificates
        chain = report_xml.CertificateChainType(
            signing_certificate=objects.certificate(first),
            intermediate_certificate=tuple(objects.certificate(other) for other in others),
            trust_anchor=objects.certificate(one.chain.anchor.certificate),
        )
    said = [(INTEGRITY, one.integrity.value)]
    if one.reason:
        said.append(("urn:camtrust:validation:reason", one.reason))
    return report_xml.ValidationStatusType(
        main_indication=_INDICATIONS[one.verdict],
        sub_indication=_sub_indication(one.sub_indication),
        associated_validation_report_data=(
            report_xml.ValidationReportDataType(
                certificate_chain=chain,
                revocation_status_information=_revoked(one.revocation, objects),
                additional_validation_report_data=report_xml.AdditionalValidationReportDataType(
                    report_data=tuple(
                        report_xml.TypedDataType(type_value=name, value=value)
                        for name, value in said
                    )
                ),
            ),
        ),
    )


def _revoked(
    findings: Iterable[tuple[x509.Certificate, RevocationFinding]], objects: _Objects
) -> report_xml.RevocationStatusInformationType | None:
    for certificate, finding in findings:
        statement = finding.statement
        if statement is not None and statement.revoked_at is not None:
            return report_xml.RevocationStatusInformationType(
                validation_object_id=objects.certificate(certificate),
                revocation_time=_instant(statement.revoked_at),
                revocation_reason=statement.reason,
            )
    return None


def _time_stamp(
    name: str, stamp: TimeStampReport, objects: _Objects
) -> report_xml.ValidationObjectType | None:
    one = stamp.finding
    if one.token is None or one.time is None:
        return None
    verdict = one.problem.verdict if one.problem else Verdict.TOTAL_PASSED
    signer = None
    if one.authority is not None:
        signer = report_xml.SignerInformationType(
            signer_certificate=objects.certificate(one.authority),
            signer=one.authority.subject.human_friendly,
        )
    return report_xml.ValidationObjectType(
        id=name,
        object_type=f"{_OBJECT}timestamp",
        validation_object_representation=report_xml.ValidationObjectRepresentationType(
            base64=one.token.message.signed_data.dump()
        ),
        poe=report_xml.POEType(poetime=_instant(one.time), type_of_proof=_PROVED)
        if one.proves
        else None,
        validation_report=report_xml.SignatureValidationReportType(
            signer_information=signer,
            signature_validation_status=report_xml.ValidationStatusType(
                # A building block passes; only signatures pass in total.
                main_indication=_INDICATIONS[verdict].replace("total-", ""),
                sub_indication=_sub_indication(one.problem),
            ),
        ),
    )


def _sub_indication(problem: SubIndication | None) -> tuple[str, ...]:
    return (f"{_SUB_INDICATION}{problem.value}",) if problem else ()


def _reference(name: str) -> report_xml.VOReferenceType:
    return report_xml.VOReferenceType(voreference=(name,))


def _digest(value: bytes) -> xades.DigestAlgAndValueType:
    return xades.DigestAlgAndValueType(
        digest_method=xmldsig_core.DigestMethod(_SHA256),
        digest_value=xmldsig_core.DigestValue(value),
    )


def _instant(moment: datetime) -> XmlDateTime:
    return XmlDateTime.from_datetime(moment.astimezone(UTC))
