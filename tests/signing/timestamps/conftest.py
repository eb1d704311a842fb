"""A home whose units stamp: one for all tests of a module that change nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from camtrust.wiring import Services
from hsm.softhsm import provision
from signing.timestamps.definitions import BY_NAME
from tests.conftest import Template


# For a module, not longer: one process works with the tokens of one home at a time.
@pytest.fixture(scope="module")
def stamping(
    sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """A founded home in SoftHSM, which is stamped with and otherwise left alone."""
    home = tmp_path_factory.mktemp("stamping") / "home"
    shutil.copytree(sqlite_template.home, home)
    (home / "camtrust.toml").write_text(f'[database]\nurl = "sqlite:///{home / "camtrust.db"}"\n')
    provision(home)
    services = Services(home=home)
    yield services
    services.close()


def certificate_of(services: Services, unit: str) -> x509.Certificate:
    """The certificate that a unit signs with."""
    return services.timestamp_wiring.units.unit(unit).certificate.certificate


def write_chain(services: Services, unit: str, folder: Path) -> tuple[Path, Path]:
    """Write the root, and the unit's certificate with its issuer, as PEM."""
    leaf = certificate_of(services, unit)
    [issuer] = [
        one.certificate
        for one in services.authorities.all()
        if one.certificate.subject == leaf.issuer
    ]
    root, chain = folder / "root.pem", folder / "chain.pem"
    root.write_bytes(_pem(services.authorities.authority("root-1").certificate))
    chain.write_bytes(_pem(leaf) + _pem(issuer))
    return root, chain


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


@pytest.fixture(params=sorted(BY_NAME))
def unit(request: pytest.FixtureRequest) -> str:
    """Each of the units."""
    name: str = request.param
    return name
