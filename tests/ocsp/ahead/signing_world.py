"""Everything that signs ahead, for a small world with keys in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.x509 import ocsp as x509_ocsp

from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from core.transparency.entry import LogEntry
from hsm.errors import TokenUnavailable
from ocsp.ahead.following import Follower
from ocsp.ahead.ranges import SigningRanges
from ocsp.ahead.report import AheadReports
from ocsp.ahead.signing import SigningAhead
from ocsp.ahead.walking import Walker
from ocsp.identities import Identities
from ocsp.restoration import RestorationCheck
from ocsp.settings import OcspSettings
from ocsp.stored.answers import StoredAnswers
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.validity import Validity
from tests.ca.revocation.world import Keeps, SoftwareKeys, World
from tests.conftest import SettableClock
from tests.ocsp.conftest import NoRenewal
from tests.ocsp.questions import ask, read

SETTINGS = OcspSettings(validity={"people": Validity(ranges=4), "camdx": Validity(ranges=2)})


class Tokens(SoftwareKeys):
    """Keys whose token can be taken away."""

    away = False

    def signing_key(self, key_id: bytes) -> Any:
        if self.away:
            raise TokenUnavailable("The token is away.")
        key = super().signing_key(key_id)
        return _Key(self, key)


@dataclass
class _Key:
    tokens: Tokens
    key: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.key, name)

    def sign(self, message: bytes) -> bytes:
        if self.tokens.away:
            raise TokenUnavailable("The token is away.")
        signature: bytes = self.key.sign(message)
        return signature


@dataclass
class Ahead:
    """Everything that signs ahead, and a reader of what it stored."""

    world: World
    clock: SettableClock
    store: LmdbAnswerStore
    settings: OcspSettings = SETTINGS
    retention: Keeps = field(default_factory=lambda: Keeps(frozenset()))

    def __post_init__(self) -> None:
        world = self.world
        self.statuses = StatusDirectory(database=world.database)
        self.ranges = SigningRanges(database=world.database)
        self.revocation = Revocation(
            database=world.database, log=world.log, retention=self.retention, clock=self.clock
        )
        self.restoration = RestorationCheck(
            database=world.database, log=world.log, monotonic=_never_remembered()
        )
        self.signing = self.make_signing()
        self.follower = self.make_follower()

    def make_signing(self, store: Any = None) -> SigningAhead:
        return SigningAhead(
            authorities=self.world.authorities,
            statuses=self.statuses,
            identities=Identities(
                statuses=self.statuses,
                keys=self.world.keys,  # type: ignore[arg-type]
                renewal=NoRenewal(),
                clock=self.clock,
                monotonic=lambda: self.clock.now().timestamp(),
            ),
            retention=self.retention,
            store=store or self.store,
            settings=self.settings,
        )

    def make_follower(self, **options: Any) -> Follower:
        return Follower(
            **{
                "database": self.world.database,
                "store": self.store,
                "signing": self.signing,
                "ranges": self.ranges,
                "authorities": self.world.authorities,
                "statuses": self.statuses,
                "restoration": self.restoration,
                "settings": self.settings,
                "clock": self.clock,
                **options,
            }
        )

    def make_walker(self, holder: str = "one", **options: Any) -> Walker:
        return Walker(
            **{
                "ranges": self.ranges,
                "signing": self.signing,
                "store": self.store,
                "authorities": self.world.authorities,
                "statuses": self.statuses,
                "retention": self.retention,
                "restoration": self.restoration,
                "settings": self.settings,
                "clock": self.clock,
                "holder": holder,
                **options,
            }
        )

    def reports(self) -> AheadReports:
        return AheadReports(
            database=self.world.database,
            store=self.store,
            ranges=self.ranges,
            authorities=self.world.authorities,
            settings=self.settings,
            clock=self.clock,
        )

    def walk(self, **options: Any) -> int:
        """Walk until nothing is due; return how many ranges that were."""
        walker = self.make_walker(**options)
        walker.divide()
        count = 0
        while walker.walk_one():
            count += 1
        return count

    def issue(self, authority: str = "people-1", **options: Any) -> x509.Certificate:
        """Issue a certificate, with the log entry that issuing makes."""
        certificate = self.world.issue(authority, **options)
        facts = {"authority": authority, "serial_number": f"{certificate.serial_number:x}"}
        with self.world.database.begin() as connection:
            entry = LogEntry("certificate-issued", self.clock.now(), {**facts})
            self.world.log.append(connection, [entry])
        return certificate

    def answer(
        self, certificate: x509.Certificate, authority: str = "people-1", hashed: Any = None
    ) -> x509_ocsp.OCSPResponse | None:
        """The stored answer as a reader finds it who knows nothing from before."""
        reader = StoredAnswers(store=self.store, now=lambda: self.clock.now().timestamp())
        found = reader.find(ask(certificate, self.world.certificates[authority], hashed))
        return None if found is None else read(found.der)

    def status_of(self, certificate: x509.Certificate, authority: str = "people-1") -> str | None:
        """What is stored of a certificate in a word; None for nothing."""
        found = self.answer(certificate, authority)
        return None if found is None else found.certificate_status.name


def _never_remembered() -> Any:
    instant = 0.0

    def tick() -> float:
        nonlocal instant
        instant += 60.0
        return instant

    return tick
