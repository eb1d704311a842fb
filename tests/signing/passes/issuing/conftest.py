"""A founded home that issues passes: one for all tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from cryptography import x509

from camtrust.wiring import Services
from core.access import Principal, Role
from hsm.softhsm import provision
from signing.passes.issuing.signers import BY_NAME
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verification import PassVerifier
from tests.conftest import Template

MINISTRY = Principal("client:health", Role.SERVICE, institution="moh")
INTERIOR = Principal("client:interior", Role.SERVICE, institution="moi")


# For a module, not longer: one process works with the tokens of one home at a time.
@pytest.fixture(scope="module")
def issuer(
    sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("passes") / "home"
    shutil.copytree(sqlite_template.home, home)
    (home / "camtrust.toml").write_text(
        f'[database]\nurl = "sqlite:///{home / "camtrust.db"}"\n'
        '[serve]\npublic_url = "https://pki.example"\n'
    )
    provision(home)
    services = Services(home=home)
    yield services
    services.close()


def signer_certificate(services: Services, name: str) -> x509.Certificate:
    return services.passes.signers.signer(name).held.certificate


def trust_in(services: Services) -> TrustStore:
    """Trust the signers of this home by their certificates, and nobody else."""
    found = []
    for name in BY_NAME:
        certificate = read_certificate(services.passes.signers.signer(name).held.certificate_der)
        url = "https://pki.example/passes/cards"
        found.append(Signer(key=certificate.key, source=name, certificate=certificate))
        found.append(Signer(key=certificate.key, source=name, issuer=url))
    return TrustStore(signers=tuple(found))


@pytest.fixture(scope="module")
def verifier(issuer: Services) -> PassVerifier:
    return PassVerifier(trust=trust_in(issuer), clock=issuer.clock)
