"""Somebody whose mail-encryption key is in escrow, and officers who may recover it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from ca.csr import VerifiedCsr, verify_csr
from ca.plan import CertificateRequest
from core.access import Principal, Role
from core.database import Database
from enrollment.escrow.escrow import Escrow
from enrollment.escrow.escrowed_key import PROFILE, EscrowedKey
from enrollment.escrow.handing_over import HandingOver
from enrollment.escrow.recoveries import Recoveries
from tests.ca.software_hierarchy import csr_for, facts_for
from tests.enrollment.world import World
from tests.hsm.envelopes import envelope_for

HOLDER = "person:IDCKH-012345678"
CONSENT = "escrow-1"


@dataclass
class Case:
    """A holder, their key, and the rooms of escrow."""

    world: World
    holder: str
    key: rsa.RSAPrivateKey
    institution: str

    @property
    def escrow(self) -> Escrow:
        return self.world.escrow_office.escrow

    @property
    def recoveries(self) -> Recoveries:
        return self.world.escrow_office.recoveries

    @property
    def handing_over(self) -> HandingOver:
        return self.world.escrow_office.handing_over

    @property
    def csr(self) -> VerifiedCsr:
        return verify_csr(csr_for(self.key))

    def envelope(self, content: bytes | None = None, **changed: Any) -> bytes:
        pkcs8 = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        escrow_key = self.world.escrow_store.newest("").public_key
        return envelope_for(escrow_key, pkcs8 if content is None else content, **changed)

    def deposit(self, envelope: bytes | None = None, **changed: Any) -> EscrowedKey:
        given: dict[str, Any] = {
            "profile": PROFILE,
            "csr": self.csr,
            "holder": self.holder,
            "institution": self.institution,
            "consent": CONSENT,
        }
        octets = self.envelope() if envelope is None else envelope
        return self.escrow.deposit(octets, **{**given, **changed})

    def issue(self) -> x509.Certificate:
        issued = self.world.issuance.issue(
            CertificateRequest(
                profile=PROFILE, csr=self.csr, holder=HOLDER, facts=facts_for(PROFILE)
            )
        )
        return x509.load_der_x509_certificate(issued.certificate_der)

    def officer(self, name: str, **options: Any) -> Principal:
        if name not in self.world.held:
            self.world.enroll(name, **options)
        return Principal(name, Role.RA_OFFICER, options.get("institution"))


@pytest.fixture(scope="session")
def mail_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def make_case(world: World, key: rsa.RSAPrivateKey) -> Case:
    institution = world.found("moh")
    person = world.employ(institution)
    return Case(world, world.subscribers.enroll(person), key, institution)


@pytest.fixture
def case(sqlite: Database, tmp_path: Path, clock: Any, mail_key: rsa.RSAPrivateKey) -> Case:
    return make_case(World(sqlite, tmp_path, clock), mail_key)


@pytest.fixture
def case_on_each(
    database: Database, tmp_path: Path, clock: Any, mail_key: rsa.RSAPrivateKey
) -> Case:
    return make_case(World(database, tmp_path, clock), mail_key)
