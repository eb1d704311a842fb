"""A home with SoftHSM tokens, everything that a ceremony needs, and three custodians."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca.authorities import Authorities
from ca.ceremony.custodians import Approval
from ca.ceremony.holding import Ceremonies
from ca.ceremony.journal import HeldCeremony
from ca.ceremony.script import Script, parse_script
from ca.crl.crls import Crls
from ca.crl.settings import CrlSettings
from ca.hierarchy import Hierarchy, parse_hierarchy
from ca.issuance import Issuance
from ca.issuance.recovery import ReservationRecovery
from ca.linting import Linter
from ca.profiles import Profiles, load_profiles
from ca.revocation.retention import RetentionByProfile
from ca.revocation.revocation import Revocation
from ca.settings import CaSettings
from core.clock import Clock
from core.database import Database, metadata
from core.transparency.log import TransparencyLog
from core.transparency.settings import LogSettings
from hsm.settings import HsmSettings
from hsm.softhsm import provision
from hsm.store import Pkcs11KeyStore
from tests.conftest import SettableClock, lacks

# Small: what the steps do is the matter, not how many authorities the nation has.
HIERARCHY = """
format = "camtrust-hierarchy-1"
[[authority]]
name = "root-1"
role = "root"
token = "root"
algorithm = "ec-p384"
profile = "root-ca"
subject = { country_name = "KH", organization_name = "Example PKI", common_name = "Root 1" }
[[authority]]
name = "root-2"
role = "root"
token = "root"
algorithm = "ec-p384"
profile = "root-ca"
subject = { country_name = "KH", organization_name = "Example PKI", common_name = "Root 2" }
[[authority]]
name = "people-1"
role = "people"
parent = "root-1"
token = "issuing"
algorithm = "ec-p256"
profile = "issuing-ca"
crl_shards = 2
subject = { country_name = "KH", organization_name = "Example PKI", common_name = "People CA 1" }
[[authority]]
name = "people-2"
role = "people"
parent = "root-1"
token = "issuing"
algorithm = "ec-p256"
profile = "issuing-ca"
subject = { country_name = "KH", organization_name = "Example PKI", common_name = "People CA 2" }
"""
TOKENS = ("root", "issuing", "status")


class LogKey:
    """A checkpoint key in memory: the log's signer is wired from above, and not the matter."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@dataclass
class World:
    """One home. ``another_process`` is the same home as a process started later sees it."""

    home: Path
    database: Database
    clock: Clock
    keys: Pkcs11KeyStore
    hierarchy: Hierarchy
    production: bool = False
    settings: CaSettings = field(default_factory=CaSettings)

    @cached_property
    def log(self) -> TransparencyLog:
        settings = LogSettings().within(self.home)
        return TransparencyLog(
            database=self.database,
            settings=settings,
            signer=LogKey(settings.origin),
            clock=self.clock,
        )

    @cached_property
    def authorities(self) -> Authorities:
        return Authorities(database=self.database, clock=self.clock)

    @cached_property
    def profiles(self) -> Profiles:
        return load_profiles(self.settings, home=self.home)

    @cached_property
    def linter(self) -> Linter:
        return Linter(profiles=self.profiles, settings=self.settings)

    @cached_property
    def retention(self) -> RetentionByProfile:
        return RetentionByProfile(profiles=self.profiles, authorities=self.authorities)

    @cached_property
    def recovery(self) -> ReservationRecovery:
        return ReservationRecovery(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def revocation(self) -> Revocation:
        return Revocation(
            database=self.database, log=self.log, retention=self.retention, clock=self.clock
        )

    @cached_property
    def crls(self) -> Crls:
        return Crls(
            database=self.database,
            log=self.log,
            keys=self.keys,
            authorities=self.authorities,
            retention=self.retention,
            urls=self.settings.publication,
            settings=CrlSettings(),
            folder=self.home / "public",
            clock=self.clock,
        )

    @cached_property
    def issuance(self) -> Issuance:
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
            folder=self.home / "ceremonies",
            production=self.production,
            pause=lambda _seconds: None,
        )

    def folder(self, ceremony: str) -> Path:
        return self.home / "ceremonies" / ceremony

    def another_process(self) -> World:
        return World(self.home, self.database, self.clock, self.keys, self.hierarchy)

    def script(self, kind: str, body: str, *, name: str | None = None) -> Script:
        """A script that may be begun at any time of these tests."""
        head = f"""
format = "camtrust-ceremony-1"
id = "{name or kind}"
kind = "{kind}"
purpose = "a test"
place = "here"
opens = 2026-01-01T00:00:00Z
closes = 2040-01-01T00:00:00Z
hierarchy_sha256 = "{self.hierarchy.sha256}"
"""
        return parse_script((head + body).encode())

    def hold(self, script: Script, *custodians: str) -> HeldCeremony:
        approvals = [approve(script, name) for name in custodians]
        return self.ceremonies.hold(script, approvals, self.hierarchy)


