"""Each known way to make a signed PDF say something else is never called intact and passed.

The classes are those of pdf-insecurity.org; the documents are ours.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
    append_signature_field,
    enumerate_sig_fields,
)

from core.errors import CamtrustError
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from tests.signing.documents.validation.authorities import Hierarchy
from tests.signing.documents.validation.conftest import Validate
from tests.signing.documents.validation.documents import (
    Signed,
    build,
    last_startxref,
    object_of,
    objects,
    stream,
    update,
)

EVIL = stream(b"BT /F1 24 Tf 72 700 Td (Pay one million riel) Tj ET")
Attack = Callable[[bytes], bytes]


def byte_range(pdf: bytes) -> tuple[int, int, int, int]:
    numbers = re.findall(rb"/ByteRange\s*\[([^\]]+)\]", pdf)[-1].split()
    first, second, third, fourth = (int(one) for one in numbers)
    return first, second, third, fourth


def with_byte_range(pdf: bytes, *numbers: int) -> bytes:
    """Write other numbers over the range, at the same length."""
    found = list(re.finditer(rb"/ByteRange\s*\[([^\]]+)\]\s*", pdf))[-1]
    written = b"/ByteRange [%s]" % b" ".join(b"%d" % one for one in numbers)
    return pdf[: found.start()] + written.ljust(len(found.group(0))) + pdf[found.end() :]


# Incremental saving attack: the page is replaced in an update.


def replaced_page(pdf: bytes) -> bytes:
    return update(pdf, {4: EVIL})


def replaced_page_without_table(pdf: bytes) -> bytes:
    """The update has neither table nor trailer: lenient programs find the object all the same."""
    return pdf + b"4 0 obj\n" + EVIL + b"\nendobj\n"


def replaced_page_with_ending_only(pdf: bytes) -> bytes:
    start = last_startxref(pdf)
    return pdf + b"4 0 obj\n" + EVIL + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def replaced_page_hidden_by_an_empty_update(pdf: bytes) -> bytes:
    """A second update puts the old page back, and the first one stays in the file."""
    return update(replaced_page(pdf), {4: objects()[4]})


def replaced_page_with_signature_copied(pdf: bytes) -> bytes:
    """The update repeats the signature's dictionary, as if it belonged to this version."""
    number, body = object_of(pdf, b"/ByteRange")
    return update(pdf, {4: EVIL, number: body})


# Signature wrapping: the signed part is moved, and the range with it.


def moved_second_part(pdf: bytes) -> bytes:
    _, length, second, rest = byte_range(pdf)
    inserted = b"4 0 obj\n" + EVIL + b"\nendobj\n"
    wrapped = pdf[:second] + b" " * 4 + inserted + pdf[second:]
    return with_byte_range(wrapped, 0, length, second + 4 + len(inserted), rest)


def moved_second_part_and_replaced_page(pdf: bytes) -> bytes:
    """Digest and value fit: what was signed is all there, behind that which is shown."""
    _, length, second, rest = byte_range(pdf)
    assert pdf.index(b"/ByteRange") > second, "only where the range stands behind the signature"
    shown = with_byte_range(pdf, 0, length, len(pdf), rest)
    return update(shown + pdf[second : second + rest], {4: EVIL})


def range_that_begins_later(pdf: bytes) -> bytes:
    _, length, second, rest = byte_range(pdf)
    return with_byte_range(pdf, 10, length - 10, second, rest)


def range_that_overlaps(pdf: bytes) -> bytes:
    _, length, second, rest = byte_range(pdf)
    return with_byte_range(pdf, 0, second, length, rest)


def range_that_is_double(pdf: bytes) -> bytes:
    _, length, _, _ = byte_range(pdf)
    return with_byte_range(pdf, 0, length, 0, length)


def range_that_ends_early(pdf: bytes) -> bytes:
    _, length, second, rest = byte_range(pdf)
    return with_byte_range(pdf, 0, length, second, rest - 100)


def range_beyond_the_file(pdf: bytes) -> bytes:
    _, length, second, rest = byte_range(pdf)
    return with_byte_range(pdf, 0, length, second, rest + 1000)


# Universal signature forgery: the signature's own entries are missing or nonsense.


def _with_signature_entry(pattern: bytes, replacement: bytes) -> Attack:
    def forge(pdf: bytes) -> bytes:
        number, body = object_of(pdf, b"/ByteRange")
        forged = re.sub(pattern, lambda _: replacement, body, flags=re.DOTALL)
        assert forged != body
        return update(pdf, {number: forged, 4: EVIL})

    return forge


