"""Acts that several tests of revoked passes begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.access import Principal
from signing.passes.issuing.issued import IssuedPass
from tests.signing.passes.issuing.conftest import MINISTRY


class Whoever:
    """Everybody is this program."""

    def __init__(self, principal: Principal) -> None:
        self.principal_now = principal

    def principal(self, environ: Mapping[str, Any]) -> Principal:
        return self.principal_now


@contextmanager
def asked_by(services: Services, principal: Principal = MINISTRY) -> Iterator[FlaskClient]:
    parts = replace(app_parts(services), session_sign_in=Whoever(principal))
    yield create_app(parts, Listener.PUBLIC).test_client()


def revoke(services: Services, one: IssuedPass, reason: str = "record-corrected") -> IssuedPass:
    return services.passes.revocation.revoke(
        one.id, reason, by=MINISTRY.id, institution=one.institution
    )
