"""A document is signed once, whoever dies meanwhile: of several results the first whole one counts.

1. If a result is there already, whoever made it died before it was recorded: it is that one.
2. Else the document is signed to a name of its own. What registering its stamp needs is put down
   under the result's SHA-256; then it becomes the result, unless another's did first.
3. The result is registered, where it has a stamp: the same again changes nothing.

So a stamp that is out of the house leads to a page, and a page belongs to what is handed out: what
was signed in vain has none. The caller records the result, and hands it out after that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signing.documents.batches.files import BatchFiles, sha256_of
from signing.documents.stamped import StampedSigning, StampFacts
from signing.documents.stamps.order import StampOrder
from signing.documents.storage import storage
from signing.documents.verification.identifiers import DocumentId


@dataclass(frozen=True)
class SettledDocument:
    """The one result; ``registered`` is its document where it has a stamp."""

    path: Path
    sha256: bytes
    registered: DocumentId | None


class Settling:
    """Settles documents in the folders of ``files``; safe in many processes."""

    def __init__(self, *, files: BatchFiles, stamped: StampedSigning) -> None:
        self._files = files
        self._stamped = stamped

    def settle(
        self,
        folder: str,
        number: int,
        sign: Callable[[Path], StampFacts | None],
        *,
        stamp: StampOrder | None,
        institution: str | None,
    ) -> SettledDocument:
        """Return the result, which ``sign`` makes if there is none yet.

        ``sign`` writes to a path, and returns what its stamp said. Raises what it raises, what
        registering refuses, and StorageUnavailable.
        """
        with storage():
            result = self._files.result(folder, number)
            if not result.exists():  # Step 1.
                self._sign(folder, number, sign)  # Step 2.
            digest, registered = sha256_of(result), None
            if stamp is not None:  # Step 3.
                facts = StampFacts.read(self._files.note_of(folder, number, digest))
                with result.open("rb") as signed:
                    self._stamped.register(facts, stamp, signed, institution=institution)
                registered = facts.document
            return SettledDocument(result, digest, registered)

    def _sign(self, folder: str, number: int, sign: Callable[[Path], StampFacts | None]) -> None:
        with self._files.working(folder, number) as partial:
            facts = sign(partial)
            if facts is not None:
                self._files.note(folder, number, sha256_of(partial), facts.written())
            self._files.settle(folder, number, partial)
