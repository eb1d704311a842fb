"""The signature field: chosen or made, and what earlier signatures and the field itself allow.

ISO 32000-2, Section 12.7.5.5 (signature fields) and 12.8.2 (what a signature forbids).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import FormFillingError
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    InvisSigSettings,
    MDPPerm,
    SigFieldSpec,
    enumerate_sig_fields,
)
from pyhanko.sign.signers.cms_embedder import SigMDPSetup

from signing.documents.entries import entry
from signing.documents.errors import (
    UNHARMED,
    CertificationNotFirst,
    DocumentLocked,
    FieldSigned,
    FieldUnusable,
    PageMissing,
)
from signing.documents.options import FieldLock, LockAction, Placement, SigningOptions
from signing.documents.reading import pages_of

_ACTIONS = {
    LockAction.ALL: FieldMDPAction.ALL,
    LockAction.INCLUDE: FieldMDPAction.INCLUDE,
    LockAction.EXCLUDE: FieldMDPAction.EXCLUDE,
}
# ISO 32000-1, Annex C.2: a name has at most 127 octets; a field's is a string, and people read it.
_LONGEST_NAME = 127
# ISO 32000-2, Annex C: pages of up to 14,400 units, on either side of the origin.
_FARTHEST_UNITS = 14_400.0


@dataclass(frozen=True)
class ChosenField:
    """The field to sign; ``to_make`` describes it where it does not exist yet."""

    name: str
    to_make: SigFieldSpec | None


@dataclass(frozen=True)
class EmptyField:
    """Where a field stands: its page, from 1, and left, bottom, right, top on it in points."""

    page: int
    box: tuple[float, float, float, float]


def choose_field(writer: IncrementalPdfFileWriter, options: SigningOptions) -> ChosenField:
    """Find or describe the field, and check that it may be signed.

    Raises FieldSigned, FieldUnusable, PageMissing, DocumentLocked or CertificationNotFirst.
    """
    present = dict(_signature_fields(writer))
    name = options.field if options.field is not None else free_name(writer, "Signature")
    _check_name(name)
    _check_earlier(present, name, is_certifying=options.certify is not None)
    if name in present:
        if entry(present[name], "/V") is not None:
            raise FieldSigned(f"The field {name} is signed already.", kept=UNHARMED, field=name)
        if options.placement is not None:
            raise FieldUnusable(
                f"The field {name} has its place in the document already: give no other.",
                kept=UNHARMED,
            )
        return ChosenField(name, None)
    _check_is_free(writer, name)
    return ChosenField(name, _to_make(writer, name, options.placement))


def apply_lock(writer: IncrementalPdfFileWriter, field: Any, options: SigningOptions) -> None:
    """Write the wanted lock into the field. Raises FieldUnusable where it has one of its own."""
    if options.lock is None:
        return
    if "/Lock" in field:
        raise FieldUnusable(
            "The field says itself what it locks: give no other lock.", kept=UNHARMED
        )
    field["/Lock"] = writer.add_object(_specification(options.lock).as_sig_field_lock())


def locking_of(field: Any, options: SigningOptions, hash_name: str) -> SigMDPSetup:
    """Return what the signature dictionary says about later changes."""
    lock = permissions = None
    if "/Lock" in field:
        lock = FieldMDPSpec.from_pdf_object(field["/Lock"])
        if "/P" in field["/Lock"]:
            permissions = MDPPerm(field["/Lock"]["/P"])
    if options.certify is not None:
        wanted = MDPPerm(options.certify)
        # The stricter of what the field's author and the signer want.
        permissions = wanted if permissions is None else min(wanted, permissions)
    return SigMDPSetup(
        md_algorithm=hash_name,
        certify=options.certify is not None,
        field_lock=lock,
        docmdp_perms=permissions,
    )


def empty_field(writer: IncrementalPdfFileWriter, name: str) -> EmptyField | None:
    """Find an empty signature field of the document; None where it has none of this name.

    Raises FieldUnusable where it stands on no page.
    """
    for found, _, reference in enumerate_sig_fields(writer):
        field = reference.get_object()
        if str(found) != name or entry(field, "/V") is not None:
            continue
        # ISO 32000-2, Section 12.7.4: a field is its own widget, or has it as its child.
        widget = field if "/Rect" in field else (entry(field, "/Kids") or (field,))[0].get_object()
        rectangle = entry(widget, "/Rect")
        if rectangle is None or len(rectangle) != 4:
            continue
        left, bottom, right, top = map(float, rectangle)
        box = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
        for number, page in enumerate(pages_of(writer), start=1):
            annotations = entry(page, "/Annots") or ()
            if any(one.get_object() is widget for one in annotations):
                return EmptyField(number, box)
        raise FieldUnusable(
            f"The field {name} stands on no page, so that no stamp can be drawn in it.",
            kept=UNHARMED,
        )
    return None


def free_name(writer: IncrementalPdfFileWriter, stem: str) -> str:
    """Return ``stem`` and the first number that no field has taken."""
    taken = set(_top_level_names(writer))
    return next(f"{stem}{number}" for number in count(1) if f"{stem}{number}" not in taken)


def _signature_fields(writer: IncrementalPdfFileWriter) -> Iterator[tuple[str, Any]]:
    for name, _value, reference in enumerate_sig_fields(writer):
        yield str(name), reference.get_object()


def _top_level_names(writer: IncrementalPdfFileWriter) -> Iterator[str]:
    form = entry(writer.root, "/AcroForm")
    for reference in () if form is None else entry(form, "/Fields") or ():
        name = entry(reference.get_object(), "/T")
        if name is not None:
            yield str(name)


def _check_name(name: str) -> None:
    if not all(name.split(".")) or len(name.encode()) > _LONGEST_NAME or not name.isprintable():
        raise FieldUnusable(
            f"A field's name has 1 to {_LONGEST_NAME} printable octets, and no empty part "
            "between full stops.",
            kept=UNHARMED,
        )


def _check_is_free(writer: IncrementalPdfFileWriter, name: str) -> None:
    try:
        _ = list(enumerate_sig_fields(writer, with_name=name))
    except FormFillingError as error:
        raise FieldUnusable(
            f"The field {name} exists and is no signature field.", kept=UNHARMED
        ) from error


def _check_earlier(present: dict[str, Any], name: str, *, is_certifying: bool) -> None:
    for earlier in present.values():
        signature = entry(earlier, "/V")
        if signature is None:
            continue
        if is_certifying and entry(signature, "/Type") != "/DocTimeStamp":
            raise CertificationNotFirst(
                "The document is signed already, and a certification has to come first. Sign "
                "without certifying.",
                kept=UNHARMED,
            )
        _check_allows(signature, name)


def _check_allows(signature: Any, name: str) -> None:
    for reference in entry(signature, "/Reference") or ():
        parameters = entry(reference.get_object(), "/TransformParams")
        if parameters is None:
            continue
        if entry(parameters, "/P") == MDPPerm.NO_CHANGES.value:
            raise DocumentLocked(
                "An earlier signature allows no changes, and a further signature is one.",
                kept=UNHARMED,
            )
        if "/Action" in parameters and FieldMDPSpec.from_pdf_object(parameters).is_locked(name):
            raise DocumentLocked(
                f"An earlier signature has locked the field {name}.", kept=UNHARMED, field=name
            )


def _to_make(
    writer: IncrementalPdfFileWriter, name: str, placement: Placement | None
) -> SigFieldSpec:
    if placement is None:
        # PDF/UA wants what is not tagged to be out of sight, PDF/A wants it printable.
        is_tagged = "/MarkInfo" in writer.root
        return SigFieldSpec(name, invis_sig_settings=InvisSigSettings(box_out_of_bounds=is_tagged))
    pages = int(NumberObject(writer.root["/Pages"]["/Count"]))
    page = placement.page if placement.page < 0 else placement.page - 1
    if placement.page == 0 or not -pages <= page < pages:
        raise PageMissing(
            f"The document has {pages} pages, and none with number {placement.page}.",
            kept=UNHARMED,
            pages=pages,
        )
    left, bottom, right, top = placement.box
    if not (left < right and bottom < top and all(map(_is_near, placement.box))):
        raise FieldUnusable(
            "A field's box is left, bottom, right, top in points, and has an extent.",
            kept=UNHARMED,
        )
    return SigFieldSpec(name, on_page=page, box=placement.box)  # type: ignore[arg-type]


def _is_near(coordinate: float) -> bool:
    return -_FARTHEST_UNITS <= coordinate <= _FARTHEST_UNITS


def _specification(lock: FieldLock) -> FieldMDPSpec:
    return FieldMDPSpec(_ACTIONS[lock.action], list(lock.fields) or None)
