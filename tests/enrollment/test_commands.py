"""The command line of enrolment and of certificates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import CamtrustError
from enrollment.certificate_commands import (
    ConsoleIssuanceClosed,
    issue_certificate,
    list_certificates,
    read_facts,
    show_certificate,
)
from enrollment.commands import enroll_commands
from enrollment.settings import EnrollmentSettings
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.world import Caller, World

Run = Callable[..., Result]


@pytest.fixture
def services(world: World) -> Any:
    """What camtrust/wiring.py gives the commands."""
    return SimpleNamespace(
        settings=SimpleNamespace(
            ca=SimpleNamespace(production=False), enrollment=EnrollmentSettings()
        ),
        clock=world.clock,
        profiles=world.hierarchy.profiles,
        issuance=world.issuance,
        authorities=world.authorities,
        registration=SimpleNamespace(
            register=world.register,
            officers=world.officers,
            applications=world.registration.applications,
            open_profiles=world.open_profiles,
        ),
    )


@pytest.fixture
def run(services: Any) -> Run:
    def invoke(command: click.Command, *arguments: object) -> Result:
        result = CliRunner().invoke(command, [str(one) for one in arguments], obj=services)
        if result.exception is not None and not isinstance(
            result.exception, SystemExit | CamtrustError
        ):
            raise result.exception
        return result

    return invoke


def issue(run: Run, tmp_path: Path, *more: object) -> Result:
    csr = tmp_path / "one.csr"
    csr.write_bytes(csr_for(ec.generate_private_key(ec.SECP256R1()), subject="CN=Gateway"))
    organization = "organization_name=Ministry of Examples"
    return run(
        issue_certificate,
        *("--profile", "service-client", "--csr", csr, "--out", tmp_path / "one.pem"),
        *("--set", organization, *more),
    )


def test_a_certificate_is_issued_with_the_facts_given_over_those_stated(
    run: Run, tmp_path: Path
) -> None:
    result = issue(run, tmp_path, "--set", "common_name=Gate", "--chain", tmp_path / "chain.pem")
    assert result.exit_code == 0, result.output
    certificate = x509.load_pem_x509_certificate((tmp_path / "one.pem").read_bytes())
    assert "CN=Gate," in certificate.subject.rfc4514_string()
    chain = x509.load_pem_x509_certificates((tmp_path / "chain.pem").read_bytes())
    certificate.verify_directly_issued_by(chain[0])


def test_a_certificate_is_shown_and_listed(run: Run, tmp_path: Path) -> None:
    issued = json.loads(issue(run, tmp_path, "--json").output)
    [shown] = json.loads(run(show_certificate, issued["serial_number"], "--json").output)
    [listed] = json.loads(run(list_certificates, "--json").output)
    assert shown["serial_number"] == listed["serial_number"] == issued["serial_number"]
    assert shown["standing"] == "good"
    assert issued["serial_number"] in run(list_certificates).output
    assert "service-client" in run(show_certificate, issued["serial_number"]).output


def test_a_serial_number_that_is_unknown_is_refused(run: Run) -> None:
    assert run(show_certificate, "abcd").exit_code == 1
    assert run(show_certificate, "xyz").exit_code == 2


def test_production_issues_nothing_from_the_console_unless_it_was_opened(
    run: Run, services: Any, tmp_path: Path
) -> None:
    services.settings.ca.production = True
    refused = issue(run, tmp_path)
    assert isinstance(refused.exception, ConsoleIssuanceClosed)
    assert not (tmp_path / "one.pem").exists()
    services.settings.enrollment = EnrollmentSettings(console_issuance=True)
    assert issue(run, tmp_path).exit_code == 0


def test_facts_are_read_as_one_text_or_several() -> None:
    assert read_facts(["a=1", "b=2", "b=3", "b=x=y"]) == {"a": "1", "b": ("2", "3", "x=y")}
    for wrong in ("a", "=1", "a="):
        with pytest.raises(click.BadParameter):
            read_facts([wrong])


def test_an_officer_is_enrolled_bound_suspended_and_removed(
    run: Run, world: World, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        certificate = world.issue("ra-officer", "person:ra-7")
        (tmp_path / name).write_bytes(certificate.public_bytes(Encoding.DER))
    enroll = ("officer", "ra-7", "--role", "ra-officer", "--certificate", tmp_path / "first")
    assert run(enroll_commands, *enroll).exit_code == 0
    assert run(enroll_commands, *enroll).exit_code == 1
    bind = ("bind", "ra-7", "--certificate", tmp_path / "second")
    assert run(enroll_commands, *bind).exit_code == 0
    for act, state in (("suspend", "suspended"), ("reinstate", "active"), ("remove", "removed")):
        run(enroll_commands, act, "ra-7")
        [officer] = json.loads(run(enroll_commands, "officers", "--json").output)
        assert (officer["id"], officer["state"]) == ("ra-7", state)
    assert run(enroll_commands, "reinstate", "ra-7").exit_code == 1


def test_a_file_that_is_no_certificate_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    enroll = ("officer", "ra-7", "--role", "ra-officer", "--certificate", tmp_path / "x")
    assert run(enroll_commands, *enroll).exit_code == 2


def test_applications_and_profiles_are_listed(run: Run, caller: Callable[..., Caller]) -> None:
    application = caller("clerk").submit().get_json()["id"]
    [listed] = json.loads(run(enroll_commands, "list", "--json").output)
    assert (listed["id"], listed["state"]) == (application, "submitted")
    assert "Sokha" not in run(enroll_commands, "list").output
    shown = json.loads(run(enroll_commands, "show", application, "--json").output)
    assert shown["facts"]["given_name"] == "Sokha"
    assert "person-signing" in run(enroll_commands, "profiles").output
    assert run(enroll_commands, "show", "0" * 32).exit_code == 1
