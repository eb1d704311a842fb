"""A registration authority with real issuance, linting, log and revocation upon software keys.

What a token does is tested in tests/hsm and end to end.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from sqlalchemy import insert

from ca.authorities import Authorities
from ca.csr import verify_csr
from ca.inquiry import CertificateInquiries
from ca.issuance import Issuance
from ca.issuance.recovery import ReservationRecovery
from ca.linting import Linter
from ca.models import authorities, authority_certificates
from ca.plan import CertificateRequest
from ca.register import CertificateRegister
from ca.revocation.compromised_keys import CompromisedKeys
from ca.revocation.mass import MassRevocation
from ca.revocation.retention import RetentionByProfile
from ca.revocation.revocation import Revocation
from ca.revocation.status import StatusDirectory
from camtrust.app import ROLES, AppParts, create_app
from camtrust.listeners import Listener
from camtrust.passes import PassWiring
from camtrust.programs import ProgramWiring
from camtrust.serving.settings import ServeSettings
from camtrust.sign_in import SignInParts
from camtrust.verification import VerificationWiring
from core.access import AccessPolicy, Role
from core.database import Database
from core.idempotency import IdempotentRequests
from core.leases import Leases
from core.mail.outbox import Outbox
from core.web.health import Probe
from core.web.languages import read_texts
from enrollment.acme.routes import acme_blueprint
from enrollment.acme.server import AcmeServer
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.validation import Validation
from enrollment.answers import Answers
from enrollment.applications import Applications
from enrollment.audit.acts import OfficeActs
from enrollment.audit.ledger import AuditLedger
from enrollment.cmp.certifying import PROFILE as CMP_SERVER
from enrollment.cmp.certifying import ServerCertificates
from enrollment.cmp.routes import cmp_blueprint
from enrollment.cmp.server import CmpServer
from enrollment.cmp.settings import CmpSettings
from enrollment.counter.counter import Counter
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.escrow.escrow import Escrow
from enrollment.escrow.handing_over import HandingOver
from enrollment.escrow.keys import EscrowKeys
from enrollment.escrow.mailed_notices import MailedNotices
from enrollment.escrow.notices import NoticeTable
from enrollment.escrow.office import EscrowOffice
from enrollment.escrow.pages.routes import TEXTS as ESCROW_TEXTS
from enrollment.escrow.recoveries import Recoveries
from enrollment.est.enrolling import EstEnrollment
from enrollment.est.routes import est_blueprint
from enrollment.expiry import Expiry
from enrollment.grants.grants import Grants
from enrollment.grants.issuing import GrantedIssuance
from enrollment.grants.routes import GrantOffice
from enrollment.grants.secrets import GrantSecrets
from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.institutions.institutions import Institutions
from enrollment.invitations.door.routes import door_blueprint
from enrollment.invitations.office import InvitationOffice
from enrollment.invitations.settings import InvitationSettings
from enrollment.key_creation.offers import KeyOffers
from enrollment.key_creation.policy import load_key_policy
from enrollment.lists.applying import ListApplying
from enrollment.lists.columns import load_definition
from enrollment.lists.departures import Departures
from enrollment.lists.list_office import ListOffice
from enrollment.lists.reader import ListLimits, ListReader
from enrollment.lists.reading import ListReading
from enrollment.lists.settings import ListSettings
from enrollment.lists.staff_lists import StaffLists
from enrollment.notices.notices import Notices
from enrollment.office.issued.exports import Exports
from enrollment.office.registration import Desk
from enrollment.officers import PROFILES, Officers
from enrollment.people.people import People
from enrollment.people.person import (
    IdentifierKind,
    PersonDetails,
    PersonIdentifier,
    PersonName,
    Place,
)
from enrollment.profiles import OpenProfiles
from enrollment.queue import Queue
from enrollment.registration_authority import RegistrationAuthority
from enrollment.revocation_codes.codes import RevocationCodes
from enrollment.sessions.sessions import Sessions, SessionSignIn
from enrollment.settings import EnrollmentSettings
from enrollment.sign_in import CertificateSignIn
from enrollment.sign_in.settings import SignInSettings
from enrollment.step_up.settings import StepUpSettings
from enrollment.subscribers import Subscribers
from enrollment.webhooks.settings import WebhookSettings
from hsm.errors import KeyNotFound, TokenUnavailable
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyRecord, KeyState, PublicKey, key_id_of
from signing.documents.validation.desk import ValidationDesk
from signing.documents.validation.routes import validation_api, validation_pages
from signing.documents.validation.settings import ValidationSettings
from signing.documents.validation.trust import Trust
from signing.documents.validation.validator import DocumentValidator
from signing.documents.verification.settings import VerificationSettings
from signing.passes.settings import PassSettings
from tests.ca.revocation.world import make_log
from tests.ca.software_hierarchy import (
    ROLES as AUTHORITY_ROLES,
)
from tests.ca.software_hierarchy import (
    PrivateKey,
    SoftwareHierarchy,
    csr_for,
    default_hierarchy,
    facts_for,
)
from tests.enrollment.personal import PersonalWorld
from tests.enrollment.program_world import program_wiring
from tests.hsm.envelopes import SoftwareAgreementKey

PUBLIC_URL = "https://pki.example"


@dataclass
class SoftwareKey:
    """A signing key without a token."""

    private: PrivateKey

    @property
    def algorithm(self) -> KeyAlgorithm:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return KeyAlgorithm.RSA_3072
        assert isinstance(self.private, ec.EllipticCurvePrivateKey)
        p384 = self.private.curve.name == "secp384r1"
        return KeyAlgorithm.EC_P384 if p384 else KeyAlgorithm.EC_P256

    @property
    def public_key(self) -> PublicKey:
        return self.private.public_key()

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), SHA256())
        assert isinstance(self.private, ec.EllipticCurvePrivateKey)
        hashed = SHA384() if self.algorithm is KeyAlgorithm.EC_P384 else SHA256()
        return self.private.sign(message, ec.ECDSA(hashed))


@dataclass
class SoftwareKeys:
    """The keys of a hierarchy; ``away`` as when the token is pulled."""

    held: dict[bytes, SoftwareKey]
    away: bool = False
    made: dict[bytes, KeyRecord] = field(default_factory=dict)

    def signing_key(self, key_id: bytes) -> SoftwareKey:
        if self.away:
            raise TokenUnavailable("The token is away.")
        if key_id not in self.held:
            raise KeyNotFound("No such key.")
        return self.held[key_id]

    def generate(self, *, token: str, label: str, algorithm: KeyAlgorithm) -> KeyRecord:
        """Make a P-256 key, whatever token it is for."""
        assert algorithm is KeyAlgorithm.EC_P256
        key = SoftwareKey(ec.generate_private_key(ec.SECP256R1()))
        self.held[key.key_id] = key
        return self.note(key, token, label, KeyState.PRE_ACTIVE)

    def note(self, key: SoftwareKey, token: str, label: str, state: KeyState) -> KeyRecord:
        der = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.made[key.key_id] = KeyRecord(
            key_id=key.key_id,
            token=token,
            label=label,
            algorithm=key.algorithm,
            public_key_der=der,
            state=state,
            policy=KeyPolicy(),
            created_at=datetime.now(UTC),
        )
        return self.made[key.key_id]

    def records(self) -> list[KeyRecord]:
        return [*self.made.values()]

    def change_state(self, key_id: bytes, state: KeyState, *, reason: str) -> KeyRecord:
        self.made[key_id] = replace(self.made[key_id], state=state)
        return self.made[key_id]

    def destroy(self, key_id: bytes, *, reason: str) -> KeyRecord:
        del self.held[key_id]
        return self.change_state(key_id, KeyState.DESTROYED, reason=reason)


class SoftwareMacKey:
    """A MAC key without a token."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")


