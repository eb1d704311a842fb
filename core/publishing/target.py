"""The port: a place to which files are published, and what is put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

# What a destination keeps for us and serves to nobody stands below this name.
PRIVATE = ".camtrust"


@dataclass(frozen=True)
class Kind:
    """What publications of one sort have in common.

    ``order_of`` reads from a file, which has a descriptor, what says which of two is newer: the
    higher. Raises ValueError for a file that is none of this kind.
    """

    name: str
    content_type: str
    order_of: Callable[[BinaryIO], int]


@dataclass(frozen=True)
class Publication:
    """One file to publish. ``name`` has its parts between slashes, as in its URL.

    ``order`` is what ``kind.order_of`` says of its octets, and ``sha256`` their hash, so that
    they need not be read where they are in place already. ``expires_at`` is when a relying party
    stops believing it.
    """

    kind: Kind
    name: str
    order: int
    sha256: bytes
    modified_at: datetime
    expires_at: datetime | None
    cache_control: str
    open: Callable[[], BinaryIO]


class Outcome(StrEnum):
    """What became of a publication."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    OVERTAKEN = "overtaken"  # a newer one is in place, and stays


class PublicationTarget(Protocol):
    """A place to publish to; safe for several publishers at once.

    Every method raises DestinationAway, and, in object stores, CredentialsMissing, BucketMissing
    or DestinationForbidden.
    """

    @property
    def has_folders(self) -> bool:
        """Tell whether slashes make folders, in which too many files are slow."""

    @property
    def orders_publishers(self) -> bool:
        """Tell whether an older file cannot replace a newer one, whatever others do meanwhile."""

    def put(self, publications: Sequence[Publication]) -> list[Outcome]:
        """Put files in place, and say of each what became of it.

        Each appears whole or not at all, and never instead of a newer one. Raises
        DestinationBusy when others stay in the way.
        """

    def remove(self, names: Sequence[str], is_unwanted: Callable[[str], bool]) -> int:
        """Remove files that are still unwanted when their turn comes; return how many."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names below a prefix, which ends with a slash, in no certain order."""

    def read(self, name: str) -> bytes | None:
        """Return a small file's octets; None where there is none."""

    def note(self, name: str, octets: bytes) -> None:
        """Keep a note below ``PRIVATE``, whatever stood there."""

    def close(self) -> None:
        """Give back connections."""


def order_in_place(file: BinaryIO, publication: Publication) -> int | None:
    """Return the order of what stands in a publication's place; None for what is not its kind."""
    try:
        return publication.kind.order_of(file)
    except ValueError:
        return None