CUSTODIANS = {
    f"custodian-{number}": Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number in (1, 2, 3)
}
TWO = ("custodian-1", "custodian-2")


def approve(script: Script, custodian: str) -> Approval:
    return Approval(custodian, CUSTODIANS[custodian].sign(script.source))


def enrolment(quorum: int = 2) -> str:
    lines = ["[custodians]", f"quorum = {quorum}"]
    for name, key in CUSTODIANS.items():
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        lines += [
            "[[custodians.enrolled]]",
            f'name = "{name}"',
            f"public_key = '''{pem.decode()}'''",
        ]
    return "\n".join(lines)


def step(act: str, authority: str, **values: str) -> str:
    lines = ["", "[[step]]", f'act = "{act}"', f'authority = "{authority}"']
    return "\n".join([*lines, *(f"{name} = '''{value}'''" for name, value in values.items()), ""])


FOUNDING = (
    step("create-authority", "root-1")
    + step("create-authority", "people-1")
    + step("publish-crl", "root-1")
    + step("certify-responder", "root-1")
)


def open_world(home: Path, database: Database, clock: Clock) -> Iterator[World]:
    """Build a home's world, and close it when it is done with."""
    keys = Pkcs11KeyStore(settings=HsmSettings().at(home), database=database, clock=clock)
    try:
        yield World(home, database, clock, keys, parse_hierarchy(HIERARCHY.encode()))
    finally:
        keys.close()


@pytest.fixture(scope="session")
def tokens_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with empty tokens, to be copied: making tokens takes longer than all else."""
    if shutil.which("softhsm2-util") is None:
        lacks("the program softhsm2-util is not installed")
    home = tmp_path_factory.mktemp("tokens") / "home"
    home.mkdir()
    provision(home, TOKENS)
    return home


@pytest.fixture(scope="session")
def founded_template(tokens_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the home and the database of a founded world, to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    home = copy_home(tokens_template, folder / "home")
    database = Database(f"sqlite:///{folder / 'camtrust.db'}")
    with database.begin() as connection:
        metadata.create_all(connection)
    for world in open_world(home, database, SettableClock()):
        world.hold(world.script("initial", enrolment() + FOUNDING), *TWO)
    database.close()
    return folder


def copy_home(template: Path, home: Path) -> Path:
    """Copy a home with its tokens, and let its configuration point to the copy."""
    shutil.copytree(template, home, dirs_exist_ok=True)
    provision(home, TOKENS)
    return home


@pytest.fixture
def world(
    home: Path, sqlite: Database, clock: SettableClock, tokens_template: Path
) -> Iterator[World]:
    copy_home(tokens_template, home)
    yield from open_world(home, sqlite, clock)


@pytest.fixture
def founded(
    home: Path, tmp_path: Path, clock: SettableClock, founded_template: Path
) -> Iterator[World]:
    """A world in which the initial ceremony was held by two of three custodians."""
    copy_home(founded_template / "home", home)
    shutil.copy(founded_template / "camtrust.db", tmp_path / "founded.db")
    database = Database(f"sqlite:///{tmp_path / 'founded.db'}")
    yield from open_world(home, database, clock)
    database.close()
