"""Programs in a founded home: wired by camtrust, with a token for the secrets, at the console."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from camtrust.app import create_app
from camtrust.cli import camtrust
from camtrust.jobs import scheduled_jobs
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.access import Role
from enrollment.models import principals
from enrollment.officers import OfficerState
from tests.enrollment.clients.signing import ProgramKey
from tests.enrollment.program_world import JWT_BEARER, TOKEN


def enroll(services: Services, officer_id: str) -> None:
    """An officer without a certificate: at the console nobody presents one."""
    with services.database.begin() as connection:
        connection.execute(
            principals.insert().values(
                id=officer_id,
                role=Role.RA_OFFICER,
                state=OfficerState.ACTIVE,
                person=officer_id,
                enrolled_at=services.clock.now(),
                salt=b"s" * 32,
            )
        )


def run(services: Services, *words: str) -> str:
    done = CliRunner().invoke(camtrust, [*words, "--home", str(services.home)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_program_registered_at_the_console_gets_a_token_and_a_secret(
    initialised_sqlite: Services, tmp_path: Path
) -> None:
    services, key = initialised_sqlite, ProgramKey()
    for officer_id in ("first", "second"):
        enroll(services, officer_id)
    file = tmp_path / "program.pem"
    public = key.private.public_key()
    file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["enroll", "client"]
    scopes = ["--scope", "application:submit-many", "--scope", "webhook:manage"]
    made = run(services, *command, "add", "HR", *scopes, "--key", str(file), "--by", "first")
    client = made.split()[1].rstrip(":")
    assert made.endswith("proposed.\n")
    own = CliRunner().invoke(
        camtrust, [*command, "approve", client, "--by", "first", "--home", str(services.home)]
    )
    assert own.exit_code == 1
    assert "approved" in run(services, *command, "approve", client, "--by", "second")
    [shown] = json.loads(run(services, *command, "list", "--json"))
    assert (shown["id"], shown["standing"]) == (client, "active")
    assert "webhook:manage" in run(services, *command, "show", client)
    http = create_app(app_parts(services), Listener.PUBLIC).test_client()
    audience = f"{services.settings.serve.public_url}/enrollment/v1/token"
    assertion = key.assertion(client, services.clock.now(), aud=audience)
    form = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER}
    token = http.post(TOKEN, data=form | {"client_assertion": assertion}).get_json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    body = {"url": "https://hooks.example/", "events": ["certificate.issued"]}
    hook = http.post("/enrollment/v1/webhooks", json=body, headers=headers).get_json()["id"]
    secret = http.post(f"/enrollment/v1/webhooks/{hook}/secret", json={}, headers=headers)
    assert secret.get_json()["secret"].startswith("whsec_")
    wanted = {"batches", "webhooks", "webhook-expiries", "webhook-deliveries", "access-tokens"}
    jobs = {job.name: job for job in scheduled_jobs(services)}
    for name in wanted:
        jobs[name].run()
