"""A registration authority with real issuance, linting, log and revocation upon software keys.

What a token does is tested in tests/hsm and end to end.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from sqlalchemy import insert

from ca.authorities import Authorities
from ca.csr import verify_csr
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
from camtrust.serving.settings import ServeSettings
from core.access import AccessPolicy, Role
from core.database import Database
from core.idempotency import IdempotentRequests
from core.web.health import Probe
from enrollment.acme.routes import acme_blueprint
from enrollment.acme.server import AcmeServer
from enrollment.acme.settings import AcmeSettings
from enrollment.acme.validation import Validation
from enrollment.applications import Applications
from enrollment.decisions import Decisions
from enrollment.delivery import Delivery
from enrollment.est.enrolling import EstEnrollment
from enrollment.est.routes import est_blueprint
from enrollment.grants.grants import Grants
from enrollment.grants.issuing import GrantedIssuance
from enrollment.grants.routes import GrantOffice
from enrollment.grants.secrets import GrantSecrets
from enrollment.officers import PROFILES, Officers
from enrollment.profiles import OpenProfiles
from enrollment.routes import RegistrationAuthority
from enrollment.sign_in import CertificateSignIn
from hsm.errors import KeyNotFound, TokenUnavailable
from hsm.keys import KeyAlgorithm, PublicKey, key_id_of
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

    def signing_key(self, key_id: bytes) -> SoftwareKey:
        if self.away:
            raise TokenUnavailable("The token is away.")
        if key_id not in self.held:
            raise KeyNotFound("No such key.")
        return self.held[key_id]


class SoftwareMacKey:
    """A MAC key without a token."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")


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
    def open_profiles(self) -> OpenProfiles:
        return OpenProfiles(profiles=self.hierarchy.profiles, closed=["ocsp-responder"])

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
    def registration(self) -> RegistrationAuthority:
        return RegistrationAuthority(
            applications=Applications(
                database=self.database,
                log=self.log,
                profiles=self.open_profiles,
                issuance=self.issuance,
                clock=self.clock,
            ),
            decisions=Decisions(database=self.database, log=self.log, clock=self.clock),
            delivery=self.delivery,
            profiles=self.open_profiles,
            revocation=self.revocation,
            mass_revocation=self.mass_revocation,
            grants=GrantOffice(grants=self.grants, secrets=self.grant_secrets),
            policy=AccessPolicy.load(ROLES),
        )

    @cached_property
    def acme(self) -> AcmeServer:
        return AcmeServer(
            database=self.database,
            grants=self.grants,
            secrets=self.grant_secrets,
            issuing=self.granted_issuance,
            revocation=self.revocation,
            validator=Validation.build(self.acme_settings.validation),
            register=self.register,
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

    def parts(self, **settings: Any) -> AppParts:
        return AppParts(
            settings=ServeSettings(
                public_url=self.public_url, rate_limit="100000 per minute", **settings
            ),
            policy=self.registration.policy,
            registration=self.registration,
            sign_in=self.sign_in,
            idempotent_requests=IdempotentRequests(database=self.database, clock=self.clock),
            log_folder=self.folder / "log",
            probes=[Probe("database", lambda: None)],
            protocol_blueprints=(
                acme_blueprint(self.acme),
                est_blueprint(self.est, self.sign_in),
            ),
        )

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

    def enroll(self, officer_id: str, role: Role = Role.RA_OFFICER, **options: Any) -> str:
        """Enrol an officer with a certificate of their own; return their id."""
        certificate = self.issue(PROFILES[role], f"person:{officer_id}", **options)
        self.officers.enroll(officer_id=officer_id, role=role, certificate=certificate)
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
