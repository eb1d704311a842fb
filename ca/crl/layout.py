"""Read of a CRL's file what stands around its entries, whatever their number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from cryptography import x509

from ca.der import (
    BIT_STRING,
    SEQUENCE,
    NotDer,
    encode_element,
    read_header,
)

# Version, algorithm, name and two instants; and the extensions. Ours have less than 1 KiB each.
_LARGEST_PART = 16 * 1024
_NO_SIGNATURE = encode_element(BIT_STRING, bytes(65))


@dataclass(frozen=True)
class CrlHead:
    """What a CRL says of itself; ``size`` is that of the whole, in octets."""

    number: int
    this_update: datetime
    next_update: datetime
    size: int


def read_head(file: IO[bytes]) -> CrlHead:
    """Read a CRL that fills its file, but not its entries. Raises ValueError for anything else."""
    size = os.fstat(file.fileno()).st_size
    try:
        crl = x509.load_der_x509_crl(_without_entries(file.fileno(), size))
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (NotDer, IndexError, x509.ExtensionNotFound) as error:
        raise ValueError("not a CRL, or cut off") from error
    if crl.next_update_utc is None:
        raise ValueError("a CRL without nextUpdate")
    return CrlHead(number, crl.last_update_utc, crl.next_update_utc, size)


def _without_entries(file: int, size: int) -> bytes:
    octets = os.pread(file, _LARGEST_PART, 0)
    _tag, begin, end = read_header(octets, 0, size)
    if end != size:
        raise NotDer("The file is longer than the CRL.")
    _tag, begin, tbs_end = read_header(octets, begin, end)
    # RFC 5280, Section 5.1: version, signature, issuer, thisUpdate and nextUpdate come first.
    fields: list[bytes] = []
    offset = begin
    for _ in range(5):
        _tag, _content, after = read_header(octets, offset, tbs_end)
        fields.append(octets[offset:after])
        offset = after
    if octets[offset] == SEQUENCE:
        _tag, _content, offset = read_header(octets, offset, tbs_end)
    extensions = os.pread(file, min(tbs_end - offset, _LARGEST_PART), offset)
    tbs = encode_element(SEQUENCE, b"".join(fields) + extensions)
    return encode_element(SEQUENCE, tbs + fields[1] + _NO_SIGNATURE)
