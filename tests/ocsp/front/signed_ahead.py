"""A front over the tests' small world, with answers signed ahead by its own delegates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from sqlalchemy import select

from ca.authorities import Authority
from ca.models import certificates
from ca.revocation.status import CertificateStatus, StatusDirectory
from camtrust.serving.status.caching import Caching
from camtrust.serving.status.freshness import Freshness
from camtrust.serving.status.front import StatusFront
from camtrust.serving.status.live import LivePool
from camtrust.serving.status.slots import Slots
from ocsp.identities import holder_of, key_hash_of
from ocsp.responder import StatusAnswer, StatusResponder
from ocsp.response import encode_standing
from ocsp.settings import OcspSettings
from ocsp.stored.answers import StoredAnswers, keep_template
from ocsp.stored.certid import answer_key, cert_id, issuer_tag, prefixes_of
from ocsp.stored.heartbeat import write_heartbeat
from ocsp.stored.record import VERSION, AnswerRecord
from ocsp.stored.store import AnswerStore
from ocsp.stored.template import Template, Times
from tests.ca.revocation.world import Keeps, World

VALID = timedelta(hours=48)
# Later versions win: each signing of a test is one.
_VERSIONS = iter(range(1, 1 << 40))


class MemoryStore:
    """An ``AnswerStore`` for tests in which the store is not the matter."""

    def __init__(self) -> None:
        self._records: dict[bytes, bytes] = {}
        self._values: dict[str, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._records.get(key)

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        newer = {
            key: record
            for key, record in records
            if key not in self._records or self._records[key][VERSION] <= record[VERSION]
        }
        self._records |= newer
        return len(newer)

    def scan(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        keys = [key for key in self._records if key.startswith(prefix) and key > after]
        return iter([(key, self._records[key]) for key in sorted(keys)])

    def delete(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            self._records.pop(key, None)

    def count(self) -> int:
        return len(self._records)

    def value(self, name: str) -> bytes | None:
        return self._values.get(name)

    def set_value(self, name: str, value: bytes) -> None:
        self._values[name] = value

    def delete_value(self, name: str) -> None:
        self._values.pop(name, None)

    def values(self, prefix: str) -> dict[str, bytes]:
        return {name: one for name, one in self._values.items() if name.startswith(prefix)}

    def close(self) -> None:
        pass


class Behind:
    """The application behind the front: remembers what came through to it."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        self.paths.append(environ["PATH_INFO"])
        start_response("404 Not Found", [("Content-Length", "6")])
        return [b"behind"]


