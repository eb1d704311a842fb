"""Answers that were signed ahead, from the store to their places, one walk after the other.

A walk goes through the whole store and holds a page of it. What was signed before the last
complete walk began is in place already and is passed over without a look at its place; what was
withdrawn or has expired is removed. Every so often a walk compares everything, and removes also
what the store does not know any more. A walk that was cut short is simply done again: only a
complete one is noted, at the destination itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import islice
from typing import TypeVar

from ca.der import INTEGER, SEQUENCE, encode_element
from camtrust.publishing.answer_names import (
    ANSWERS,
    AnswerNames,
    FolderNames,
    ObjectNames,
    plain_request,
)
from camtrust.publishing.kinds import ANSWER, answer_order, kept_by_caches
from core.clock import Clock
from core.publishing.target import PRIVATE, Publication, PublicationTarget
from ocsp.stored.answers import StoredAnswer, StoredAnswers, read_templates
from ocsp.stored.certid import TAG_OCTETS, issuer_tag
from ocsp.stored.record import STANDING, TIMES, WITHDRAWN, instant
from ocsp.stored.store import AnswerStore
from ocsp.stored.template import Template

NOTE = "answers.json"
# Certificates at a time; each has two answers.
PAGE = 500
# Between reading a certificate's standing and storing its answer a signer may take a while; what
# was signed this long before a walk is looked at again in the next.
SIGNERS_TAKE = timedelta(minutes=15)
# RFC 6960, Section 4.2.1: OCSPResponse { unauthorized }, for web servers to give where there is
# no file. RFC 9919, Section 3.2.3: it is what a responder without the record answers.
UNAUTHORIZED_NAME = "unauthorized.ors"
UNAUTHORIZED_DER = bytes.fromhex("30030a0106")
REMOVED = "removed"
PASSED_OVER = "passed over"

_T = TypeVar("_T")


@dataclass(frozen=True)
class _LastWalk:
    """The note at the destination: in seconds since 1970, 0 for never; responders in hex."""

    complete_until: int
    compared_all_at: int
    templates: frozenset[str]


_NONE = _LastWalk(0, 0, frozenset())


class AnswerPublishing:
    """Walks the store for one destination, for ``only`` these authorities if there are any."""

    def __init__(
        self,
        *,
        store: AnswerStore,
        target: PublicationTarget,
        clock: Clock,
        max_age: timedelta,
        compare_all_every: timedelta,
        only: frozenset[str] = frozenset(),
    ) -> None:
        self._store = store
        self._answers = StoredAnswers(store=store, now=lambda: clock.now().timestamp())
        self._target = target
        self._names: AnswerNames = FolderNames() if target.has_folders else ObjectNames()
        self._clock = clock
        self._max_age = max_age
        self._compare_all_every = compare_all_every
        self._only = only

    def walk(self, *, compare_all: bool = False) -> Iterator[tuple[str, int]]:
        """Publish what is not in place; after each page yield what was done, and how often.

        Raises StoreUnavailable and what the target raises.
        """
        began = int(self._clock.now().timestamp())
        templates = read_templates(self._store)
        last = self._last_walk()
        every = self._compare_all_every // timedelta(seconds=1)
        known = frozenset(one.hex() for one in templates)
        # A responder whose template is gone is trusted no longer, nor what it signed.
        if compare_all or began - last.compared_all_at >= every or last.templates - known:
            last = _NONE
        if self._target.has_folders:
            self._target.put([self._unauthorized()])
        for tag, prefixes in self._issuers(templates.values()):
            for page in _pages(self._store.scan(tag), PAGE):
                yield from self._publish(page, prefixes, last.complete_until)
        if last.compared_all_at == 0:
            yield from self._sweep()
        self._note(
            _LastWalk(
                began - SIGNERS_TAKE // timedelta(seconds=1),
                last.compared_all_at or began,
                known,
            )
        )

    def _issuers(self, templates: Iterable[Template]) -> list[tuple[bytes, tuple[bytes, bytes]]]:
        # An issuer has a template for each of its responders, one after the other in time.
        wanted = {
            issuer_tag(one.prefixes): one.prefixes
            for one in templates
            if not self._only or one.authority in self._only
        }
        return sorted(wanted.items())

    def _publish(
        self, page: Sequence[tuple[bytes, bytes]], prefixes: tuple[bytes, bytes], since: int
    ) -> Iterator[tuple[str, int]]:
        # Instants are compared as the octets that stand in the record.
        before, now = (
            since.to_bytes(4, "big"),
            int(self._clock.now().timestamp()).to_bytes(4, "big"),
        )
        publications: list[Publication] = []
        unwanted: dict[str, bytes] = {}
        passed_over = 0
        for key, record in page:
            times = record[TIMES]
            expired = times[4:] <= now
            # What had expired before the last walk was removed by it.
            if record[STANDING] != WITHDRAWN and (times[4:] if expired else times[:4]) < before:
                passed_over += 1
                continue
            for prefix in prefixes:
                request = _request(prefix, key)
                answer = None if expired else self._answers.find(request)
                if answer is None:
                    unwanted[self._names.name_of(request)] = request
                else:
                    publications.append(self._publication(request, answer))
        yield PASSED_OVER, 2 * passed_over
        for outcome in self._target.put(publications) if publications else ():
            yield outcome, 1
        if unwanted:
            removed = self._target.remove(
                list(unwanted), lambda name: self._answers.find(unwanted[name]) is None
            )
            yield REMOVED, removed

    def _sweep(self) -> Iterator[tuple[str, int]]:
        if not self._store.count():
            # An empty store is a store that was lost: what stands there still holds for a while.
            return
        for names in _pages(self._target.names(ANSWERS), PAGE):
            unwanted = [name for name in names if self._is_unwanted(name)]
            if unwanted:
                yield REMOVED, self._target.remove(unwanted, self._is_unwanted)

    def _is_unwanted(self, name: str) -> bool:
        # Somebody else's files are left alone.
        request = self._names.request_of(name, self._target.read)
        return request is not None and self._answers.find(request) is None

    def _publication(self, request: bytes, answer: StoredAnswer) -> Publication:
        expires_at = instant(answer.next_update)
        kept = kept_by_caches(self._max_age, expires_at, self._clock.now())
        return Publication(
            kind=ANSWER,
            name=self._names.name_of(request),
            order=answer_order(answer.der),
            sha256=sha256(answer.der).digest(),
            modified_at=instant(answer.this_update),
            expires_at=expires_at,
            # RFC 9919, Section 7.2.
            cache_control=f"max-age={kept}, public, no-transform, must-revalidate",
            open=lambda: BytesIO(answer.der),
        )

    def _unauthorized(self) -> Publication:
        return Publication(
            kind=ANSWER,
            name=UNAUTHORIZED_NAME,
            order=0,
            sha256=sha256(UNAUTHORIZED_DER).digest(),
            modified_at=instant(0),
            expires_at=None,
            cache_control="no-store",
            open=lambda: BytesIO(UNAUTHORIZED_DER),
        )

    def _last_walk(self) -> _LastWalk:
        try:
            found = json.loads(self._target.read(f"{PRIVATE}/{NOTE}") or b"{}")
            if found["authorities"] != sorted(self._only):
                # What the others' answers have come to is not known.
                return _NONE
            return _LastWalk(
                int(found["complete_until"]),
                int(found["compared_all_at"]),
                frozenset(found["templates"]),
            )
        except (ValueError, KeyError, TypeError):
            return _NONE

    def _note(self, walk: _LastWalk) -> None:
        said = {
            "authorities": sorted(self._only),
            "compared_all_at": walk.compared_all_at,
            "complete_until": walk.complete_until,
            "templates": sorted(walk.templates),
        }
        self._target.note(NOTE, json.dumps(said).encode())


def _request(prefix: bytes, key: bytes) -> bytes:
    serial = encode_element(INTEGER, key[TAG_OCTETS:])
    return plain_request(encode_element(SEQUENCE, prefix + serial))


def _pages(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while page := list(islice(items, size)):
        yield page
