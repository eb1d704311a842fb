"""What may be added to a signed document without harm to its signatures."""

from __future__ import annotations

import io

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    append_signature_field,
)
from pyhanko.sign.signers import PdfSigner

from signing.documents.validation.indications import Integrity, Verdict
from tests.signing.documents.validation.authorities import Hierarchy
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import Signed, build, objects
from tests.signing.documents.validation.test_attacks import ATTACKS

BOX = (300, 100, 500, 150)


def with_fields(*specs: SigFieldSpec) -> bytes:
    """Return a document with places for signatures."""
    writer = IncrementalPdfFileWriter(io.BytesIO(build(objects())))
    for one in specs:
        append_signature_field(writer, one)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (MDPPerm.NO_CHANGES, Integrity.NOT_COVERED),
        (MDPPerm.FILL_FORMS, Integrity.INTACT),
        (MDPPerm.ANNOTATE, Integrity.INTACT),
    ],
)
def test_a_certified_document_is_signed_in_its_places_as_its_first_signer_permits(
    permission: MDPPerm,
    expected: Integrity,
    signed: Signed,
    hierarchy: Hierarchy,
    validate: Validate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A program that signs against the first signer's will; pyHanko would not.
    monkeypatch.setattr(PdfSigner, "_enforce_certification_constraints", lambda *_: None)
    prepared = with_fields(SigFieldSpec("Second", box=BOX))
    certified = signed.sign(prepared, certify=True, docmdp_permissions=permission)
    both = signed.sign(certified, field="Second", existing=True, party=hierarchy.person("Second"))
    first, second = validate(both).signatures
    assert (first.integrity, second.integrity) == (expected, Integrity.INTACT)
    assert first.permissions is not None
    assert first.permissions.facts()["doc_mdp"] == permission.value


def test_archiving_is_permitted_even_where_nothing_else_is(
    signed: Signed, validate: Validate
) -> None:
    closed = signed.sign(level="B-LTA", certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert validate(closed).verdict is Verdict.TOTAL_PASSED


@pytest.mark.parametrize(
    ("locked", "expected"), [("other", Integrity.INTACT), ("amount", Integrity.NOT_COVERED)]
)
def test_a_signer_who_names_the_fields_to_lock_lets_the_others_be_filled_in(
    locked: str, expected: Integrity, signed: Signed, validate: Validate
) -> None:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, [locked])
    prepared = with_fields(SigFieldSpec("Signature1", box=BOX, field_mdp_spec=lock))
    filled = ATTACKS["replaced_field_value"](signed.sign(prepared, existing=True))
    [one] = validate(filled).signatures
    assert one.integrity is expected


def test_only_the_fields_that_were_filled_in_are_named(signed: Signed, validate: Validate) -> None:
    parts = objects()
    parts[1] = parts[1].replace(b"[6 0 R]", b"[6 0 R 10 0 R]")
    parts[10] = b"<< /FT /Tx /T (untouched) /V (1) >>"
    certified = signed.sign(build(parts), certify=True)
    [one] = validate(ATTACKS["replaced_field_value"](certified)).signatures
    assert [change.fields for change in one.changes] == [("amount",)]
