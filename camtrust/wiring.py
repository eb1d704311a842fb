"""Builds every object once, when it is first wanted, from the settings of one home.

One :class:`Services` belongs to one process: build it after a fork. This is the only place
that knows which class stands behind which protocol.

Whole wings of the house are imported where they are first wanted: a command that issues a
certificate, and each process that signs answers, does without the web, the registration authority
and documents, which take three quarters of the time that everything takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

import ca.issuance.replay
import ca.revocation.replay
from ca.acts import CertificateActs, StandingActs
from ca.authorities import Authorities
from ca.ceremony.holding import Ceremonies
from ca.crl.crls import Crls
from ca.crl.redating import Redating
from ca.issuance import Issuance
from ca.issuance.recovery import ReservationRecovery
from ca.linting import Linter
from ca.profiles import Profiles, load_profiles
from ca.revocation.break_glass import BreakGlass
from ca.revocation.compromised_keys import CompromisedKeys
from ca.revocation.mass import MassRevocation
from ca.revocation.retention import RetentionByProfile
from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from camtrust.note_keys import TokenNoteSigner, note_signer
from camtrust.revocation_lists import CrlWiring
from camtrust.schema import check_schema
from camtrust.settings import Settings, read_settings
from camtrust.signing_rooms import SigningRooms
from core.access import Role
from core.clock import Clock, SystemClock
from core.database import Database
from core.leases import Leases
from core.transparency.comparison import ActsView
from core.transparency.entry import LogEntry
from core.transparency.log import TransparencyLog
from core.transparency.monitor import Monitor
from core.transparency.settings import LogSettings
from hsm.store import Pkcs11KeyStore
from ocsp.budget import Budget, budget
from ocsp.identities import Identities
from ocsp.renewal import ResponderRenewal
from ocsp.responder import StatusResponder
from ocsp.restoration import RestorationCheck
from ocsp.standings import standing_source
from ocsp.stored.opening import open_answer_store
from ocsp.stored.store import AnswerStore

if TYPE_CHECKING:
    from camtrust.ahead import AheadWiring
    from camtrust.registration import RegistrationWiring

# The tokens of the log's keys; which token that is, the settings say.
LOG_TOKEN = "log"  # noqa: S105 - the name of a token
WITNESS_TOKEN = "witness"  # noqa: S105 - the name of a token
RESPONDER_PROFILE = "ocsp-responder"


class Services(SigningRooms):
    """Everything that camtrust consists of, for one home directory."""

    def __init__(self, *, home: Path, clock: Clock | None = None) -> None:
        self.home = home
        self.clock: Clock = clock or SystemClock()

    def close(self) -> None:
        """Give back sessions and connections, of what was built."""
        for name in ("keys", "unchecked_database", "answer_store"):
            if name in self.__dict__:
                getattr(self, name).close()

    @cached_property
    def settings(self) -> Settings:
        """The settings of this home. Raises SettingsRefused."""
        return read_settings(self.home)

    @cached_property
    def log_settings(self) -> LogSettings:
        """The section ``[log]``, its folders absolute."""
        return self.settings.log.within(self.settings.home)

    # The database and the keys.

    @cached_property
    def unchecked_database(self) -> Database:
        """The database, whatever its schema: for `camtrust init`."""
        # A thread that issues may hold one connection to write and one to read.
        size = max(self.settings.database.pool_size, self.settings.serve.threads)
        return Database(self.settings.database_url, pool_size=size)

    @cached_property
    def database(self) -> Database:
        """The database at this version's schema. Raises SchemaOutdated."""
        check_schema(self.unchecked_database)
        return self.unchecked_database

    @cached_property
    def keys(self) -> Pkcs11KeyStore:
        """The keys, in their tokens."""
        settings = self.settings.hsm.at(self.settings.home)
        return Pkcs11KeyStore(settings=settings, database=self.database, clock=self.clock)

    # The transparency log.

    @cached_property
    def log(self) -> TransparencyLog:
        """The log. Raises NoteKeyMissing before `camtrust init`."""
        signer = note_signer(self.keys, token=LOG_TOKEN, name=self.log_settings.origin)
        return TransparencyLog(
            database=self.database, settings=self.log_settings, signer=signer, clock=self.clock
        )

    @cached_property
    def witness_signer(self) -> TokenNoteSigner:
        """The key of the witness that runs here. Raises NoteKeyMissing."""
        return note_signer(self.keys, token=WITNESS_TOKEN, name=self.log_settings.witness_name)

    @cached_property
    def acts_views(self) -> Sequence[ActsView]:
        """What the tables know that the log must know too."""
        return (CertificateActs(), StandingActs())

    @cached_property
    def monitor(self) -> Monitor:
        """Checks the log and compares it with the tables."""
        return Monitor(
            database=self.database,
            published=self.log.published,
            folder=self.log_settings.monitor_folder,
            views=self.acts_views,
            clock=self.clock,
        )

    def replay_entry(self, connection: Connection, index: int, entry: LogEntry) -> None:
        """Give a published entry its effect on the tables, after a restore."""
        if not ca.issuance.replay.replay(connection, index, entry):
            ca.revocation.replay.replay(connection, entry)

    # The authorities.

    @cached_property
    def profiles(self) -> Profiles:
        """The certificate profiles. Raises ProfileRefused."""
        return load_profiles(self.settings.ca, home=self.settings.home)

    @cached_property
    def authorities(self) -> Authorities:
        """The authorities that exist."""
        return Authorities(database=self.database, clock=self.clock)

    @cached_property
    def retention(self) -> RetentionByProfile:
        """How long revocations stay published."""
        return RetentionByProfile(profiles=self.profiles, authorities=self.authorities)

    @cached_property
    def linter(self) -> Linter:
        """Lints every certificate before it is signed."""
        return Linter(profiles=self.profiles, settings=self.settings.ca)

    @cached_property
    def recovery(self) -> ReservationRecovery:
        """Gives up reservations that were never completed."""
        return ReservationRecovery(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def issuance(self) -> Issuance:
        """The one path by which certificates come to be."""
        return Issuance(
            database=self.database,
            log=self.log,
            keys=self.keys,
            authorities=self.authorities,
            profiles=self.profiles,
            linter=self.linter,
            recovery=self.recovery,
            clock=self.clock,
        )

    @cached_property
    def ceremonies(self) -> Ceremonies:
        """Holds key ceremonies."""
        return Ceremonies(
            database=self.database,
            log=self.log,
            keys=self.keys,
            authorities=self.authorities,
            issuance=self.issuance,
            recovery=self.recovery,
            profiles=self.profiles,
            linter=self.linter,
            crls=self.crls,
            clock=self.clock,
            folder=self.settings.home / "ceremonies",
            production=self.settings.ca.production,
        )

    # Revocation and status.

    @cached_property
    def revocation(self) -> Revocation:
        """Revokes, holds and releases."""
        return Revocation(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def mass_revocation(self) -> MassRevocation:
        """Revokes many, under two officers."""
        return MassRevocation(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def compromised_keys(self) -> CompromisedKeys:
        """Blocks keys whose possession a stranger proved."""
        return CompromisedKeys(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def break_glass(self) -> BreakGlass:
        """Revokes when officers cannot sign in."""
        return BreakGlass(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def statuses(self) -> StatusDirectory:
        """What is known of certificates' standing."""
        return StatusDirectory(database=self.database)

    @cached_property
    def crl_wiring(self) -> CrlWiring:
        """What issues CRLs and looks after them."""
        return CrlWiring(self)

    @property
    def crls(self) -> Crls:
        """Issues CRLs."""
        return self.crl_wiring.crls

    @property
    def crl_redating(self) -> Redating:
        """Brings CRL shards back that a clock put ahead."""
        return self.crl_wiring.redating

    @cached_property
    def responder_renewal(self) -> ResponderRenewal:
        """Renews the responders' certificates."""
        return ResponderRenewal(
            issuance=self.issuance,
            keys=self.keys,
            authorities=self.authorities,
            statuses=self.statuses,
            profile=self.profiles[RESPONDER_PROFILE],
            leases=self.leases,
            settings=self.settings.ocsp,
            clock=self.clock,
        )

    @cached_property
    def ocsp_identities(self) -> Identities:
        """Who signs for each authority."""
        return Identities(
            statuses=self.statuses,
            keys=self.keys,
            renewal=self.responder_renewal,
            clock=self.clock,
        )

    @cached_property
    def ocsp(self) -> StatusResponder:
        """Answers for certificates' status."""
        return StatusResponder(
            authorities=self.authorities,
            standings=standing_source(
                self.settings.ocsp.answers,
                store=self.answer_store,
                statuses=self.statuses,
                authorities=self.authorities,
                clock=self.clock,
            ),
            identities=self.ocsp_identities,
            retention=self.retention,
            restoration=RestorationCheck(database=self.database, log=self.log),
            never_issued=self._budget("never-issued", self.settings.ocsp.never_issued_rate),
            signatures=self._budget("live-signatures", self.settings.serve.status.live_rate),
            settings=self.settings.ocsp,
            clock=self.clock,
        )

    def _budget(self, name: str, rate: str) -> Budget:
        return budget(name, rate, self.settings.serve.rate_limit_storage)

    @cached_property
    def answer_store(self) -> AnswerStore:
        """The answers that were signed ahead. Raises StoreUnavailable."""
        return open_answer_store(self.settings.ocsp.answers, self.settings.home)

    @cached_property
    def ahead(self) -> AheadWiring:
        """What signs answers ahead."""
        from camtrust.ahead import AheadWiring

        return AheadWiring(self)

    # Enrolment and the web.

    @cached_property
    def registration(self) -> RegistrationWiring:
        """The registration authority."""
        from camtrust.registration import RegistrationWiring

        return RegistrationWiring(self)

    def check_officer(self, officer_id: str) -> None:
        """Refuse a name typed at the console that belongs to nobody in office."""
        self.registration.officers.check_in_office(
            officer_id, Role.CA_ADMINISTRATOR, Role.RA_OFFICER
        )

    @cached_property
    def leases(self) -> Leases:
        """Who does what only one process should do."""
        return Leases(database=self.database, clock=self.clock)
