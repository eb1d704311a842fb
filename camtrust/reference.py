"""Write the reference pages that are made from the code: ``python -m camtrust.reference``.

docs/reference/api.md comes from the OpenAPI description, docs/reference/problems.md from the
error classes, docs/reference/ocsp-conformance.md from the table that its test works off. A test
holds them to the code.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from apiflask import APIFlask

from camtrust.app import ROLES, AppParts, create_app
from camtrust.listeners import Listener
from camtrust.program_routes import Programs
from camtrust.serving.settings import ServeSettings
from camtrust.sign_in import SignInParts
from core.access import AccessPolicy
from core.idempotency import IdempotentRequests
from core.web.access_control import Nobody
from core.web.pages import schema_name
from core.web.problem_catalog import problems_as_markdown
from enrollment.clients.oauth.routes import AuthorizationServer, oauth_blueprint
from enrollment.registration_authority import RegistrationAuthority
from enrollment.sign_in.settings import SignInSettings
from enrollment.step_up.settings import StepUpSettings
from enrollment.subscriber.personal import PersonalPages
from ocsp.conformance import rules_as_markdown
from signing.approval.desk import ApprovalDesk
from signing.approval.routes import mount_approvals
from signing.credentials.routes import CredentialDesk, mount_credentials
from signing.csc.registering.routes import RegisteringDesk, mount_registering
from signing.documents.validation.desk import ValidationDesk
from signing.documents.validation.routes import validation_api
from signing.documents.validation.settings import ValidationSettings

PACKAGES = ("core", "hsm", "ca", "kyc", "ocsp", "signing", "enrollment", "camtrust")
REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
METHODS = ("get", "post", "put", "patch", "delete")


def import_everything() -> None:
    """Import every module, so that every error class is known."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            # Migrations run only inside Alembic.
            if ".migrations" not in module.name:
                importlib.import_module(module.name)


def _describing_sign_in() -> SignInParts:
    nothing: Any = None
    return SignInParts(
        database=nothing,
        log=nothing,
        clock=nothing,
        people=nothing,
        subscribers=nothing,
        sessions=nothing,
        certificates=nothing,
        settings=SignInSettings(),
        step_up_settings=StepUpSettings(),
        public_url="https://pki.example",
        officers_url="https://officers.example",
    )


def describing_app() -> APIFlask:
    """Return an app that can describe itself and nothing else: no part of it answers."""
    parts = AppParts(
        settings=ServeSettings(),
        policy=AccessPolicy.load(ROLES),
        registration=cast(RegistrationAuthority, None),
        programs=cast(Programs, None),
        personal=cast(PersonalPages, None),
        sign_in=Nobody(),
        session_sign_in=Nobody(),
        sign_in_parts=_describing_sign_in(),
        idempotent_requests=cast(IdempotentRequests, None),
        log_folder=Path(),
        probes=(),
        door_blueprints=(validation_api(lambda: cast(ValidationDesk, None), ValidationSettings()),),
        protocol_blueprints=(oauth_blueprint(cast(AuthorizationServer, None)),),
        signing_mounts=(
            lambda app: mount_credentials(app, lambda: cast(CredentialDesk, None)),
            lambda app: mount_registering(app, lambda: cast(RegisteringDesk, None)),
            lambda app: mount_approvals(app, lambda: cast(ApprovalDesk, None)),
        ),
    )
    return create_app(parts, Listener.PUBLIC)


def description() -> dict[str, Any]:
    """Return the OpenAPI description."""
    return cast(dict[str, Any], describing_app().spec)


def problems_page() -> str:
    """Return docs/reference/problems.md."""
    import_everything()
    return problems_as_markdown()


def api_page(spec: dict[str, Any]) -> str:
    """Return docs/reference/api.md for an OpenAPI description."""
    return "\n".join(_api_lines(spec)) + "\n"


def _api_lines(spec: dict[str, Any]) -> Iterator[str]:
    yield "# The HTTP API"
    yield ""
    yield "Made from the OpenAPI description by `python -m camtrust.reference`. The running"
    yield "service shows it under `/docs`, and as OpenAPI 3.1 under `/openapi.json`. Refusals are"
    yield "explained in [problems](problems.md)."
    for path, operations in sorted(spec["paths"].items()):
        for method in METHODS:
            if method in operations:
                yield from _operation_lines(path, method, operations[method])
    yield ""
    yield "## Messages"
    for name, schema in sorted(spec["components"]["schemas"].items()):
        yield from _schema_lines(name, schema)


def _operation_lines(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"## {method.upper()} {path}", "", operation["summary"])
    if text := operation.get("description"):
        yield from ("", text)
    if needed := operation.get("x-permissions"):
        yield from ("", "Needs one of " + ", ".join(f"`{one}`" for one in needed) + ".")
    if parameters := operation.get("parameters"):
        yield from ("", "| parameter | in | type | meaning |", "|---|---|---|---|")
        for one in parameters:
            kind, meaning = schema_name(one["schema"]), one.get("description", "")
            yield f"| `{one['name']}` | {one['in']} | {kind} | {meaning} |"
    if body := operation.get("requestBody"):
        yield from ("", "Reads " + ", ".join(f"`{kind}`" for kind in body["content"]) + ".")
    yield from ("", "| status | meaning |", "|---|---|")
    for status, response in sorted(operation["responses"].items()):
        yield f"| {status} | {response['description']} |"


def _schema_lines(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"### {name}", "", schema.get("description", ""))
    if not schema.get("properties"):
        return
    yield from ("", "| member | type | required | meaning |", "|---|---|---|---|")
    required = schema.get("required", [])
    for member, one in schema["properties"].items():
        meaning = one.get("description", "")
        needed = "yes" if member in required else ""
        yield f"| `{member}` | {schema_name(one)} | {needed} | {meaning} |"


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "problems.md").write_text(problems_page(), encoding="utf-8")
    (REFERENCE / "ocsp-conformance.md").write_text(rules_as_markdown(), encoding="utf-8")
    (REFERENCE / "api.md").write_text(api_page(description()), encoding="utf-8")


if __name__ == "__main__":
    main()
