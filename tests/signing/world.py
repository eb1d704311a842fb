"""A founded home in which somebody has a remote signing key, and an institution a seal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from camtrust.remote_signing import RemoteSigningWiring
from camtrust.wiring import Services
from core.access import Role
from core.clock import SystemClock
from core.idempotency import new_act_id
from core.transparency.entry import LogEntry
from core.transparency.models import log_entries
from enrollment.institutions.institution import InstitutionDetails, InstitutionKind
from enrollment.models import principals
from enrollment.passkeys.credentials import read_new_credential
from hsm.digests import DigestAlgorithm, SignatureScheme, SigningRequest
from hsm.keys import KeyAlgorithm
from signing.credentials.activations import Authorization
from signing.credentials.credential import Credential, Holder, HolderKind
from signing.credentials.second_factor import Caller, SigningAct
from tests.enrollment.passkeys.authenticator import Authenticator

PIN = "39417205"
SEAL_PIN = "seal-of-2026"
PERSON = Holder(HolderKind.PERSON, "person-dara")
MINISTRY = Holder(HolderKind.ORGANIZATION, "ministry-of-examples")
# Weak on purpose, so that a test judges a PIN in a millisecond.
SETTINGS = """
[credentials]
pin_memory_kibibytes = 1024
pin_passes = 1
pin_lanes = 1
"""
FACTS = {
    "person-signing": {"surname": "Sok", "given_name": "Dara", "identifier": "IDCKH-012345678"},
    "organization-seal": {
        "organization_name": "Ministry of Examples",
        "organization_identifier": "NTRKH-00012345",
        "common_name": "Ministry of Examples",
    },
}


def digest(text: str, algorithm: DigestAlgorithm = DigestAlgorithm.SHA256) -> bytes:
    """A hash that somebody wants signed."""
    return hashlib.new(algorithm, text.encode()).digest()


class MovableClock:
    """The system's clock, which a test moves ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by


@dataclass
class SigningWorld:
    """Services, and whom they serve. ``device`` is the passkey of the person."""

    services: Services
    device: Authenticator = field(default_factory=lambda: Authenticator("", counts=False))
    person: Credential = field(init=False)
    seal: Credential = field(init=False)

    @property
    def signing(self) -> RemoteSigningWiring:
        return self.services.remote_signing

    @property
    def clock(self) -> MovableClock:
        assert isinstance(self.services.clock, MovableClock)
        return self.services.clock

    def populate(self) -> None:
        """Make the ministry, the person, the passkey, both keys and their certificates."""
        self.services.registration.subscribers.institutions.register(
            InstitutionDetails(
                MINISTRY.id,
                InstitutionKind.MINISTRY,
                "ក្រសួងសាកល្បង",
                "Ministry of Examples",
                mail_domains=("examples.example",),
            )
        )
        self.add_principal("registrar", Role.RA_OFFICER)
        self.add_principal(PERSON.id)
        self.device.origin = self.services.registration.sign_in_parts.public.party.origin
        self.add_passkey(PERSON.id, self.device)
        self.person = self.make(PERSON, PIN)
        self.certify(self.person, "person-signing", PIN)
        self.seal = self.make(MINISTRY, SEAL_PIN)
        self.certify(self.seal, "organization-seal", SEAL_PIN)

    def add_principal(self, name: str, role: Role = Role.SUBSCRIBER) -> None:
        with self.services.database.begin() as connection:
            connection.execute(
                principals.insert().values(
                    id=name,
                    role=role,
                    state="active",
                    person=name,
                    enrolled_at=self.services.clock.now(),
                    salt=b"s" * 32,
                )
            )

    def add_passkey(self, principal: str, device: Authenticator) -> None:
        side = self.services.registration.sign_in_parts.public
        options = json.loads(side.questions.to_register(principal, "somebody", []))
        side.passkeys.register(principal, "phone", read_new_credential(device.create(options)))

    def make(
        self, holder: Holder, pin: str, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256
    ) -> Credential:
        made, _ = self.signing.making.make(
            holder,
            credential_id=new_act_id(self.services.clock.now()),
            label="signing",
            algorithm=algorithm,
            pin=pin,
        )
        return made

    def certify(self, credential: Credential, profile: str, pin: str) -> x509.Certificate:
        """Issue a certificate by the key's own request, as the registration does."""
        issued = self.services.issuance.issue(
            CertificateRequest(
                profile=profile,
                csr=verify_csr(self.signing.making.request(credential.id, pin=pin)),
                holder=f"{credential.holder.kind}:{credential.holder.id}",
                facts=FACTS[profile],
            )
        )
        return x509.load_der_x509_certificate(issued.certificate_der)

    def act(self, *texts: str, key: Credential | None = None, **options: Any) -> SigningAct:
        algorithm = options.pop("digest_algorithm", DigestAlgorithm.SHA256)
        return self.signing.activations.act(
            (key or self.person).id,
            digest_algorithm=algorithm,
            hashes=[digest(one, algorithm) for one in texts],
            **options,
        )

    def proof(self, act: SigningAct, device: Authenticator | None = None) -> str:
        """The passkey's answer to the question about an act."""
        asked = self.signing.activations.question(act)
        assert asked is not None
        return (device or self.device).get(json.loads(asked))

    def authorize(self, *texts: str, pin: str = PIN, **options: Any) -> Authorization:
        """What the person's PIN and passkey open for these texts' hashes."""
        act = self.act(*texts, **options)
        return self.signing.activations.authorize(act, pin=pin, proof=self.proof(act))

    def sign(
        self,
        sad: str,
        *texts: str,
        key: Credential | None = None,
        caller: Caller | None = None,
        scheme: SignatureScheme | None = None,
        digest_algorithm: DigestAlgorithm = DigestAlgorithm.SHA256,
    ) -> list[bytes]:
        """Have these texts' hashes signed under a SAD."""
        chosen = key or self.person
        requests = [
            SigningRequest(
                digest(one, digest_algorithm), digest_algorithm, scheme or chosen.schemes[0]
            )
            for one in texts
        ]
        return self.signing.signatures.sign(chosen.id, sad, requests, caller=caller)

    def entries(self) -> list[LogEntry]:
        """What stands in the log, oldest first."""
        query = log_entries.select().order_by(log_entries.c.entry_index)
        with self.services.database.read() as connection:
            return [LogEntry.decode(row.entry) for row in connection.execute(query)]

    def kinds(self) -> list[str]:
        return [one.kind for one in self.entries()]


def bound_caller(client: str = "documents-program") -> Caller:
    """A program of the ministry whose token is bound to its certificate."""
    return Caller(client, MINISTRY.id, sha256(client.encode()).digest())


def write_settings(home: Path, database_url: str) -> None:
    (home / "camtrust.toml").write_text(f'[database]\nurl = "{database_url}"\n{SETTINGS}')
