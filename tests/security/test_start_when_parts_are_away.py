"""A service that is started while a part is away serves what it can, and heals by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from core.web import health

ROOT = Path(__file__).parents[2]


def test_crls_are_served_though_the_token_was_away_at_the_start(
    initialised_sqlite: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "REMEMBERED_SECONDS", 0.0)
    home = initialised_sqlite.home
    tokens, aside = home / "tokens", home / "tokens-aside"
    initialised_sqlite.close()
    tokens.rename(aside)
    services = Services(home=home)
    try:
        client = create_app(app_parts(services), Listener.PUBLIC).test_client()
        assert client.get("/crl/people-1/0.crl").status_code == 200
        assert client.get("/ca/people-1.cer").status_code == 200
        away = client.get("/readyz")
        assert (away.status_code, json.loads(away.data)["parts"]["token"]) == (
            503,
            "token-unavailable",
        )
        aside.rename(tokens)
        assert _becomes_ready(client)
    finally:
        services.close()


def _becomes_ready(client: FlaskClient) -> bool:
    for _try in range(20):
        if client.get("/readyz").status_code == 200:
            return True
        time.sleep(0.3)
    return False


def test_what_goes_wrong_at_the_start_is_told_without_a_stack_trace(tmp_path: Path) -> None:
    # A driver's own words may quote an address, a name or a row.
    secret = "a-password-in-an-address"
    url = f"postgresql+psycopg://postgres:{secret}@127.0.0.1:1/none"
    home = tmp_path / "home"
    home.mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "camtrust.serving.processes", "scheduler", str(home)],
        cwd=ROOT,
        env={**os.environ, "CAMTRUST_DATABASE__URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "Traceback" not in told
    assert secret not in told
    [event] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (event["event"], event["problem"]) == ("child-refused", "database-unavailable")