_CONTENTS = rb"/Contents\s*<[0-9a-fA-F]*>"
_RANGE = rb"/ByteRange\s*\[[^\]]*\]"
FORGERIES: dict[str, Attack] = {
    "contents missing": _with_signature_entry(_CONTENTS, b""),
    "contents null": _with_signature_entry(_CONTENTS, b"/Contents null"),
    "contents empty": _with_signature_entry(_CONTENTS, b"/Contents <>"),
    "contents zero": _with_signature_entry(_CONTENTS, b"/Contents <0000>"),
    "range missing": _with_signature_entry(_RANGE, b""),
    "range null": _with_signature_entry(_RANGE, b"/ByteRange null"),
    "range empty": _with_signature_entry(_RANGE, b"/ByteRange []"),
    "range negative": _with_signature_entry(_RANGE, b"/ByteRange [0 -1 -1 -1]"),
    "range zero": _with_signature_entry(_RANGE, b"/ByteRange [0 0 0 0]"),
    "range with words": _with_signature_entry(_RANGE, b"/ByteRange [/A /B /C /D]"),
    "range in parts": _with_signature_entry(_RANGE, b"/ByteRange [0 10 20 30 40 50]"),
    "filter unknown": _with_signature_entry(rb"/SubFilter\s*/[\w.]+", b"/SubFilter /None"),
}

# Evil annotation and sneaky signature: what lies over the page, after certification too.


def annotation_over_the_page(pdf: bytes) -> bytes:
    number, page = object_of(pdf, b"/MediaBox")
    annotated = re.sub(rb"/Annots\s*\[", b"/Annots [ 50 0 R ", page)
    if annotated == page:
        annotated = page.replace(b"/MediaBox", b"/Annots [50 0 R] /MediaBox")
    over = (
        b"<< /Type /Annot /Subtype /FreeText /Rect [60 680 500 740] /Contents (Pay one million) "
        b"/DA (/F1 24 Tf) /F 4 >>"
    )
    return update(pdf, {number: annotated, 50: over})


def unsigned_signature_field_over_the_page(pdf: bytes) -> bytes:
    number, page = object_of(pdf, b"/MediaBox")
    annotated = re.sub(rb"/Annots\s*\[", b"/Annots [ 50 0 R ", page)
    form_number, form = object_of(pdf, b"/Fields")
    fields = re.sub(rb"/Fields\s*\[", b"/Fields [ 50 0 R ", form)
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Sneaky) /Rect [60 680 500 740] /F 4 "
        b"/P %d 0 R /AP << /N 51 0 R >> >>" % number
    )
    drawn = stream(
        b"1 1 1 rg 0 0 440 60 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 440 60] "
    )
    return update(pdf, {number: annotated, form_number: fields, 50: field, 51: drawn})


# Others.


def added_page(pdf: bytes) -> bytes:
    return update(
        pdf,
        {
            2: b"<< /Type /Pages /Kids [3 0 R 50 0 R] /Count 2 >>",
            50: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 51 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            51: EVIL,
        },
    )


def replaced_catalog(pdf: bytes) -> bytes:
    pages = b"<< /Type /Pages /Kids [52 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 51 0 R /MediaBox [0 0 612 792] /Contents 53 0 R >>"
    number, form = object_of(pdf, b"/Catalog")
    changed = re.sub(rb"/Pages\s+\d+ 0 R", b"/Pages 51 0 R", form)
    return update(pdf, {number: changed, 51: pages, 52: page, 53: EVIL})


def other_catalog_by_the_trailer(pdf: bytes) -> bytes:
    _, catalog = object_of(pdf, b"/Catalog")
    changed = re.sub(rb"/Pages\s+\d+ 0 R", b"/Pages 51 0 R", catalog)
    pages = b"<< /Type /Pages /Kids [52 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 51 0 R /MediaBox [0 0 612 792] /Contents 53 0 R >>"
    return update(pdf, {50: changed, 51: pages, 52: page, 53: EVIL}, root=b"50 0 R")


