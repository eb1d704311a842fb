"""Homes to measure in: made as ``camtrust init`` makes them, with issuing keys of three types."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import click
from sqlalchemy import create_engine, make_url, text

from bench.issuance.stored import fill
from ca.hierarchy import FILE_NAME, load_hierarchy
from camtrust.founding import found
from camtrust.wiring import Services

# Name of the authority → its key. The first is the one that the main rows use.
AUTHORITIES = {"people-1": "ec-p256", "people-2": "ec-p384", "people-3": "rsa-3072"}


class HomeNotMade(click.ClickException):
    """A home could not be made or filled; the message has what was said."""


@dataclass(frozen=True)
class Home:
    """A home directory and the environment that its processes need."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def measured_home(folder: Path, *, stored: int, database_url: str | None) -> Iterator[Home]:
    """Make a home with ``stored`` certificates in it; its database is dropped afterwards.

    ``database_url`` names a PostgreSQL server, on which a database is created.
    """
    folder.mkdir(parents=True)
    (folder / FILE_NAME).write_bytes(_hierarchy())
    with _database(database_url) as environment:
        home = Home(folder, environment)
        _run_here(home, "-m", "bench.issuance.homes", folder, str(stored))
        yield home


def key_ids(home: Home) -> dict[str, str]:
    """Return the hex key id of each issuing key, by its algorithm."""
    answer = _run_here(home, "-m", "bench.issuance.homes", home.folder)
    return dict(line.split() for line in answer.splitlines())


def _hierarchy() -> bytes:
    others = [
        f"""
[[authority]]
name = "{name}"
role = "people"
parent = "root-1"
token = "issuing"
algorithm = "{algorithm}"
profile = "issuing-ca"
crl_shards = 16
[authority.subject]
country_name = "KH"
organization_name = "Cambodia National PKI"
common_name = "Benchmark People CA {algorithm}"
"""
        for name, algorithm in list(AUTHORITIES.items())[1:]
    ]
    return load_hierarchy().source + "".join(others).encode()


@contextmanager
def _database(server_url: str | None) -> Iterator[dict[str, str]]:
    if server_url is None:
        yield {}
        return
    name = f"camtrust_bench_{uuid4().hex[:12]}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = make_url(server_url).set(database=name)
        yield {"CAMTRUST_DATABASE__URL": url.render_as_string(hide_password=False)}
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def _run_here(home: Home, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **home.environment},
    )
    if done.returncode:
        raise HomeNotMade(f"{home.folder}: {done.stderr.strip()[-1000:]}")
    return done.stdout


def _main() -> None:
    # In a process of its own: one process initialises one SoftHSM.
    services = Services(home=Path(sys.argv[1]))
    if len(sys.argv) > 2:
        for line in found(services):
            print(line)
        fill(services, int(sys.argv[2]))
        return
    for name, algorithm in AUTHORITIES.items():
        print(algorithm, services.authorities.issuer(name).key_id.hex())


if __name__ == "__main__":
    _main()
