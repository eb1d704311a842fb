from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.grants.grant import Grant, GrantProtocol
from tests.enrollment.cmp.client import Client, mac_client
from tests.enrollment.grants.world import active_grant
from tests.enrollment.world import World


@pytest.fixture
def http(world: World) -> FlaskClient:
    return create_app(world.parts(), Listener.PUBLIC).test_client()


@pytest.fixture
def granted(world: World) -> Callable[..., Grant]:
    """Make a grant for CMP."""

    def make(**changes: Any) -> Grant:
        names = {} if changes.get("profile", "tls-server") == "tls-server" else {"dns_names": ()}
        values = {"protocol": GrantProtocol.CMP, "profile": "tls-server"} | names | changes
        return active_grant(world, **values)

    return make


@pytest.fixture
def grant(granted: Callable[..., Grant]) -> Grant:
    return granted(profile="service-client")


@pytest.fixture
def client(world: World, http: FlaskClient, grant: Grant) -> Client:
    return mac_client(world, http, grant)
