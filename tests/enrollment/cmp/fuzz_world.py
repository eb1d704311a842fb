"""A CMP server for the fuzzer, and messages of every kind to begin with."""

from __future__ import annotations

import secrets
from pathlib import Path

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.clock import SystemClock
from core.database import Database, metadata
from enrollment.cmp.server import CmpServer
from enrollment.grants.grant import GrantProtocol
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.cmp.client import (
    cert_conf,
    cert_request,
    error_message,
    general,
    mac_client,
    new_key,
    p10cr,
    poll_req,
    revocation,
    update,
)
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World


def make_target(folder: Path) -> tuple[CmpServer, bytes, list[bytes]]:
    """Return a server, the secret of a grant there, and one message of each kind under it."""
    database = Database(f"sqlite:///{folder / 'fuzz.db'}")
    with database.begin() as connection:
        metadata.create_all(connection)
    world = World(database, folder, SystemClock())
    grant = active_grant(world, protocol=GrantProtocol.CMP, profile="service-client", dns_names=())
    client = mac_client(world, create_app(world.parts(), Listener.PUBLIC).test_client(), grant)
    client.begin()
    held = client.send(client.message(cert_request(new_key()))).certificate
    fills = (
        cert_request(new_key()),
        cert_request(new_key(), popo="raVerified"),
        update(new_key(), held),
        p10cr(csr_for(new_key())),
        revocation(held, reason=7),
        general(("1.3.6.1.5.5.7.4.17", None), ("1.3.6.1.5.5.7.4.16", b"\x30\x04\x0c\x02en")),
        cert_conf(held, status=0, algorithm="2.16.840.1.101.3.4.2.1"),
        poll_req(),
        error_message,
    )
    seeds = []
    for fill in fills:
        client.begin()
        seeds.append(client.message(fill, time=None, recip_nonce=secrets.token_bytes(16)))
    return world.cmp, client.secret, seeds