class SoftwareAgreementKeys:
    """Escrow keys without a token; ``made`` is empty where nothing is escrowed."""

    def __init__(self) -> None:
        self.made = [SoftwareAgreementKey()]

    def newest(self, name: str) -> SoftwareAgreementKey:
        if not self.made:
            raise KeyNotFound("No such key.")
        return self.made[-1]

    def find(self, key_id: bytes, name: str) -> SoftwareAgreementKey:
        for key in self.made:
            if key.key_id == key_id:
                return key
        raise KeyNotFound("No such key.")

    def make(self, name: str, *, token: str) -> SoftwareAgreementKey:
        self.made.append(SoftwareAgreementKey())
        return self.made[-1]


@cache
def linter() -> Linter:
    return Linter(profiles=default_hierarchy().profiles)


@cache
def client_key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class World:
    """Everything, wired as camtrust does it, but for the token."""

    database: Database
    folder: Path
    clock: Any
    hierarchy: SoftwareHierarchy = field(default_factory=default_hierarchy)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))
    held: dict[str, x509.Certificate] = field(default_factory=dict)
    public_url: str = PUBLIC_URL
    acme_settings: AcmeSettings = field(default_factory=AcmeSettings)
    webhook_settings: WebhookSettings = field(default_factory=WebhookSettings)
    sign_in_settings: SignInSettings = field(default_factory=SignInSettings)
    step_up_settings: StepUpSettings = field(default_factory=StepUpSettings)
    # Tests reach the app without the TLS front, which alone knows when the handshake was.
    check_handshake: bool = False
    cmp_settings: CmpSettings = field(default_factory=CmpSettings)
    invitation_settings: InvitationSettings = field(default_factory=InvitationSettings)
    verification_settings: VerificationSettings = field(default_factory=VerificationSettings)
    validation_trust: Trust = field(default_factory=Trust)

    def __post_init__(self) -> None:
        self.log = make_log(self.database, self.folder / "log", self.clock)
        self.keys = SoftwareKeys(
            {one.key_id: one for one in map(SoftwareKey, self.hierarchy.keys.values())}
        )
        for role in ("root", *AUTHORITY_ROLES):
            _add_row(self, role)
        self.authorities = Authorities(database=self.database, clock=self.clock)
        self.retention = RetentionByProfile(
            profiles=self.hierarchy.profiles, authorities=self.authorities
        )
        self.recovery = ReservationRecovery(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )
        self.issuance = Issuance(
            database=self.database,
            log=self.log,
            keys=self.keys,  # type: ignore[arg-type]
            authorities=self.authorities,
            profiles=self.hierarchy.profiles,
            linter=linter(),
            recovery=self.recovery,
            clock=self.clock,
        )
        self.revocation = Revocation(
            database=self.database,
            log=self.log,
            retention=self.retention,
            clock=self.clock,
        )
        self.compromised_keys = CompromisedKeys(
            database=self.database,
            log=self.log,
            retention=self.retention,
            clock=self.clock,
        )
        self.mass_revocation = MassRevocation(
            database=self.database,
            log=self.log,
            retention=self.retention,
            clock=self.clock,
        )
        self.register = CertificateRegister(database=self.database)
        self.statuses = StatusDirectory(database=self.database)

    @cached_property
    def officers(self) -> Officers:
        return Officers(
            database=self.database, log=self.log, register=self.register, clock=self.clock
        )

    @cached_property
    def sign_in(self) -> CertificateSignIn:
        return CertificateSignIn(
            authorities=self.authorities,
            register=self.register,
            statuses=self.statuses,
            officers=self.officers,
            clock=self.clock,
        )

    @cached_property
    def institutions(self) -> Institutions:
        return Institutions(database=self.database, log=self.log, clock=self.clock)

    @cached_property
    def people(self) -> People:
        return People(database=self.database, log=self.log, clock=self.clock)

    @cached_property
    def subscribers(self) -> Subscribers:
        return Subscribers(database=self.database, log=self.log, clock=self.clock)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(database=self.database, clock=self.clock)

    @cached_property
    def sign_in_parts(self) -> SignInParts:
        return SignInParts(
            database=self.database,
            log=self.log,
            clock=self.clock,
            people=self.people,
            subscribers=self.subscribers,
            sessions=self.sessions,
            certificates=self.sign_in,
            settings=self.sign_in_settings,
            step_up_settings=self.step_up_settings,
            public_url=self.public_url,
            officers_url="https://officers.example",
            check_handshake=self.check_handshake,
        )

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(public_url=self.public_url, clock=self.clock)

    @cached_property
    def invitations(self) -> InvitationOffice:
        key = SoftwareMacKey()
        return InvitationOffice.build(
            database=self.database,
            log=self.log,
            outbox=self.outbox,
            subscribers=self.subscribers,
            mac_key=lambda: key,
            settings=self.invitation_settings,
            public_url=self.public_url,
            clock=self.clock,
        )

    @cached_property
    def open_profiles(self) -> OpenProfiles:
        closed = ("ocsp-responder", "cmp-server")
        return OpenProfiles(profiles=self.hierarchy.profiles, closed=closed)

    @cached_property
    def key_offers(self) -> KeyOffers:
        return KeyOffers(
            open_profiles=self.open_profiles,
            profiles=self.hierarchy.profiles,
            policy=load_key_policy(),
            escrow_key_for=self.escrow_keys.offered_for,
        )

    @cached_property
    def escrow_store(self) -> SoftwareAgreementKeys:
        return SoftwareAgreementKeys()

    @cached_property
    def escrow_keys(self) -> EscrowKeys:
        return EscrowKeys(self.escrow_store)

    @cached_property
    def escrow_office(self) -> EscrowOffice:
        notices = NoticeTable(database=self.database)
        mailed = MailedNotices(
            page=notices,
            outbox=self.outbox,
            khmer=read_texts(ESCROW_TEXTS / "km.po"),
            public_url=self.public_url,
        )
        common: Any = {"database": self.database, "log": self.log, "clock": self.clock}
        recoveries = Recoveries(
            register=self.register, notices=mailed, time=timedelta(days=3), **common
        )
        key = SoftwareMacKey()
        handing_over = HandingOver(
            recoveries=recoveries,
            keys=self.escrow_keys,
            authorities=self.authorities,
            mac_key=lambda: key,
            notices=mailed,
            **common,
        )
        escrow = Escrow(keys=self.escrow_keys, **common)
        return EscrowOffice(escrow, recoveries, handing_over, notices, self.clock)

    @cached_property
    def revocation_codes(self) -> RevocationCodes:
        return RevocationCodes(database=self.database, log=self.log, clock=self.clock)

    @cached_property
    def delivery(self) -> Delivery:
        return Delivery(
            database=self.database,
            log=self.log,
            issuance=self.issuance,
            authorities=self.authorities,
            register=self.register,
        )

    @cached_property
    def grants(self) -> Grants:
        return Grants(
            database=self.database, log=self.log, profiles=self.open_profiles, clock=self.clock
        )

    @cached_property
    def grant_secrets(self) -> GrantSecrets:
        key = SoftwareMacKey()
        return GrantSecrets(
            database=self.database, log=self.log, mac_key=lambda: key, clock=self.clock
        )

    @cached_property
    def granted_issuance(self) -> GrantedIssuance:
        return GrantedIssuance(
            database=self.database,
            issuance=self.issuance,
            delivery=self.delivery,
            profiles=self.open_profiles,
            clock=self.clock,
        )

    @cached_property
    def applications(self) -> Applications:
        return Applications(
            database=self.database,
            log=self.log,
            profiles=self.open_profiles,
            issuance=self.issuance,
            clock=self.clock,
        )

    @cached_property
    def answers(self) -> Answers:
        return Answers(
            database=self.database,
            log=self.log,
            applications=self.applications,
            clock=self.clock,
        )

    @cached_property
    def notices(self) -> Notices:
        return Notices(outbox=self.outbox, public_url=self.public_url, objection_days=10)

    @cached_property
    def expiry(self) -> Expiry:
        return Expiry(
            database=self.database,
            log=self.log,
            clock=self.clock,
            settings=EnrollmentSettings(),
            notices=self.notices,
        )

    @cached_property
    def registration(self) -> RegistrationAuthority:
        return RegistrationAuthority(
            applications=self.applications,
            answers=self.answers,
            decisions=Decisions(
                database=self.database, log=self.log, clock=self.clock, notices=self.notices
            ),
            delivery=self.delivery,
            profiles=self.open_profiles,
            revocation=self.revocation,
            mass_revocation=self.mass_revocation,
            grants=GrantOffice(grants=self.grants, secrets=self.grant_secrets),
            invitations=self.invitations,
            escrow=self.escrow_office,
            policy=AccessPolicy.load(ROLES),
            desk=self.desk,
            staff_lists=self.staff_lists,
        )

    @cached_property
    def staff_lists(self) -> ListOffice:
        settings = ListSettings()
        limits = ListLimits(octets=settings.max_octets, rows=settings.max_rows)
        reader = ListReader(definition=load_definition(), limits=limits)
        parts: Any = {"database": self.database, "log": self.log, "clock": self.clock}
        return ListOffice(
            institutions=self.institutions,
            lists=StaffLists(**parts, reader=reader, settings=settings),
            reading=ListReading(**parts, reader=reader),
            applying=ListApplying(**parts, settings=settings),
            settings=settings,
        )

    @cached_property
    def departures(self) -> Departures:
        return Departures(
            database=self.database, log=self.log, revocation=self.revocation, clock=self.clock
        )

    @cached_property
    def inquiries(self) -> CertificateInquiries:
        return CertificateInquiries(database=self.database, clock=self.clock)

    @cached_property
    def acts(self) -> OfficeActs:
        return OfficeActs(database=self.database, log=self.log, clock=self.clock)

    @cached_property
    def counter(self) -> Counter:
        return Counter(
            database=self.database,
            people=self.people,
            subscribers=self.subscribers,
            applications=self.applications,
            profiles=self.open_profiles,
            inquiries=self.inquiries,
            revocation=self.revocation,
            acts=self.acts,
            clock=self.clock,
        )

    @cached_property
    def desk(self) -> Desk:
        return Desk(
            queue=Queue(database=self.database),
            inquiries=self.inquiries,
            exports=Exports(
                database=self.database,
                inquiries=self.inquiries,
                acts=self.acts,
                clock=self.clock,
                most_rows=200,
            ),
            officers=self.officers,
            institutions=self.institutions,
            ledger=AuditLedger(database=self.database, log=self.log, register=self.register),
            counter=self.counter,
        )

    @cached_property
    def personal(self) -> PersonalWorld:
        return PersonalWorld(self)

    @cached_property
    def acme(self) -> AcmeServer:
        return AcmeServer(
            database=self.database,
            grants=self.grants,
            secrets=self.grant_secrets,
            issuing=self.granted_issuance,
            revocation=self.revocation,
            validator=Validation.build(self.acme_settings.validation),
            authorities=self.authorities,
            profiles=self.hierarchy.profiles,
            settings=self.acme_settings,
            public_url=self.public_url,
            clock=self.clock,
        )

    @cached_property
    def est(self) -> EstEnrollment:
        return EstEnrollment(
            grants=self.grants,
            secrets=self.grant_secrets,
            issuance=self.granted_issuance,
            authorities=self.authorities,
            profiles=self.hierarchy.profiles,
        )

    @cached_property
    def programs(self) -> ProgramWiring:
        return program_wiring(self, self.webhook_settings)

    @cached_property
    def cmp(self) -> CmpServer:
        return CmpServer(
            database=self.database,
            grants=self.grants,
            secrets=self.grant_secrets,
            issuance=self.granted_issuance,
            revocation=self.revocation,
            certificates=self.sign_in,
            server_certificates=ServerCertificates(
                issuance=self.issuance,
                keys=self.keys,  # type: ignore[arg-type]
                authorities=self.authorities,
                statuses=self.statuses,
                profile=self.hierarchy.profiles[CMP_SERVER],
                leases=Leases(database=self.database, clock=self.clock),
                settings=self.cmp_settings,
                clock=self.clock,
            ),
            register=self.register,
            authorities=self.authorities,
            profiles=self.hierarchy.profiles,
            settings=self.cmp_settings,
            clock=self.clock,
        )

    def parts(self, **settings: Any) -> AppParts:
        return AppParts(
            settings=ServeSettings(
                public_url=self.public_url, rate_limit="100000 per minute", **settings
            ),
            policy=self.registration.policy,
            registration=self.registration,
            programs=self.programs.parts,
            sign_in=self.programs.sign_in(self.sign_in),
            session_sign_in=self.programs.sign_in(SessionSignIn(sessions=self.sessions)),
            personal=self.personal.pages,
            sign_in_parts=self.sign_in_parts,
            idempotent_requests=IdempotentRequests(database=self.database, clock=self.clock),
            log_folder=self.folder / "log",
            probes=[Probe("database", lambda: None)],
            door_blueprints=(
                door_blueprint(lambda: self.invitations.opening),
                *self.verification.blueprints,
                validation_api(lambda: self.validation_desk, ValidationSettings()),
                validation_pages(lambda: self.validation_desk, ValidationSettings()),
                *self.passes.blueprints,
            ),
            protocol_blueprints=(
                acme_blueprint(self.acme),
                est_blueprint(self.est, self.sign_in),
                self.programs.oauth,
                self.sign_in_parts.blueprint,
                cmp_blueprint(self.cmp),
            ),
        )

    @cached_property
    def passes(self) -> PassWiring:
        """What camtrust wires for passes, upon this world's folder; nobody signs any here."""
        settings = SimpleNamespace(
            passes=PassSettings(), serve=SimpleNamespace(public_url=self.public_url)
        )
        nobody = SimpleNamespace(good=lambda _definition: [], issuer_of=lambda _certificate: None)
        services: Any = SimpleNamespace(
            home=self.folder,
            settings=settings,
            clock=self.clock,
            database=self.database,
            log=self.log,
            service_certificates=nobody,
        )
        return PassWiring(services)

    @cached_property
    def verification(self) -> VerificationWiring:
        """What camtrust wires for registered documents, upon this world's parts."""
        settings = SimpleNamespace(
            home=self.folder,
            verification=self.verification_settings,
            serve=SimpleNamespace(public_url=self.public_url),
        )
        subscribers = SimpleNamespace(institutions=self.institutions)
        services: Any = SimpleNamespace(
            database=self.database,
            log=self.log,
            clock=self.clock,
            keys=self.keys,
            settings=settings,
            registration=SimpleNamespace(subscribers=subscribers),
        )
        return VerificationWiring(services)

    @cached_property
    def validation_desk(self) -> ValidationDesk:
        """Validates documents against what a test put into ``validation_trust``."""
        return ValidationDesk(
            validator=lambda: DocumentValidator(trust=self.validation_trust, clock=self.clock),
            at_once=2,
        )

    def found(self, institution_id: str = "moh", **details: Any) -> str:
        """Register an institution; return its id."""
        made = InstitutionDetails(
            institution_id,
            InstitutionKind.MINISTRY,
            "ក្រសួងសាកល្បង",
            f"Ministry of {institution_id.upper()}",
            **{"mail_domains": (f"{institution_id}.example",), **details},
        )
        return self.institutions.register(made).id

    def employ(self, institution: str = "moh", *, number: str = "012345678", **place: Any) -> str:
        """Take up a person on an institution's list; return their id."""
        details = PersonDetails(
            PersonName("សុខ", "ដារ៉ា", "Sok", "Dara"),
            sex="M",
            date_of_birth="1990-04-13",
            nationality="KH",
            identifiers=(PersonIdentifier(IdentifierKind.NATIONAL_ID, number),),
        )
        person = self.people.add(details)
        where = Place(
            **{"staff_number": number, "official_mail": f"s{number}@{institution}.example", **place}
        )
        self.people.employ(person.id, institution, where)
        return person.id

    def issue(self, profile: str, holder: str, *, days: int | None = None) -> x509.Certificate:
        """Issue the way camtrust does, without an application."""
        key = client_key(next(self.numbers))
        issued = self.issuance.issue(
            CertificateRequest(
                profile=profile,
                csr=verify_csr(csr_for(key)),
                holder=holder,
                facts=facts_for(profile),
                not_after=None if days is None else self.clock.now() + timedelta(days=days),
            )
        )
        return x509.load_der_x509_certificate(issued.certificate_der)

    def enroll(
        self,
        officer_id: str,
        role: Role = Role.RA_OFFICER,
        *,
        institution: str | None = None,
        person: str | None = None,
        **options: Any,
    ) -> str:
        """Enrol an officer with a certificate of their own; return their id."""
        certificate = self.issue(PROFILES[role], f"person:{officer_id}", **options)
        self.officers.enroll(
            officer_id=officer_id,
            role=role,
            certificate=certificate,
            institution=institution,
            person=person,
        )
        self.held[officer_id] = certificate
        return officer_id