@dataclass
class Front:
    """A front with its parts."""

    world: World
    retention: Keeps
    store: AnswerStore
    responder: StatusResponder
    settings: OcspSettings = field(default_factory=OcspSettings)
    slots: Slots = field(default_factory=lambda: Slots(2, waiting=2, wait_seconds=0.05))
    follow_within: timedelta = timedelta(minutes=10)
    answer: Callable[[bytes], StatusAnswer] | None = None
    proxy_keeps: timedelta = timedelta(seconds=20)

    def __post_init__(self) -> None:
        self.behind = Behind()
        self._signed: dict[int, tuple[tuple[CertificateStatus, int], datetime]] = {}
        self.stored = StoredAnswers(store=self.store, now=self.now, monotonic=self.now)
        self.application = StatusFront(
            behind=self.behind,
            stored=self.stored,
            live=LivePool(
                answer=self.answer or self.responder.answer,
                slots=self.slots,
                find=self.stored.find,
            ),
            freshness=Freshness(store=self.store, follow_within=self.follow_within),
            caching=Caching(max_age=self.settings.max_age, proxy_keeps=self.proxy_keeps),
            largest_request_octets=self.settings.largest_request_octets,
            now=self.now,
        )

    def now(self) -> float:
        return self.world.clock.now().timestamp()

    def beat(self) -> None:
        """As the follower does that has everything in the store."""
        write_heartbeat(self.store, self.now())

    def sign(self, *subscribers: x509.Certificate, authority: str = "people-1") -> None:
        """Sign answers ahead, with the standings that the tables have now."""
        self.sign_serials([one.serial_number for one in subscribers], authority)

    def sign_everything(self) -> None:
        """Sign whatever the tables know and the token can."""
        query = select(certificates.c.authority, certificates.c.serial_number)
        with self.world.database.read() as connection:
            rows = connection.execute(query).all()
        for authority in {row.authority for row in rows}:
            # A responder that has expired, or whose key is away, signs nothing.
            with suppress(IndexError, KeyError):
                serials = [row.serial_number for row in rows if row.authority == authority]
                self.sign_serials(self._changed(serials, authority), authority)
        self.beat()

    def _changed(self, serials: list[int], authority: str) -> list[int]:
        """Return those whose answers do not hold any more; signing takes long."""
        found = StatusDirectory(database=self.world.database).statuses(authority, serials)
        held = delegate_of(self.world, authority)
        changed = []
        for serial, status in found.items():
            known, until = self._signed.get(serial, (None, self.world.clock.now()))
            if known != (status, held.serial_number) or until <= self.world.clock.now():
                changed.append(serial)
        for serial in changed:
            until = self._next_update(self.world.authorities.authority(authority))
            self._signed[serial] = (found[serial], held.serial_number), until
        return changed

    def sign_serials(self, serials: list[int], authority: str) -> None:
        """Sign answers ahead for those of the serial numbers that were issued."""
        issuer = self.world.authorities.authority(authority)
        template = template_of(self.world, issuer, self.retention)
        keep_template(self.store, template)
        found = StatusDirectory(database=self.world.database).statuses(authority, serials)
        now = self.world.clock.now().replace(microsecond=0)
        self.store.write(
            sorted(
                (
                    answer_key(issuer_tag(template.prefixes), serial),
                    self._record(template, issuer, found[serial], now).encode(),
                )
                for serial in found
            )
        )
        self.beat()

    def _next_update(self, issuer: Authority) -> datetime:
        held = delegate_of(self.world, issuer.name)
        now = self.world.clock.now().replace(microsecond=0)
        return min(now + VALID, held.not_after, issuer.certificate.not_valid_after_utc)

    def _record(self, template: Template, issuer: Authority, status: Any, now: Any) -> AnswerRecord:
        key = self.world.keys.held[delegate_of(self.world, issuer.name).key_id]
        next_update = self._next_update(issuer)
        times = Times.of(now, next_update)
        standing = encode_standing(status.revoked_at, status.reason)
        first, second = (
            key.sign(template.to_be_signed(cert_id(prefix, status.serial_number), standing, times))
            for prefix in template.prefixes
        )
        return AnswerRecord(
            version=next(_VERSIONS),
            template=template.id,
            this_update=now,
            next_update=next_update,
            revoked_at=status.revoked_at,
            reason=status.reason,
            signatures=(first, second),
        )


def delegate_of(world: World, authority: str) -> Any:
    """The newest delegate of an authority."""
    statuses = StatusDirectory(database=world.database)
    return statuses.good_certificates_of(holder_of(authority), at=world.clock.now())[0]


def template_of(world: World, issuer: Authority, retention: Keeps) -> Template:
    """What answers of an authority's newest delegate share."""
    held = delegate_of(world, issuer.name)
    certificate = x509.load_der_x509_certificate(held.certificate_der)
    keeps = retention.keeps_expired(issuer.name)
    return Template(
        authority=issuer.name,
        prefixes=prefixes_of(issuer),
        certificate_der=held.certificate_der,
        serial_number=held.serial_number,
        key_hash=key_hash_of(certificate),
        algorithm=world.keys.held[held.key_id].algorithm,
        archive_cutoff=retention.kept_since(issuer.name) if keeps else None,
    )


class BlockedKey:
    """A key whose token does not answer before it is told to."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    def sign(self, message: bytes) -> bytes:
        self.asked.release()
        assert self.go_on.wait(30)
        signature: bytes = self._key.sign(message)
        return signature
