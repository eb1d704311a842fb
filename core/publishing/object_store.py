"""Publish into a bucket of an object store that speaks the S3 protocol.

An object is replaced on condition that it is still the one that was looked at (If-Match), or made
on condition that there is none (If-None-Match): that is what keeps an older CRL from coming over a
newer one. A store that ignores such conditions is found out by a probe, and said.

Who we are stands in the environment or in the standard AWS files, never in an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple, cast

from core.publishing.errors import DestinationBusy
from core.publishing.s3_client import (
    KEPT,
    ConditionFailed,
    ConditionUnknown,
    ObjectAbsent,
    connect,
    refusals,
)
from core.publishing.target import PRIVATE, Outcome, Publication, order_in_place

# Requests at once: enough to hide the way to the store, few enough for one processor.
AT_ONCE = 16
_TRIES = 5
_ORDER, _SHA256 = "camtrust-order", "camtrust-sha256"
_PROBE = "probe"


class _Present(NamedTuple):
    """An object as it is in place."""

    etag: str
    cache_control: str
    content_type: str
    metadata: dict[str, str]


class ObjectStoreTarget:
    """A :class:`~core.publishing.target.PublicationTarget` below ``prefix`` in a bucket.

    Raises ObjectStoreLibraryMissing, and at the first use what the port's methods raise.
    """

    has_folders = False

    def __init__(self, *, bucket: str, prefix: str, client: Any | None = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = client or connect(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="publish")

    @cached_property
    def orders_publishers(self) -> bool:
        """Tell whether the store obeys the conditions of writes, by trying one."""
        name = f"{PRIVATE}/{_PROBE}"
        try:
            # Where there is none yet, the first is made, and the second has to be refused.
            return not all(self._is_put(name, {"IfNoneMatch": "*"}) for _ in range(2))
        except ConditionUnknown:
            return False

    def put(self, publications: Sequence[Publication]) -> list[Outcome]:
        """Put objects in place, several at once."""
        _ = self.orders_publishers
        return list(self._threads.map(self._put, publications))

    def remove(self, names: Sequence[str], is_unwanted: Callable[[str], bool]) -> int:
        """Remove objects, each on condition that it is still the one that was looked at."""
        _ = self.orders_publishers
        return sum(self._threads.map(lambda name: self._remove(name, is_unwanted), names))

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of objects, a page of a thousand at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with refusals(self._bucket):
            for page in pages:
                for one in page.get("Contents", ()):
                    yield one["Key"].removeprefix(self._prefix)

    def read(self, name: str) -> bytes | None:
        """Return an object's octets."""
        try:
            with refusals(self._bucket):
                octets: bytes = self._call("get_object", name)["Body"].read()
                return octets
        except ObjectAbsent:
            return None

    def note(self, name: str, octets: bytes) -> None:
        """Keep a note."""
        with refusals(self._bucket):
            self._call("put_object", f"{PRIVATE}/{name}", Body=octets, CacheControl="no-store")

    def close(self) -> None:
        """Give back threads and connections."""
        self._threads.shutdown()
        self._client.close()

    def _remove(self, name: str, is_unwanted: Callable[[str], bool]) -> bool:
        present = self._look(name)
        if present is None or not is_unwanted(name):
            return False
        if self.orders_publishers:
            with suppress(ConditionUnknown):
                return self._is_deleted(name, {"IfMatch": present.etag})
        return self._is_deleted(name, {})

    def _put(self, publication: Publication) -> Outcome:
        for _ in range(_TRIES):
            present = self._look(publication.name)
            outcome = self._judge(publication, present)
            if outcome is not Outcome.WRITTEN:
                return outcome
            condition = {"IfNoneMatch": "*"} if present is None else {"IfMatch": present.etag}
            if self._is_written(publication, condition if self.orders_publishers else {}):
                return outcome
        raise DestinationBusy(f"Others keep changing {publication.name}.", kept=KEPT)

    def _judge(self, publication: Publication, present: _Present | None) -> Outcome:
        if present is None:
            return Outcome.WRITTEN
        order = self._order(publication, present)
        if order is not None and order > publication.order:
            return Outcome.OVERTAKEN
        same = (
            present.metadata.get(_SHA256) == publication.sha256.hex()
            and present.cache_control == publication.cache_control
            and present.content_type == publication.kind.content_type
        )
        return Outcome.UNCHANGED if same else Outcome.WRITTEN

    def _order(self, publication: Publication, present: _Present) -> int | None:
        said = present.metadata.get(_ORDER, "")
        if said.isdecimal():
            return int(said)
        # Somebody else put it there: its octets say how new it is.
        with TemporaryFile() as file:
            file.write(self.read(publication.name) or b"")
            file.seek(0)
            return order_in_place(cast("BinaryIO", file), publication)

    def _is_written(self, publication: Publication, condition: dict[str, str]) -> bool:
        headers: dict[str, Any] = {
            "CacheControl": publication.cache_control,
            "ContentType": publication.kind.content_type,
            "Metadata": {
                _ORDER: str(publication.order),
                _SHA256: publication.sha256.hex(),
            },
        }
        if publication.expires_at is not None:
            headers["Expires"] = publication.expires_at
        with publication.open() as content:
            return self._is_put(publication.name, {**headers, **condition}, content)

    def _is_put(self, name: str, headers: dict[str, Any], content: BinaryIO | bytes = b"") -> bool:
        return self._is_done(lambda: self._call("put_object", name, Body=content, **headers))

    def _is_deleted(self, name: str, condition: dict[str, str]) -> bool:
        return self._is_done(lambda: self._call("delete_object", name, **condition))

    def _is_done(self, act: Callable[[], object]) -> bool:
        try:
            with refusals(self._bucket):
                act()
        except (ConditionFailed, ObjectAbsent):
            return False
        return True

    def _look(self, name: str) -> _Present | None:
        try:
            with refusals(self._bucket):
                found = self._call("head_object", name)
        except ObjectAbsent:
            return None
        return _Present(
            found["ETag"],
            found.get("CacheControl", ""),
            found.get("ContentType", ""),
            found.get("Metadata", {}),
        )

    def _call(self, operation: str, name: str, **arguments: Any) -> Any:
        key = self._prefix + name
        return getattr(self._client, operation)(Bucket=self._bucket, Key=key, **arguments)
