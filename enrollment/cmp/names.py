"""Distinguished names as CMP's messages carry them: read, and compared."""

from __future__ import annotations

from ca.csr.parsing import read_subject
from ca.der import SEQUENCE, Element, read_fields, read_only
from enrollment.cmp.encoding import directory_name, sequence

_DIRECTORY_NAME = 0xA4
# RFC 9810, Section 5.1.1: who is not known by name is the NULL-DN.
NULL_NAME = directory_name(sequence())

ComparableName = tuple[tuple[str, bytes], ...]


def name_in(general_name: Element) -> bytes | None:
    """Return the DER of the Name in a GeneralName, None for another form. Raises NotDer."""
    if general_name.tag != _DIRECTORY_NAME:
        return None
    [name] = read_fields(general_name, SEQUENCE)
    return name.der


def comparable(name_der: bytes) -> ComparableName:
    """Return a Name so that two which say the same are equal, in whatever string types.

    RFC 5280, Section 7.1, without its folding of case and blanks: clients repeat our names.
    Raises Malformed.
    """
    return tuple((oid, value) for oid, _, value in read_subject(read_only(name_der, SEQUENCE)))
