"""What strangers, and parts that face them, are not given."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from sqlalchemy import event

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.serving import front
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.access import Role
from tests.enrollment.world import front_header


@pytest.fixture
def public(initialised_sqlite: Services) -> FlaskClient:
    return create_app(app_parts(initialised_sqlite), Listener.PUBLIC).test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/log/tile/../../pins/root",
        "/log/tile/%2e%2e/%2e%2e/pins/root",
        "/log/tile/..%2f..%2fpins/root",
        "/log/tile//etc/passwd",
        "/log/tile/.lock",
        "/ca/../../pins/root.cer",
        "/ca/..%2f..%2fpins%2froot.cer",
        "/crl/..%2f..%2fpins/0.crl",
        "/crl/people-1/..%2f..%2f0.crl",
        "/crl/people-1/00.crl",
        "/assets/../pages.py",
        "/assets/%2e%2e/pages.py",
    ],
)
def test_no_path_leads_out_of_what_is_published(public: FlaskClient, path: str) -> None:
    answer = public.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_names_that_strangers_make_up_cost_no_queries(
    public: FlaskClient, initialised_sqlite: Services
) -> None:
    public.get("/ca/people-1.cer")
    queries: list[str] = []

    @event.listens_for(initialised_sqlite.database.engine, "before_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        queries.append(statement)

    for number in range(20):
        assert public.get(f"/ca/made-up-{number}.cer").status_code == 404
    assert queries == []


def test_nginx_gets_nothing_of_our_environment(
    initialised_sqlite: Services, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], str]
) -> None:
    require("nginx")
    monkeypatch.setenv("TOKEN_PIN", "a-pin-in-the-environment")
    became: list[Any] = []

    class Became(Exception):  # noqa: N818
        pass

    def execute(*arguments: Any) -> None:
        became.append(arguments)
        raise Became

    for name in ("execv", "execve"):
        monkeypatch.setattr(os, name, execute)
    with pytest.raises(Became):
        front.become_front(initialised_sqlite, port=1)
    [(_program, _arguments, environment)] = became
    assert environment == {}


@pytest.fixture
def clerk(initialised_sqlite: Services, ask: Any) -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    services = initialised_sqlite
    request = ask("clerk")
    issued = services.issuance.issue(
        type(request)(
            profile="ra-officer",
            csr=request.csr,
            holder="person:clerk",
            facts={"organization_name": "Ministry", "surname": "Chan", "given_name": "Dara"},
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    services.registration.officers.enroll(
        officer_id="clerk", role=Role.RA_OFFICER, certificate=certificate
    )
    app = create_app(app_parts(services), Listener.OFFICERS)
    yield app.test_client(), {"X-SSL-Client-Cert": front_header(certificate)}


def test_an_idempotency_key_does_not_mix_two_holders_up(
    clerk: tuple[FlaskClient, dict[str, str]],
) -> None:
    # The holder stands in a header, which is as much of the request as its body.
    client, signed_in = clerk
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.Name.from_rfc4514_string("CN=Gateway,O=Ministry of Examples")
    csr = x509.CertificateSigningRequestBuilder().subject_name(names).sign(key, SHA256())

    def submit(holder: str) -> Any:
        return client.post(
            "/enrollment/v1/applications?profile=service-client",
            data=csr.public_bytes(Encoding.DER),
            content_type="application/pkcs10",
            headers={**signed_in, "Camtrust-Holder": holder, "Idempotency-Key": "one-key"},
        )

    first, second = submit("program:one"), submit("program:two")
    assert first.status_code == 201, first.data
    assert json.loads(second.data)["type"].endswith("/idempotency-key-reused")


def test_the_home_is_its_owners_alone(initialised_sqlite: Services) -> None:
    home: Path = initialised_sqlite.home
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "tokens").stat().st_mode & 0o077 == 0
