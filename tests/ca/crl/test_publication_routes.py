"""Certificates and CRLs over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from ca.crl.crls import Crls
from ca.crl.errors import CrlDamagedError
from ca.crl.record import StoredContent
from ca.models import crl_parts
from ca.routes import publication_blueprint
from core.errors import NotFound, Unavailable
from tests.ca.revocation.world import World


@pytest.fixture
def client(world: World, crls: Crls) -> FlaskClient:
    app = Flask(__name__)
    app.register_error_handler(NotFound, lambda _error: ("", 404))
    app.register_error_handler(Unavailable, lambda _error: ("", 503))
    app.register_blueprint(
        publication_blueprint(authorities=world.authorities, crls=crls, clock=world.clock)
    )
    return app.test_client()


def test_an_authoritys_certificate_is_served_as_der(world: World, client: FlaskClient) -> None:
    got = client.get("/ca/people-1.cer")

    assert got.data == world.certificates["people-1"].public_bytes(Encoding.DER)
    assert got.content_type == "application/pkix-cert"
    assert client.get("/ca/nobody-1.cer").status_code == 404


def test_the_newest_crl_is_served_and_revalidated(
    crls: Crls, client: FlaskClient, later: Callable[..., None]
) -> None:
    first = crls.issue("people-1", 0)
    got = client.get("/crl/people-1/0.crl")
    assert got.data == first.crl_der
    assert got.content_type == "application/pkix-crl"
    assert got.headers["Cache-Control"] == "public, no-transform, max-age=300"

    tag = {"If-None-Match": got.headers["ETag"]}
    assert client.get("/crl/people-1/0.crl", headers=tag).status_code == 304
    later(seconds=5)
    second = crls.issue("people-1", 0)
    assert client.get("/crl/people-1/0.crl", headers=tag).data == second.crl_der
    delta = crls.issue_delta("people-1", 0)
    assert client.get("/crl/people-1/0-delta.crl").data == delta.crl_der


def test_a_crl_past_its_time_is_served_and_not_kept(
    crls: Crls, client: FlaskClient, later: Callable[..., None]
) -> None:
    crls.issue("people-1", 0)
    later(days=10)

    got = client.get("/crl/people-1/0.crl")

    assert got.status_code == 200
    assert got.headers["Cache-Control"].endswith("max-age=0")


@pytest.mark.parametrize(
    "path",
    ["people-1/1.crl", "people-1/0.crl.bak", "people-1/00.crl", "people-1/-1.crl",
     "nobody-1/0.crl", "people-1/99999999999999999999.crl", "people-1/..%2f0.crl"],
)  # fmt: skip
def test_what_was_never_issued_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/crl/{path}").status_code == 404


def test_a_part_can_be_asked_for_and_a_head_has_no_body(crls: Crls, client: FlaskClient) -> None:
    issued = crls.issue("people-1", 0)

    part = client.get("/crl/people-1/0.crl", headers={"Range": "bytes=10-19"})
    head = client.head("/crl/people-1/0.crl")

    assert (part.status_code, part.data) == (206, issued.crl_der[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(issued.crl_der)}"
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(issued.crl_der)
    assert head.headers["Last-Modified"] == "Mon, 23 Nov 2026 08:00:00 GMT"


def test_a_request_reads_no_list_from_the_table_while_its_file_is_there(
    crls: Crls, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = crls.issue("people-1", 0)
    whole = issued.crl_der

    def read(_content: StoredContent) -> None:
        raise AssertionError("the whole list was read")

    monkeypatch.setattr(StoredContent, "__iter__", read)

    assert client.get("/crl/people-1/0.crl").data == whole


def test_a_file_that_another_machine_never_had_is_written_from_the_table(
    crls: Crls, client: FlaskClient, folder: Path, later: Callable[..., None]
) -> None:
    path = folder / "crl" / "people-1" / "0.crl"
    crls.issue("people-1", 0)
    old = path.read_bytes()
    later(seconds=9)
    newest = crls.issue("people-1", 0)

    # Nothing, an older one, and one that a full disk cut off.
    path.unlink()
    assert client.get("/crl/people-1/0.crl").data == newest.crl_der
    path.write_bytes(old)
    assert client.get("/crl/people-1/0.crl").data == newest.crl_der
    path.write_bytes(newest.crl_der[:-1])
    assert client.get("/crl/people-1/0.crl").data == newest.crl_der
    assert path.read_bytes() == newest.crl_der


def test_where_no_file_can_be_written_the_table_is_served(
    crls: Crls, client: FlaskClient, folder: Path
) -> None:
    newest = crls.issue("people-1", 0)
    (folder / "crl" / "people-1" / "0.crl").unlink()
    (folder / "crl" / "people-1" / ".lock").unlink()
    (folder / "crl" / "people-1").rmdir()
    (folder / "crl" / "people-1").write_text("in the way")

    got = client.get("/crl/people-1/0.crl")

    assert got.data == newest.crl_der
    assert int(got.headers["Content-Length"]) == len(newest.crl_der)


def test_with_the_database_away_the_file_is_served_as_it_is(
    crls: Crls, world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.database import Database, DatabaseUnavailable

    issued = crls.issue("people-1", 0)
    whole, tag = issued.crl_der, client.get("/crl/people-1/0.crl").headers["ETag"]

    def away(_database: Database) -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    monkeypatch.setattr(Database, "read", away)

    got = client.get("/crl/people-1/0.crl")
    assert (got.status_code, got.data, got.headers["ETag"]) == (200, whole, tag)
    assert client.get("/crl/people-1/0-delta.crl").status_code == 503


def test_a_list_that_the_table_no_longer_has_as_it_was_signed_is_not_published(
    crls: Crls, world: World, folder: Path
) -> None:
    crls.issue("people-1", 0)
    path = folder / "crl" / "people-1" / "0.crl"
    path.unlink()
    with world.database.begin() as connection:
        connection.execute(update(crl_parts).values(octets=b"damaged"))

    with pytest.raises(CrlDamagedError):
        crls.open("people-1", 0)

    assert [one.name for one in path.parent.iterdir()] == [".lock"]


def test_readers_do_not_wait_for_whoever_writes_a_file(
    crls: Crls, client: FlaskClient, folder: Path
) -> None:
    import fcntl

    issued = crls.issue("people-1", 0)
    with (folder / "crl" / "people-1" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert client.get("/crl/people-1/0.crl").data == issued.crl_der
