"""From a request's octets to a stored answer, or to nothing: whoever asks then goes on live."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ocsp.response import encode_standing
from ocsp.stored.certid import index_prefixes, recognize
from ocsp.stored.record import (
    GOOD,
    STANDING,
    TEMPLATE,
    TIMES,
    WITHDRAWN,
    AnswerRecord,
    instant,
    signature_of,
    times_of,
)
from ocsp.stored.store import AnswerStore
from ocsp.stored.template import Template, Times

TEMPLATES = "template/"
# Stays when a template goes: a signer that learns of it late may put the template back.
WITHDRAWN_TEMPLATES = "withdrawn-template/"
# A responder's answers are taken back by taking back its template, and that has to be noticed.
LOOK_AGAIN_SECONDS = 5.0
# As many seconds as a day has: batches of a day, each with its instants.
_MOST_TIMES = 86_400
_GOOD_DER = encode_standing(None, None)


class StoredAnswer(NamedTuple):
    """An OCSPResponse that was signed ahead, with its instants in seconds since 1970."""

    der: bytes
    this_update: int
    next_update: int


@dataclass(frozen=True)
class _Known:
    """What the process knows of issuers and responders: whatever the store's templates say."""

    prefixes: Mapping[bytes, tuple[bytes, int]]
    templates: Mapping[bytes, Template]
    until: float


class StoredAnswers:
    """Looks stored answers up; safe in many threads."""

    def __init__(
        self,
        *,
        store: AnswerStore,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._known = _Known({}, {}, float("-inf"))
        self._times: dict[bytes, tuple[Times, int, int]] = {}

    def find(self, request: bytes) -> StoredAnswer | None:
        """Return the answer to a plain request about one certificate, while it holds.

        None for every other request and where nothing is stored. Raises StoreUnavailable.
        """
        known = self._known
        if self._monotonic() > known.until:
            known = self._look_again()
        recognized = recognize(request, known.prefixes)
        if recognized is None:
            return None
        key, kind, cert_id = recognized
        record = self._store.get(key)
        if record is None:
            return None
        template = known.templates.get(record[TEMPLATE])
        standing = record[STANDING]
        if template is None or standing == WITHDRAWN:
            return None
        times, this_update, next_update = self._times_of(record[TIMES])
        if next_update <= self._now():
            return None
        standing_der = _GOOD_DER if standing == GOOD else _standing_of(record)
        der = template.assemble(cert_id, standing_der, times, signature_of(record, kind))
        return StoredAnswer(der, this_update, next_update)

    def _times_of(self, octets: bytes) -> tuple[Times, int, int]:
        known = self._times.get(octets)
        if known is None:
            if len(self._times) >= _MOST_TIMES:
                self._times.clear()
            this_update, next_update = times_of(octets)
            known = (Times.of(instant(this_update), instant(next_update)), this_update, next_update)
            self._times[octets] = known
        return known

    def _look_again(self) -> _Known:
        # Two threads may do it at once, and come to the same.
        until = self._monotonic() + LOOK_AGAIN_SECONDS
        templates = read_templates(self._store)
        prefixes = index_prefixes(one.prefixes for one in templates.values())
        self._known = _Known(prefixes, templates, until)
        return self._known


def read_templates(store: AnswerStore) -> dict[bytes, Template]:
    """Return every responder whose answers may be given. Raises StoreUnavailable."""
    # In this order, so that nothing is missed between the two.
    kept = store.values(TEMPLATES)
    withdrawn = store.values(WITHDRAWN_TEMPLATES)
    gone = {name.removeprefix(WITHDRAWN_TEMPLATES) for name in withdrawn}
    found = (
        Template.decode(octets)
        for name, octets in kept.items()
        if name.removeprefix(TEMPLATES) not in gone
    )
    return {one.id: one for one in found}


def keep_template(store: AnswerStore, template: Template) -> None:
    """Have a responder's answers given from now on, unless they were ever withdrawn.

    Raises StoreUnavailable.
    """
    store.set_value(TEMPLATES + template.id.hex(), template.encode())


def withdraw_template(store: AnswerStore, template: Template) -> None:
    """Have none of a responder's answers given ever again: its key can be trusted no longer.

    Other processes notice within LOOK_AGAIN_SECONDS. Raises StoreUnavailable.
    """
    store.set_value(WITHDRAWN_TEMPLATES + template.id.hex(), b"1")
    store.delete_value(TEMPLATES + template.id.hex())


def _standing_of(record: bytes) -> bytes:
    read = AnswerRecord.decode(record)
    return encode_standing(read.revoked_at, read.reason)