def front_header(certificate: x509.Certificate | bytes) -> str:
    """The certificate as nginx's $ssl_client_escaped_cert gives it."""
    pem = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.PEM)
    return quote(pem.decode("ascii"), safe="")


def _add_row(self: World, role: str) -> None:
    issuer = self.hierarchy.issuers[role]
    now = self.clock.now()
    with self.database.begin() as connection:
        connection.execute(
            insert(authorities).values(
                name=issuer.authority,
                role=role,
                parent=None if role == "root" else "root-1",
                subject_der=issuer.certificate.subject.public_bytes(),
                key_id=issuer.key_id,
                state="active",
                crl_shards=issuer.crl_shards,
                created_at=now,
            )
        )
        connection.execute(
            insert(authority_certificates).values(
                sha256=issuer.certificate.fingerprint(SHA256()),
                authority=issuer.authority,
                kind="root" if role == "root" else "issued",
                not_after=issuer.certificate.not_valid_after_utc,
                certificate_der=issuer.certificate.public_bytes(Encoding.DER),
                added_at=now,
            )
        )


@dataclass
class Caller:
    """Sends requests to the officers' listener as one officer."""

    client: FlaskClient
    certificate: x509.Certificate | None

    def _open(self, method: str, path: str, **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if self.certificate is not None:
            headers["X-SSL-Client-Cert"] = front_header(self.certificate)
        return self.client.open(f"/enrollment/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self._open("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self._open("POST", path, **options)

    def submit(
        self,
        profile: str = "person-signing",
        *,
        key: PrivateKey | None = None,
        facts: Mapping[str, Any] | None = None,
        holder: str = "person:IDCKH-012345678",
        **options: Any,
    ) -> Any:
        csr = csr_for(key or ec.generate_private_key(ec.SECP256R1()))
        body = {
            "profile": profile,
            "csr": pem_csr(csr),
            "holder": holder,
            "facts": facts_of(profile) if facts is None else facts,
        }
        return self.post("/applications", json=body, **options)

    def approve(self, application: str, **options: Any) -> Any:
        return self.post(f"/applications/{application}/approval", json={}, **options)

    def refuse(self, application: str, reason: str = "The photo is missing.") -> Any:
        return self.post(f"/applications/{application}/refusal", json={"reason": reason})


def facts_of(profile: str) -> dict[str, Any]:
    """The facts that the profile takes, out of those that the tests of ca know."""
    wanted = default_hierarchy().profiles[profile].facts
    return {name: value for name, value in facts_for(profile).items() if name in wanted}


def pem_csr(csr_der: bytes) -> str:
    return x509.load_der_x509_csr(csr_der).public_bytes(Encoding.PEM).decode()


def officers_client(world: World, **settings: Any) -> FlaskClient:
    return create_app(world.parts(**settings), Listener.OFFICERS).test_client()


def slug(answer: Any) -> str:
    """The last part of a problem's type."""
    problem: str = answer.get_json(force=True)["type"]
    assert problem.startswith(f"{PUBLIC_URL}/problems/")
    return problem.rpartition("/")[2]
