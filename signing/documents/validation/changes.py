"""What was changed after a signature, and whether that is permitted.

Permitted without being asked: validation data (DSS), document time-stamps, further signatures, and
the metadata that programs write with these. Filling in other form fields is permitted only where
somebody said so: the document is certified with P=2 or 3 (DocMDP, ISO 32000-2, Section 12.8.2.2),
or the signature names the fields that it locks (FieldMDP) and this is none of them. Nothing else
is, annotations with P=3 included: what an annotation hides or shows cannot be told from what a
page says.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    FormUpdatingRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, read_certification_data

from signing.documents.validation.form_fields import touched_fields
from signing.documents.validation.opening import OpenedPdf, entry, guarded

# Without the rule for other form fields: whatever touches one is a change without a reason.
_SIGNING_ONLY = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=FormUpdatingRule(field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]),
)
# ISO 32000-2, Table 257: P.
_FORM_FILLING = frozenset({MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE})
# A later signature may show itself, and may not lie over the page: stamps take far less than this
# share of it (policy of ours; the attack is called sneaky signature).
_LARGEST_SHARE = 0.35
_A4 = 595.0 * 842.0


class ForbiddenChange(Exception):  # noqa: N818 - turned into a finding by its only caller
    """A change that the signature does not allow."""


@dataclass(frozen=True)
class Permissions:
    """What a signature lets others do later.

    ``doc_mdp`` is P of its certification (or of its field's lock), None for an approval signature;
    ``certified`` is P of the document's certification, by whichever signature.
    """

    doc_mdp: MDPPerm | None
    field_mdp: FieldMDPSpec | None
    certified: MDPPerm | None = None

    @property
    def lets_fill_forms(self) -> bool:
        """Tell whether fields that are not locked may be filled in."""
        if self.doc_mdp is not None:
            return self.doc_mdp in _FORM_FILLING
        return self.field_mdp is not None or self.certified in _FORM_FILLING

    def facts(self) -> dict[str, object]:
        """Return it for the report."""
        locked: dict[str, object] | None = None
        if self.field_mdp is not None:
            locked = {
                "action": self.field_mdp.action.value.lstrip("/"),
                "fields": list(self.field_mdp.fields or ()),
            }
        doc_mdp = self.doc_mdp.value if self.doc_mdp is not None else None
        return {"doc_mdp": doc_mdp, "field_mdp": locked}


@dataclass(frozen=True)
class Change:
    """One later revision of the document, and what it brought."""

    revision: int
    kind: str
    fields: tuple[str, ...] = ()

    def facts(self) -> dict[str, object]:
        """Return it for the report."""
        return {"revision": self.revision + 1, "kind": self.kind, "fields": list(self.fields)}


def read_permissions(signature: EmbeddedPdfSignature) -> Permissions:
    """Read what a signature permits, from its dictionary or its field's lock."""
    with guarded("signature's permissions"):
        field_mdp = signature.fieldmdp
        if field_mdp is None and "/Lock" in signature.sig_field:
            field_mdp = FieldMDPSpec.from_pdf_object(signature.sig_field["/Lock"])
        certification = read_certification_data(signature.reader)
        certified = certification.permission if certification is not None else None
        return Permissions(signature.docmdp_level, field_mdp, certified)


def changes_after(
    document: OpenedPdf, signature: EmbeddedPdfSignature, permissions: Permissions
) -> list[Change]:
    """Return the changes in later revisions. Raises ForbiddenChange.

    Each revision is compared with the signed one: a change that a later revision hides again is a
    change all the same.
    """
    reader, signed = document.reader, signature.signed_revision
    base = reader.get_historical_resolver(signed)
    found = []
    for revision in range(signed + 1, reader.xrefs.total_revisions):
        document.deadline.check()
        new = reader.get_historical_resolver(revision)
        try:
            found.append(_change(document, base, new, permissions))
        except SuspiciousModification as error:
            raise ForbiddenChange(
                f"Version {revision + 1} of the document changes what the signature protects."
            ) from error
    return found


def _change(
    document: OpenedPdf, old: HistoricalResolver, new: HistoricalResolver, permissions: Permissions
) -> Change:
    try:
        result = _SIGNING_ONLY.apply(old, new, permissions.field_mdp, permissions.doc_mdp)
    except SuspiciousModification:
        if not permissions.lets_fill_forms:
            raise
        result = DEFAULT_DIFF_POLICY.apply(old, new, permissions.field_mdp, permissions.doc_mdp)
        _check_level(result, new.revision, permissions)
        return Change(new.revision, "FORM_FILLED", touched_fields(old, new))
    _check_level(result, new.revision, permissions)
    fields = tuple(sorted(result.changed_form_fields))
    if result.modification_level <= ModificationLevel.LTA_UPDATES and not fields:
        return Change(new.revision, "VALIDATION_DATA")
    unsigned = set(fields) - _signed_fields(document)
    if unsigned:
        raise ForbiddenChange(
            f"Version {new.revision + 1} of the document shows a place for a signature in which "
            "there is none, or one that lies over the page."
        )
    return Change(new.revision, "SIGNATURE", fields)


def _check_level(result: DiffResult, revision: int, permissions: Permissions) -> None:
    level = result.modification_level
    if level > ModificationLevel.FORM_FILLING:
        raise ForbiddenChange(f"Version {revision + 1} of the document changes its pages.")
    if permissions.doc_mdp is not None and level.value > permissions.doc_mdp.value:
        raise ForbiddenChange(
            f"Version {revision + 1} of the document adds to it, which its first signer forbade."
        )


def _signed_fields(document: OpenedPdf) -> set[str]:
    """Return the signature fields that hold a signature at last and cover no page."""
    return {
        name
        for name, value, field in enumerate_sig_fields(document.reader, filled_status=True)
        if value is not None and not _covers_page(field.get_object())
    }


def _covers_page(field: generic.DictionaryObject) -> bool:
    widgets = [kid.get_object() for kid in entry(field, "/Kids", ())] or [field]
    return any(_share(one) > _LARGEST_SHARE for one in widgets)


def _share(widget: generic.DictionaryObject) -> float:
    if "/Rect" not in widget:
        return 0.0
    if "/P" not in widget:
        # It need not say on which page it is (ISO 32000-2, Table 166).
        return _area(widget["/Rect"]) / _A4
    page = widget["/P"].get_object()
    box = entry(page, "/MediaBox")
    while box is None and "/Parent" in page:
        page = page["/Parent"]
        box = entry(page, "/MediaBox")
    if box is None:
        return 1.0
    area = _area(box)
    return _area(widget["/Rect"]) / area if area else 1.0


def _area(box: generic.ArrayObject) -> float:
    left, bottom, right, top = (float(one) for one in box)
    return abs(right - left) * abs(top - bottom)
