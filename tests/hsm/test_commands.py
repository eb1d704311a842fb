"""`camtrust hsm …` as people and scripts use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.errors import CamtrustError
from hsm.commands import hsm_commands
from hsm.errors import KeyStateRefused, TokenUnavailable
from hsm.store import Pkcs11KeyStore


@dataclass
class Services:
    keys: Pkcs11KeyStore


@pytest.fixture
def run(keys: Pkcs11KeyStore) -> Callable[..., Result]:
    def invoke(*arguments: str, typed: str | None = None) -> Result:
        result = CliRunner().invoke(hsm_commands, arguments, obj=Services(keys), input=typed)
        # A refusal is for camtrust.cli to say; anything else is a fault.
        if result.exception and not isinstance(result.exception, CamtrustError | SystemExit):
            raise result.exception
        return result

    return invoke


def generated(run: Callable[..., Result], *options: str) -> dict[str, Any]:
    result = run(
        *("generate", "--token", "issuing", "--label", "People CA", "--algorithm", "ec-p256"),
        *(*options, "--json"),
    )
    described: dict[str, Any] = json.loads(result.output)
    return described


def test_a_key_is_generated_listed_and_ended(run: Callable[..., Result]) -> None:
    key = generated(run)
    assert key["state"] == "pre-active"
    name = key["key_id"][:12]
    assert "active" in run("state", name, "active", "--reason", "ceremony 7").output
    listed = json.loads(run("keys", "--json").output)
    assert [one["state"] for one in listed] == ["active"]
    assert listed[0]["provenance"]["made_by"] == "C_GenerateKeyPair"
    assert run("destroy", name, "--reason", "over", "--yes").exit_code == 0
    assert json.loads(run("keys", "--json").output)[0]["state"] == "destroyed"


def test_a_key_s_history_says_when_and_why(run: Callable[..., Result]) -> None:
    name = generated(run)["key_id"]
    run("state", name, "active", "--reason", "ceremony 7")
    run("state", name, "suspended", "--reason", "officer on leave")
    changes = json.loads(run("history", name, "--json").output)
    assert [(one["state"], one["reason"]) for one in changes] == [
        ("pre-active", "generated"),
        ("active", "ceremony 7"),
        ("suspended", "officer on leave"),
    ]
    assert "officer on leave" in run("history", name).output


def test_the_list_for_people_names_token_and_label(run: Callable[..., Result]) -> None:
    generated(run, "--activate")
    output = run("keys").output
    assert "issuing" in output
    assert "People CA" in output
    assert "People CA" not in run("keys", "--token", "operations").output


def test_destroying_asks_first(run: Callable[..., Result]) -> None:
    key = generated(run)
    assert run("destroy", key["key_id"], "--reason", "over", typed="n\n").exit_code == 1
    assert json.loads(run("keys", "--json").output)[0]["state"] == "pre-active"


@pytest.mark.parametrize("name", ["", "abc", "0" * 12])
def test_an_unclear_name_is_refused(run: Callable[..., Result], name: str) -> None:
    generated(run)
    result = run("state", name, "active", "--reason", "x")
    assert isinstance(result.exception, CamtrustError)
    assert result.exception.problem == "key-name-unclear"


def test_a_step_that_the_standard_lacks_is_refused(run: Callable[..., Result]) -> None:
    key = generated(run)
    result = run("state", key["key_id"], "suspended", "--reason", "x")
    assert isinstance(result.exception, KeyStateRefused)


def test_health_shows_each_token_and_fails_when_one_is_away(
    run: Callable[..., Result], home: Path
) -> None:
    tokens = json.loads(run("health", "--json").output)
    assert [(one["token"], one["signs"]) for one in tokens] == [
        ("issuing", True),
        ("operations", True),
    ]
    (home / "tokens").rename(home / "away")
    result = run("health")
    assert isinstance(result.exception, TokenUnavailable)
    assert "issuing" in result.output


def test_a_wrappable_key_is_backed_up_and_restored(run: Callable[..., Result]) -> None:
    key = generated(run, "--wrappable", "--activate")
    assert "Wrapped under" in run("back-up", key["key_id"]).output
    assert run("restore", key["key_id"]).output == "The token holds the key.\n"
    assert "canary" in run("renew-canary", "issuing").output
