"""A document that is sealed at once under an Idempotency-Key is sealed once, and kept for a while.

The key names an act (core.idempotency), and the act a folder: what a process left there that died
is found, and sent again, the request is answered from it until it is erased. The document that was
sent is not kept: whoever sends the request again sends it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import IntegrityError

from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.log import TransparencyLog
from signing.documents.batches.files import BatchFiles
from signing.documents.errors import SealedDocumentErased
from signing.documents.options import SigningOptions
from signing.documents.ports import DocumentSigner
from signing.documents.sealed import SealedDocument, find_sealed, record_sealed
from signing.documents.settling import Settling
from signing.documents.signing import DocumentSigning
from signing.documents.stamped import StampedSigning, StampFacts
from signing.documents.stamps.order import StampOrder, StampWishes
from signing.documents.storage import storage
from signing.documents.verification.addresses import VerificationAddresses
from signing.documents.whole_files import whole_file

# Each act has one document.
_ONLY = 1


@dataclass(frozen=True)
class Wanted:
    """What a program asks for: how a document is sealed, and for whom."""

    seal: str
    options: SigningOptions
    stamp: StampWishes | None
    by: Principal
    act_id: str


class KeptAnswers:
    """Seals once for each act; safe in many processes."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        files: BatchFiles,
        signing: DocumentSigning,
        stamped: StampedSigning,
        addresses: VerificationAddresses,
        kept: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._files = files
        self._signing = signing
        self._stamped = stamped
        self._settling = Settling(files=files, stamped=stamped)
        self._addresses = addresses
        self._kept = kept
        self._clock = clock

    def has(self, act_id: str) -> bool:
        """Tell whether an act is done: then neither its seal nor its template is asked for."""
        with self._database.read() as connection:
            return find_sealed(connection, act_id) is not None

    @contextmanager
    def answered(self, act_id: str) -> Iterator[SealedDocument]:
        """Yield the signed document of an act that is done.

        Raises SealedDocumentErased, StorageUnavailable.
        """
        with self._database.read() as connection:
            done = find_sealed(connection, act_id)
        with storage("Nothing was sealed again."):
            content = self._opened(act_id)
        registered = None if done is None else done.registered
        with content:
            yield SealedDocument(
                content, None if registered is None else self._addresses.printed(registered)
            )

    def erase_old(self) -> int:
        """Erase the copies that were kept long enough; return how many."""
        old = self._files.untouched_since(self._clock.now() - self._kept)
        for act_id in old:
            self._files.forget(act_id)
        return len(old)

    def seal(
        self, source: BinaryIO, wanted: Wanted, signer: DocumentSigner, order: StampOrder | None
    ) -> None:
        """Do an act, or find what a process that died left of it.

        Raises what signing and registering raise, and StorageUnavailable.
        """
        self._files.make_room(wanted.act_id)
        settled = self._settling.settle(
            wanted.act_id,
            _ONLY,
            lambda target: self._sign(source, target, wanted, signer, order),
            stamp=order,
            institution=wanted.by.institution,
        )
        try:
            with self._database.begin() as connection:
                record_sealed(
                    connection,
                    self._log,
                    act_id=wanted.act_id,
                    by=wanted.by,
                    seal=wanted.seal,
                    level=wanted.options.level,
                    sha256=settled.sha256,
                    registered=settled.registered,
                    at=self._clock.now(),
                )
        except IntegrityError:
            # The same request ran twice at once, and the other one recorded the same result.
            return

    def _opened(self, act_id: str) -> BinaryIO:
        try:
            return self._files.result(act_id, _ONLY).open("rb")
        except FileNotFoundError as error:
            if not self._files.is_there():
                raise
            raise SealedDocumentErased(
                "This document was sealed before under the same Idempotency-Key, and its copy is "
                f"erased: it is kept for {self._kept}.",
                kept="Nothing was sealed again. Send it with another key to seal it anew.",
            ) from error

    def _sign(
        self,
        source: BinaryIO,
        target: Path,
        wanted: Wanted,
        signer: DocumentSigner,
        order: StampOrder | None,
    ) -> StampFacts | None:
        octets = source.seek(0, 2)
        source.seek(0)
        small = octets <= self._signing.settings.in_memory_octets
        with whole_file(target, in_memory=small) as result:
            if order is None:
                self._signing.sign(source, result, signer, wanted.options)
                return None
            return self._stamped.sign_unregistered(
                source,
                result,
                signer,
                wanted.options,
                order,
                institution=wanted.by.institution,
            ).facts
