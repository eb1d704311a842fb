"""Go through every entry of a CRL that was built, before it is signed.

By another's parser, some thousand entries at a time under the list's own head: what our encoder
wrote has to be DER, in rising order and without a serial number twice, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from cryptography import x509

from ca.crl.building import BuiltCrl
from ca.der import NotDer, Truncated, read_header
from ca.issuance.signature import assemble

# The parser looks at its length only.
_NO_SIGNATURE = bytes(64)


class EntryFault(Exception):  # noqa: N818 - the name of a finding, not a refusal
    """An entry breaks a rule; the first argument names it."""


def check_entries(built: BuiltCrl) -> bytes:
    """Check every entry; return the SHA-256 of the to-be-signed bytes that were gone through.

    Raises EntryFault.
    """
    digest = sha256(built.opening)
    last = count = 0
    for batch in _whole_entries(_hashing(built.listed, digest.update)):
        for entry in _parsed(built, batch):
            # RFC 5280 asks for no order; it makes plain that no serial number stands twice.
            if entry.serial_number <= last:
                raise EntryFault("entries_not_in_rising_order")
            last = entry.serial_number
            count += 1
            _check_extensions(built, entry)
    if count != built.entries:
        raise EntryFault("number_of_entries_differs")
    digest.update(built.tail)
    return digest.digest()


def _hashing(parts: Iterable[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for part in parts:
        update(part)
        yield part


def _whole_entries(parts: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        rest += part
        end = _end_of_last(rest)
        yield rest[:end]
        rest = rest[end:]
    if rest:
        raise EntryFault("entry_cut_off")


def _end_of_last(octets: bytes) -> int:
    end, size = 0, len(octets)
    try:
        while end < size:
            _tag, _content, end = read_header(octets, end, size)
    except Truncated:
        # It goes on in the next part.
        return end
    except NotDer as error:
        raise EntryFault("entry_not_der") from error
    return end


def _parsed(built: BuiltCrl, entries: bytes) -> Iterator[x509.RevokedCertificate]:
    if not entries:
        return
    try:
        yield from x509.load_der_x509_crl(
            assemble(built.tbs_with(entries), built.algorithm, _NO_SIGNATURE)
        )
    except ValueError as error:
        raise EntryFault("entry_not_readable") from error


def _check_extensions(built: BuiltCrl, entry: x509.RevokedCertificate) -> None:
    try:
        found = [one.value for one in entry.extensions]
    except (ValueError, x509.DuplicateExtension) as error:
        raise EntryFault("entry_extension_not_readable") from error
    if built.base_number is not None:
        return
    for value in found:
        # RFC 5280, Section 5.3.1: removeFromCRL only in delta CRLs.
        if isinstance(value, x509.CRLReason) and value.reason is x509.ReasonFlags.remove_from_crl:
            raise EntryFault("remove_from_crl_in_complete_crl")
