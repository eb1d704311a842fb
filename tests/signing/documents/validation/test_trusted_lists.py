"""Trusted lists of ETSI TS 119 612, made and signed by the tests."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import SignatureConstructionMethod

from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.indications import SubIndication, Verdict
from signing.documents.validation.trust import Purpose
from signing.documents.validation.trust_files import trust_from
from tests.signing.documents.validation.authorities import BEGAN, NOW, SIGNED, Hierarchy, Party
from tests.signing.documents.validation.conftest import Validate

SERVICE = "http://uri.etsi.org/TrstSvc/Svctype"
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def operator(hierarchy: Hierarchy) -> Party:
    """Who signs the list; signxml checks the certificate's dates against the real clock."""
    return hierarchy.person("List Operator", key=rsa.generate_private_key(65537, 2048))


def service(kind: str, party: Party, standings: list[tuple[str, datetime]]) -> str:
    """Return a service with its present state first, and its history."""
    certificate = base64.b64encode(party.der).decode()

    def information(status: str, since: datetime) -> str:
        return (
            f"<ServiceTypeIdentifier>{SERVICE}/{kind}</ServiceTypeIdentifier>"
            "<ServiceDigitalIdentity><DigitalId>"
            f"<X509Certificate>{certificate}</X509Certificate>"
            "</DigitalId></ServiceDigitalIdentity>"
            f"<ServiceStatus>{STATUS}/{status}</ServiceStatus>"
            f"<StatusStartingTime>{since:%Y-%m-%dT%H:%M:%SZ}</StatusStartingTime>"
        )

    first, *before = standings
    history = "".join(
        f"<ServiceHistoryInstance>{information(*one)}</ServiceHistoryInstance>" for one in before
    )
    return (
        f"<TSPService><ServiceInformation>{information(*first)}</ServiceInformation>"
        f"<ServiceHistory>{history}</ServiceHistory></TSPService>"
    )


def trusted_list(
    folder: Path, operator: Party, *services: str, next_update: datetime = NOW + DAY
) -> Path:
    """Write a signed list, and its signer's certificate beside it."""
    text = (
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#"><SchemeInformation>'
        f"<NextUpdate><dateTime>{next_update:%Y-%m-%dT%H:%M:%SZ}</dateTime></NextUpdate>"
        "</SchemeInformation><TrustServiceProviderList><TrustServiceProvider><TSPServices>"
        f"{''.join(services)}"
        "</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
        "</TrustServiceStatusList>"
    )
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    signed = signer.sign(etree.fromstring(text), key=operator.key, cert=operator.pem.decode())
    path = folder / "country.xml"
    path.write_bytes(etree.tostring(signed))
    (folder / "country.signer.pem").write_bytes(operator.pem)
    return path


def test_a_document_is_trusted_by_a_list(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party, b_lta: bytes, validate: Validate
) -> None:
    granted = [("granted", BEGAN)]
    path = trusted_list(
        tmp_path,
        operator,
        service("CA/QC", hierarchy.issuing, granted),
        service("TSA/QTST", hierarchy.tsa, granted),
    )
    report = validate(b_lta, trust=trust_from(path, now=NOW))
    assert report.verdict is Verdict.TOTAL_PASSED, report.reason
    [one] = report.signatures
    assert one.chain is not None
    assert one.chain.anchor.source == "country.xml"
    assert one.proven_at == SIGNED


def test_a_service_vouches_only_for_what_it_is_listed_for(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party, b_lta: bytes, validate: Validate
) -> None:
    path = trusted_list(
        tmp_path, operator, service("CA/QC", hierarchy.issuing, [("granted", BEGAN)])
    )
    trust = trust_from(path, now=NOW)
    assert [one.purposes for one in trust.anchors] == [{Purpose.SIGNING}]
    [one] = validate(b_lta, trust=trust).signatures
    assert one.proven_at is None
    assert one.time_stamps[0].finding.problem is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ([("withdrawn", SIGNED + DAY), ("granted", BEGAN)], Verdict.TOTAL_PASSED),
        ([("withdrawn", SIGNED - DAY), ("granted", BEGAN)], Verdict.INDETERMINATE),
        ([("granted", SIGNED + DAY)], Verdict.INDETERMINATE),
        ([("granted", SIGNED - DAY), ("withdrawn", BEGAN)], Verdict.TOTAL_PASSED),
    ],
)
def test_a_service_counts_in_the_times_in_which_it_was_granted(
    standings: list[tuple[str, datetime]],
    expected: Verdict,
    tmp_path: Path,
    hierarchy: Hierarchy,
    operator: Party,
    b_lta: bytes,
    validate: Validate,
) -> None:
    path = trusted_list(
        tmp_path,
        operator,
        service("CA/QC", hierarchy.issuing, standings),
        service("TSA/QTST", hierarchy.tsa, [("granted", BEGAN)]),
    )
    assert validate(b_lta, trust=trust_from(path, now=NOW)).verdict is expected


def test_a_list_that_somebody_else_signed_is_refused(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party
) -> None:
    path = trusted_list(
        tmp_path, operator, service("CA/QC", hierarchy.issuing, [("granted", BEGAN)])
    )
    (tmp_path / "country.signer.pem").write_bytes(hierarchy.signer.pem)
    with pytest.raises(TrustUnreadable, match="not signed by who was named"):
        trust_from(path, now=NOW)
    (tmp_path / "country.signer.pem").unlink()
    with pytest.raises(TrustUnreadable, match="is not said"):
        trust_from(path, now=NOW)


def test_a_list_that_was_changed_is_refused(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party
) -> None:
    path = trusted_list(
        tmp_path, operator, service("CA/QC", hierarchy.issuing, [("withdrawn", BEGAN)])
    )
    path.write_bytes(path.read_bytes().replace(b"Svcstatus/withdrawn", b"Svcstatus/granted"))
    with pytest.raises(TrustUnreadable, match="not signed"):
        trust_from(path, now=NOW)


def test_what_stands_around_the_signed_list_is_not_read(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party
) -> None:
    """Signature wrapping: the signed list lies inside another that trusts more."""
    path = trusted_list(
        tmp_path, operator, service("CA/QC", hierarchy.issuing, [("granted", BEGAN)])
    )
    inner = path.read_bytes().decode()
    evil = service("CA/QC", Hierarchy("Evil").issuing, [("granted", BEGAN)])
    path.write_text(
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">'
        f"{evil}<SchemeInformation/>{inner}</TrustServiceStatusList>"
    )
    with pytest.raises(TrustUnreadable):
        trust_from(path, now=NOW)


def test_a_list_that_ran_out_is_refused(
    tmp_path: Path, hierarchy: Hierarchy, operator: Party
) -> None:
    path = trusted_list(
        tmp_path,
        operator,
        service("CA/QC", hierarchy.issuing, [("granted", BEGAN)]),
        next_update=NOW - DAY,
    )
    with pytest.raises(TrustUnreadable, match="ran out"):
        trust_from(path, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "no xml",
        "<other/>",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">&b;</TrustServiceStatusList>',
    ],
)
def test_what_is_no_list_is_refused(text: str, tmp_path: Path, operator: Party) -> None:
    path = tmp_path / "country.xml"
    path.write_text(text)
    (tmp_path / "country.signer.pem").write_bytes(operator.pem)
    with pytest.raises(TrustUnreadable):
        trust_from(path, now=NOW)
