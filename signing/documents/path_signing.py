"""Sign, renew, and sign beside, from file to file: the result is whole, or not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from signing.documents.archiving import RenewedArchive
from signing.documents.detached import DetachedSignature, FileSigning
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.ports import DocumentSigner
from signing.documents.signing import DocumentSigning, SignedDocument
from signing.documents.stamped import StampedDocument, StampedSigning
from signing.documents.stamps.order import StampOrder
from signing.documents.whole_files import check_apart, whole_file

R = TypeVar("R")


class PathSigning:
    """Works on paths. Raises what the engines raise, OutputRefused, and StorageUnavailable."""

    def __init__(
        self, *, documents: DocumentSigning, stamped: StampedSigning, files: FileSigning
    ) -> None:
        self._documents = documents
        self._stamped = stamped
        self._files = files

    def sign(
        self, source: Path, target: Path, signer: DocumentSigner, options: SigningOptions
    ) -> SignedDocument:
        """Sign a PDF."""
        return self._into(
            source,
            target,
            lambda pdf, result: self._documents.sign(pdf, result, signer, options),
        )

    def sign_stamped(
        self,
        source: Path,
        target: Path,
        signer: DocumentSigner,
        options: SigningOptions,
        order: StampOrder,
        *,
        institution: str | None,
    ) -> StampedDocument:
        """Sign a PDF with a stamp; it is registered before ``target`` is there."""
        return self._into(
            source,
            target,
            lambda pdf, result: self._stamped.sign(
                pdf, result, signer, options, order, institution=institution
            ),
        )

    def sign_unregistered(
        self,
        source: Path,
        target: Path,
        signer: DocumentSigner,
        options: SigningOptions,
        order: StampOrder,
        *,
        institution: str | None,
    ) -> StampedDocument:
        """Sign a PDF with a stamp; ``target`` is nobody's before it is registered."""
        return self._into(
            source,
            target,
            lambda pdf, result: self._stamped.sign_unregistered(
                pdf, result, signer, options, order, institution=institution
            ),
        )

    def renew(self, source: Path, target: Path, password: str | None) -> RenewedArchive:
        """Renew the archive time-stamp of a PDF."""
        return self._into(
            source,
            target,
            lambda pdf, result: self._documents.archiving.renew(pdf, result, password),
        )

    def sign_beside(
        self, source: Path, target: Path, signer: DocumentSigner, level: Level
    ) -> DetachedSignature:
        """Sign a file of any kind; ``target`` gets the signature alone."""

        def sign(content: BinaryIO, result: BinaryIO) -> DetachedSignature:
            signature = self._files.sign(content, signer, level)
            result.write(signature.der)
            return signature

        return self._into(source, target, sign)

    def _into(self, source: Path, target: Path, work: Callable[[BinaryIO, BinaryIO], R]) -> R:
        check_apart(source, target)
        small = source.stat().st_size <= self._documents.settings.in_memory_octets
        with source.open("rb") as content, whole_file(target, in_memory=small) as result:
            return work(content, result)
