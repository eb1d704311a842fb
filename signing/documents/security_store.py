"""The document security store: certificates, OCSP responses and CRLs, kept in the document.

ETSI EN 319 142-1, Section 5.4.2; ISO 32000-2, Section 12.8.4.3. Entries for single signatures
(VRI) are optional there and left out: what is kept is kept for all signatures.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, StreamObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.documents.entries import entry


def keep_in_document(
    writer: IncrementalPdfFileWriter,
    *,
    certificates: Iterable[bytes],
    ocsp_responses: Iterable[bytes],
    crls: Iterable[bytes],
) -> None:
    """Add DER objects to the store, which is made where there is none; what is there stays."""
    store = entry(writer.root, "/DSS")
    if store is None:
        store = DictionaryObject()
        writer.root[pdf_name("/DSS")] = writer.add_object(store)
        writer.update_root()
    else:
        writer.update_container(store)
    for key, objects in (("/Certs", certificates), ("/OCSPs", ocsp_responses), ("/CRLs", crls)):
        _extend(writer, store, key, objects)


def _extend(
    writer: IncrementalPdfFileWriter, store: DictionaryObject, key: str, objects: Iterable[bytes]
) -> None:
    kept = list(entry(store, key) or ())
    known = {sha256(reference.get_object().data).digest() for reference in kept}
    for der in objects:
        digest = sha256(der).digest()
        if digest not in known:
            known.add(digest)
            kept.append(writer.add_object(StreamObject(stream_data=der)))
    if kept:
        # The array may be an object of its own in an earlier revision; here it stands inside.
        store[pdf_name(key)] = ArrayObject(kept)