def replaced_font(pdf: bytes) -> bytes:
    """Other glyphs for the same text: 100 reads 999."""
    return update(pdf, {5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"})


def replaced_field_value(pdf: bytes) -> bytes:
    number, field = object_of(pdf, b"/T (amount)")
    return update(pdf, {number: field.replace(b"/V (100)", b"/V (999)")})


def replaced_field_appearance(pdf: bytes) -> bytes:
    drawn = stream(b"BT (999) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] ")
    return update(pdf, {7: drawn})


def replaced_reason(pdf: bytes) -> bytes:
    number, body = object_of(pdf, b"/ByteRange")
    refused = body.replace(b"(I approve)", b"(I refuse!)")
    return update(pdf, {number: refused})


def replaced_appearance_of_the_signature(pdf: bytes) -> bytes:
    number, field = object_of(pdf, b"/FT /Sig")
    drawn = stream(
        b"BT (Signed by the Minister) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
    )
    changed = re.sub(rb"/AP\s*<<.*?>>", b"/AP << /N 50 0 R >>", field, flags=re.DOTALL)
    if changed == field:
        changed = field.replace(b"/FT /Sig", b"/AP << /N 50 0 R >> /FT /Sig")
    return update(pdf, {number: changed, 50: drawn})


def data_behind_the_signature(pdf: bytes) -> bytes:
    """The zeros that fill the signature's place are not covered, and are not zeros any more."""
    _, _, second, _ = byte_range(pdf)
    return pdf[: second - 41] + b"4d616c696369" + pdf[second - 29 :]


def script_by_the_catalog(pdf: bytes) -> bytes:
    number, catalog = object_of(pdf, b"/Catalog")
    changed = catalog.replace(b"/Catalog", b"/Catalog /OpenAction 50 0 R", 1)
    return update(pdf, {number: changed, 50: b"<< /S /JavaScript /JS (app.alert(1)) >>"})


def freed_page(pdf: bytes) -> bytes:
    start = len(pdf)
    table = b"xref\n4 1\n0000000000 00001 f \n"
    tail = b"trailer\n<< /Size 900 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return pdf + table + tail % (last_startxref(pdf), start)


def swapped_by_the_table_alone(pdf: bytes) -> bytes:
    """Hide and replace: the other page was there when it was signed, and a table turns to it."""
    start, hidden = len(pdf), pdf.index(b"% spare\n") + 8
    table = b"xref\n4 1\n%010d 00000 n \n" % hidden
    tail = b"trailer\n<< /Size 900 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return pdf + table + tail % (last_startxref(pdf), start)


def uncovered_picture(pdf: bytes) -> bytes:
    """Hide: what lay over the page when it was signed is taken away."""
    number, page = object_of(pdf, b"/MediaBox")
    return update(pdf, {number: page.replace(b"/Contents 4 0 R", b"/Contents 8 0 R")})


def text_behind_the_end(pdf: bytes) -> bytes:
    return pdf + b"The Minister agrees to everything.\n"


ATTACKS: dict[str, Attack] = {
    one.__name__: one
    for one in (
        replaced_page,
        replaced_page_without_table,
        replaced_page_with_ending_only,
        replaced_page_hidden_by_an_empty_update,
        replaced_page_with_signature_copied,
        moved_second_part,
        moved_second_part_and_replaced_page,
        range_that_begins_later,
        range_that_overlaps,
        range_that_is_double,
        range_that_ends_early,
        range_beyond_the_file,
        annotation_over_the_page,
        unsigned_signature_field_over_the_page,
        added_page,
        replaced_catalog,
        other_catalog_by_the_trailer,
        replaced_font,
        replaced_field_value,
        replaced_field_appearance,
        replaced_reason,
        replaced_appearance_of_the_signature,
        data_behind_the_signature,
        script_by_the_catalog,
        freed_page,
        swapped_by_the_table_alone,
        uncovered_picture,
        text_behind_the_end,
    )
} | {f"forged: {name}": attack for name, attack in FORGERIES.items()}


def fooled(validate: Validate, pdf: bytes) -> bool:
    """Tell whether the document is said to be as it was signed. A refusal says nothing of it."""
    try:
        report = validate(pdf)
    except CamtrustError:
        return False
    return report.verdict is Verdict.TOTAL_PASSED or any(
        one.integrity is Integrity.INTACT for one in report.signatures
    )


@pytest.fixture(scope="module")
def victim(signed: Signed) -> bytes:
    return signed.sign(victim_page(), box=(300, 100, 500, 150), reason="I approve")


@pytest.fixture(scope="module")
def certified(signed: Signed) -> bytes:
    return signed.sign(
        victim_page(), level="B-T", box=(300, 100, 500, 150), certify=True, reason="I approve"
    )


def victim_page() -> bytes:
    """Return a document prepared for a shadow attack: it holds a page that nothing shows yet."""
    spare = b"%% spare\n4 0 obj\n%s\nendobj\n" % EVIL
    return build(objects() | {8: EVIL, 9: stream(spare)})


def test_the_victims_are_good(validate: Validate, victim: bytes, certified: bytes) -> None:
    assert fooled(validate, victim)
    assert fooled(validate, certified)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attacked_document_is_not_called_intact(
    name: str, validate: Validate, victim: bytes
) -> None:
    attacked = ATTACKS[name](victim)
    assert attacked != victim
    assert not fooled(validate, attacked)


# DocMDP P=2, pyHanko's default: the first signer permits that forms are filled in.
_PERMITTED_BY_CERTIFICATION = {"replaced_field_value", "replaced_field_appearance"}


@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - _PERMITTED_BY_CERTIFICATION))
def test_an_attacked_certified_document_is_not_called_intact(
    name: str, validate: Validate, certified: bytes
) -> None:
    assert not fooled(validate, ATTACKS[name](certified))


