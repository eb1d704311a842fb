"""The report of ETSI TS 119 102-2, read back by bindings that were made from its schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from lxml import etree
from pyhanko.generated.etsi import ts_11910202
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from signing.documents.validation.errors import NothingToReport
from signing.documents.validation.xml_report import INTEGRITY, xml_of
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import Signed, build, objects
from tests.signing.documents.validation.test_attacks import ATTACKS, victim_page

VR = "{http://uri.etsi.org/19102/v1.2.1#}"


def read(xml: str) -> ts_11910202.ValidationReport:
    parser = XmlParser(
        config=ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True)
    )
    return parser.from_string(xml, ts_11910202.ValidationReport)


def missing(value: Any, path: str = "") -> Iterator[str]:
    """Yield what the schema requires and the report lacks."""
    for one in fields(value) if is_dataclass(value) else ():
        held = getattr(value, one.name)
        here = f"{path}/{one.name}"
        if one.metadata.get("required") and held is None:
            yield here
        if one.metadata.get("min_occurs", 0) > (len(held) if isinstance(held, tuple) else 1):
            yield here
        for child in held if isinstance(held, tuple) else (held,):
            yield from missing(child, here)


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LTA"])
def test_a_good_report_has_everything_that_the_schema_requires(
    level: str, signed: Signed, validate: Validate
) -> None:
    report = validate(signed.sign(level=level))
    written = read(xml_of(report))
    assert list(missing(written)) == []
    [one] = written.signature_validation_report
    status = one.signature_validation_status
    assert status is not None
    assert status.main_indication == "urn:etsi:019102:mainindication:total-passed"
    assert status.sub_indication == ()
    assert one.signer_information is not None
    assert "សុខ Dara" in str(one.signer_information.signer)


def test_a_bad_report_names_the_sub_indication_and_the_integrity(
    signed: Signed, validate: Validate
) -> None:
    report = validate(ATTACKS["replaced_page"](signed.sign(victim_page())))
    tree = etree.fromstring(xml_of(report).encode())
    said = [one.text for one in tree.iter(f"{VR}SubIndication")]
    assert said == ["urn:etsi:019102:subindication:FORMAT_FAILURE"]
    data = {
        one.findtext(f"{VR}Type"): one.findtext(f"{VR}Value")
        for one in tree.iter(f"{VR}ReportData")
    }
    assert data[INTEGRITY] == "NOT_COVERED"
    assert list(missing(read(xml_of(report)))) == []


def test_each_reference_leads_to_an_object(b_lta: bytes, validate: Validate) -> None:
    tree = etree.fromstring(xml_of(validate(b_lta)).encode())
    objects_there = {one.get("id") for one in tree.iter(f"{VR}ValidationObject") if one.get("id")}
    asked = {name for one in tree.iter() for name in (one.get("VOReference") or "").split()}
    assert asked
    assert asked <= objects_there
    kinds = {one.text for one in tree.iter(f"{VR}ObjectType")}
    assert {kind.rpartition(":")[2] for kind in kinds} == {"certificate", "timestamp", "signedData"}


def test_without_a_signature_there_is_no_such_report(validate: Validate) -> None:
    with pytest.raises(NothingToReport):
        xml_of(validate(build(objects())))
