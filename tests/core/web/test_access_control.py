from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from core.access import AccessPolicy, Permission, Principal, Role
from core.settings import SettingsRefused
from core.web.access_control import Nobody, UndeclaredRouteError, control_access, public, requires

JSON = {"content_type": "application/json", "data": b"{}"}


def bare_app() -> APIFlask:
    return APIFlask("bare", enable_openapi=False, static_folder=None)  # type: ignore[arg-type]


def test_nobody_is_told_to_sign_in(client: FlaskClient, signed_in: Any) -> None:
    signed_in.who = None
    answer = client.post("/notes", **JSON)
    assert answer.status_code == 401
    assert answer.get_json()["type"].endswith("/sign-in-required")
    assert answer.headers["WWW-Authenticate"].startswith("TLS-Client-Certificate")


def test_a_role_without_the_permission_is_refused(client: FlaskClient, signed_in: Any) -> None:
    signed_in.who = Principal("auditor-1", Role.AUDITOR)
    answer = client.post("/notes", **JSON)
    assert (answer.status_code, answer.get_json()["needs"]) == (403, "note:write")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_cannot_act_with_an_officers_certificate(
    client: FlaskClient, site: str
) -> None:
    answer = client.post("/notes", headers={"Sec-Fetch-Site": site}, **JSON)
    assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (
        403,
        "cross-site-request",
    )


def test_a_page_of_our_own_may_act(client: FlaskClient) -> None:
    assert (
        client.post("/notes", headers={"Sec-Fetch-Site": "same-origin"}, **JSON).status_code == 201
    )


def test_an_app_with_an_undeclared_route_does_not_start() -> None:
    app = bare_app()
    app.get("/forgotten")(lambda: "x")
    with pytest.raises(UndeclaredRouteError, match="neither @public nor @requires"):
        control_access(app, authenticator=Nobody(), policy=AccessPolicy(grants={}))


def test_an_app_with_a_permission_that_no_role_holds_does_not_start() -> None:
    app = bare_app()
    view = requires(Permission("moon:land"))(lambda: "x")
    app.add_url_rule("/moon", "moon", view)
    with pytest.raises(UndeclaredRouteError, match="no role holds moon:land"):
        control_access(app, authenticator=Nobody(), policy=AccessPolicy(grants={}))


def test_a_route_cannot_require_nothing() -> None:
    with pytest.raises(UndeclaredRouteError):
        requires()


def test_a_public_route_is_open_to_nobody_in_particular() -> None:
    app = bare_app()
    app.add_url_rule("/open", "open", public(lambda: "open"))
    control_access(app, authenticator=Nobody(), policy=AccessPolicy(grants={}))
    assert app.test_client().get("/open").data == b"open"


def test_a_roles_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roles.toml"
    path.write_text('[roles.auditor]\ncp_section = "5.2.1"\npermissions = ["note:read"]\n')
    policy = AccessPolicy.load(path)
    assert policy.is_allowed(Role.AUDITOR, Permission("note:read"))
    assert not policy.is_allowed(Role.RA_OFFICER, Permission("note:read"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[roles.king]\ncp_section='1'\npermissions=[]\n", "roles.king"),
        ("[roles.auditor]\npermissions=[]\n", "roles.auditor.cp_section"),
        ("[roles.auditor]\ncp_section='1'\npermissions=[]\npower=9\n", "roles.auditor.power"),
        ("roles = [", "cannot be read as TOML"),
    ],
)
def test_a_mistake_in_a_roles_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(text)
    with pytest.raises(SettingsRefused, match=r"roles\.toml") as refusal:
        AccessPolicy.load(path)
    assert named in refusal.value.detail