@pytest.mark.parametrize("name", sorted(_PERMITTED_BY_CERTIFICATION))
def test_what_a_certification_permits_is_told_with_the_field(
    name: str, validate: Validate, certified: bytes
) -> None:
    [one] = validate(ATTACKS[name](certified)).signatures
    assert one.integrity is Integrity.INTACT
    assert [(change.kind, change.fields) for change in one.changes] == [
        ("FORM_FILLED", ("amount",))
    ]


@pytest.mark.parametrize("name", sorted(_PERMITTED_BY_CERTIFICATION))
def test_a_certification_without_changes_permits_none_of_it(
    name: str, validate: Validate, signed: Signed
) -> None:
    closed = signed.sign(victim_page(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert fooled(validate, closed)
    assert not fooled(validate, ATTACKS[name](closed))


def test_a_strict_reader_is_not_what_stops_the_attacks(validate: Validate, victim: bytes) -> None:
    """Nearly all of them are well-formed files: it is the rules that see them."""
    unreadable = []
    for name, attack in ATTACKS.items():
        [one, *_] = validate(attack(victim)).signatures
        if "breaks the rules" in (one.integrity_reason or ""):
            unreadable.append(name)
    assert unreadable == ["moved_second_part"]


def test_a_signature_that_covers_the_whole_page_alters_the_one_before(
    validate: Validate, signed: Signed, victim: bytes, hierarchy: Hierarchy
) -> None:
    """Sneaky signature: it is even valid, and hides what the first one signed."""
    other = hierarchy.person("Other")
    over = signed.sign(victim, field="Over", box=(0, 0, 612, 792), party=other)
    first, second = validate(over).signatures
    assert (first.integrity, second.integrity) == (Integrity.NOT_COVERED, Integrity.INTACT)


def test_a_widget_that_does_not_say_its_page_is_measured_all_the_same(
    validate: Validate, signed: Signed, victim: bytes, hierarchy: Hierarchy
) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(victim))
    append_signature_field(writer, SigFieldSpec("Over", box=(0, 0, 612, 792)))
    [(_, _, field)] = enumerate_sig_fields(writer, filled_status=False)
    del field.get_object()["/P"]
    prepared = io.BytesIO()
    writer.write(prepared)
    other = hierarchy.person("Other")
    over = signed.sign(prepared.getvalue(), field="Over", existing=True, party=other)
    first, _ = validate(over).signatures
    assert first.integrity is Integrity.NOT_COVERED


def test_a_signature_of_a_kind_that_is_not_examined_is_neither_good_nor_bad(
    validate: Validate, victim: bytes
) -> None:
    [one] = validate(ATTACKS["forged: filter unknown"](victim)).signatures
    assert (one.verdict, one.integrity) == (Verdict.INDETERMINATE, Integrity.NOT_COVERED)
    assert "None" in str(one.reason)


def test_a_signature_of_somebody_unknown_spoils_the_whole(
    validate: Validate, victim: bytes
) -> None:
    stranger = Signed(Hierarchy("Stranger")).sign(victim, field="Mine", box=(0, 0, 90, 40))
    report = validate(stranger)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
