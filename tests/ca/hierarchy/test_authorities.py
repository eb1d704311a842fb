"""The authorities that the database knows, as issuance and status see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import insert, update

from ca.authorities import CACHE_SECONDS, Authorities, AuthorityNotIssuing, AuthorityUnknown
from ca.models import authorities, authority_certificates
from core.database import Database
from hsm.keys import key_id_of
from tests.conftest import SettableClock

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.value = 0.0

    def __call__(self) -> float:
        return self.value


def certify(common_name: str, key: ec.EllipticCurvePrivateKey, years: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=365 * years))
    )
    return builder.sign(key, hashes.SHA256())


def add_authority(
    database: Database, name: str, *, parent: str | None = None, at: datetime = NOW
) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    with database.begin() as connection:
        connection.execute(
            insert(authorities).values(
                name=name,
                role=name.rsplit("-", 1)[0],
                parent=parent,
                subject_der=b"",
                key_id=key_id_of(key.public_key()),
                state="active",
                crl_shards=1,
                created_at=at,
            )
        )
    return key


def add_certificate(
    database: Database, name: str, certificate: x509.Certificate, kind: str, at: datetime = NOW
) -> None:
    der = certificate.public_bytes(Encoding.DER)
    with database.begin() as connection:
        connection.execute(
            insert(authority_certificates).values(
                sha256=sha256(der).digest(),
                authority=name,
                kind=kind,
                not_after=certificate.not_valid_after_utc,
                certificate_der=der,
                added_at=at,
            )
        )


def set_state(database: Database, name: str, state: str) -> None:
    with database.begin() as connection:
        connection.execute(
            update(authorities).where(authorities.c.name == name).values(state=state)
        )


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def known(database: Database, clock: SettableClock, seconds: Seconds) -> Authorities:
    root = add_authority(database, "root-1")
    add_certificate(database, "root-1", certify("Root", root, 25), "root")
    people = add_authority(database, "people-1", parent="root-1")
    add_certificate(database, "people-1", certify("People", people, 10), "issued")
    return Authorities(database=database, clock=clock, monotonic=seconds)


def test_a_chain_goes_from_the_authority_to_its_anchor(known: Authorities) -> None:
    names = [one.subject.rfc4514_string() for one in known.chain("people-1")]
    assert names == ["CN=People", "CN=Root"]


def test_an_unknown_authority_is_not_found(known: Authorities) -> None:
    for question in (known.authority, known.issuer, known.known, known.role, known.chain):
        with pytest.raises(AuthorityUnknown):
            question("nobody-1")
    with pytest.raises(AuthorityUnknown):
        known.issuer_for_role("nobody")
    with pytest.raises(AuthorityUnknown):
        known.issuer_by_certid(b"\x00" * 20, b"\x00" * 20)


def test_the_newest_authority_of_a_role_issues(known: Authorities, database: Database) -> None:
    later = NOW + timedelta(hours=1)
    second = add_authority(database, "people-2", parent="root-1", at=later)
    add_certificate(database, "people-2", certify("People 2", second, 10), "issued", later)
    known.forget()
    assert known.issuer_for_role("people").authority == "people-2"
    set_state(database, "people-2", "retired")
    known.forget()
    assert known.issuer_for_role("people").authority == "people-1"


@pytest.mark.parametrize("state", ["retired", "terminated"])
def test_who_is_not_active_is_known_and_does_not_issue(
    known: Authorities, database: Database, state: str
) -> None:
    set_state(database, "people-1", state)
    known.forget()
    assert known.known("people-1").authority == "people-1"
    with pytest.raises(AuthorityNotIssuing):
        known.issuer("people-1")


def test_an_expired_authority_does_not_issue(known: Authorities, clock: SettableClock) -> None:
    clock.advance(timedelta(days=3700))
    with pytest.raises(AuthorityNotIssuing):
        known.issuer("people-1")
    assert known.issuer("root-1").authority == "root-1"


def test_an_anchor_without_its_certificate_has_a_role_and_nothing_else(
    known: Authorities, database: Database
) -> None:
    add_authority(database, "root-2")
    assert known.role("root-2") == "root"
    assert [one.name for one in known.all()] == ["people-1", "root-1"]
    with pytest.raises(AuthorityUnknown):
        known.issuer("root-2")


def test_another_process_is_noticed_within_seconds(
    known: Authorities, database: Database, seconds: Seconds
) -> None:
    assert known.issuer("people-1")
    set_state(database, "people-1", "retired")
    assert known.issuer("people-1"), "a few seconds old is what a cache may be"
    seconds.value += CACHE_SECONDS + 0.1
    with pytest.raises(AuthorityNotIssuing):
        known.issuer("people-1")


def test_the_newest_certificate_is_the_authoritys_and_a_cross_certificate_never(
    known: Authorities, database: Database
) -> None:
    first = known.authority("people-1").certificate
    key = ec.generate_private_key(ec.SECP256R1())
    renewed = certify("People", key, 12)
    crossed = certify("People", key, 20)
    add_certificate(database, "people-1", renewed, "renewed", NOW + timedelta(days=1))
    add_certificate(database, "people-1", crossed, "cross", NOW + timedelta(days=2))
    known.forget()
    found = known.authority("people-1")
    assert (found.certificate, found.earlier, found.crossed) == (renewed, (first,), (crossed,))
