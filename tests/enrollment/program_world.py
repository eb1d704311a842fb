"""Programs as the tests want them: the real wiring upon the world's parts, and its callers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from camtrust.programs import ProgramWiring
from core.access import Permission, Principal
from enrollment.application import Verdict
from enrollment.clients.client import ApiClient, AuthMethod, ClientDetails
from enrollment.clients.keys import read_client_key
from enrollment.webhooks.settings import WebhookSettings
from tests.ca.software_hierarchy import csr_for
from tests.enrollment.clients.signing import ProgramKey

if TYPE_CHECKING:
    from tests.enrollment.world import World

TOKEN = "/enrollment/v1/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALL_SCOPES = (
    "application:submit",
    "application:submit-many",
    "application:read-own",
    "certificate:revoke-own",
    "webhook:manage",
)


def program_wiring(world: World, settings: WebhookSettings) -> ProgramWiring:
    """What camtrust wires, upon the world's parts."""
    from tests.enrollment.world import SoftwareMacKey

    key = SoftwareMacKey()
    registration = SimpleNamespace(
        policy=world.registration.policy,
        officers=world.officers,
        sign_in=world.sign_in,
        register=world.register,
        applications=world.registration.applications,
        decisions=world.registration.decisions,
        delivery=world.delivery,
    )
    services = SimpleNamespace(
        database=world.database,
        log=world.log,
        clock=world.clock,
        profiles=world.hierarchy.profiles,
        keys=SimpleNamespace(mac_key=lambda _name: key),
        settings=SimpleNamespace(
            home=world.folder,
            serve=SimpleNamespace(public_url=world.public_url, officers_url=None),
            webhooks=settings,
        ),
        registration=registration,
    )
    return ProgramWiring(cast(Any, services))


def officer(world: World, officer_id: str) -> Principal:
    """An officer of the nation, enrolled if they are not."""
    if officer_id not in world.held:
        world.enroll(officer_id)
    return world.officers.find(officer_id).principal


def registered(
    world: World,
    *scopes: str,
    institution: str | None = None,
    key: ProgramKey | None = None,
    method: AuthMethod = AuthMethod.PRIVATE_KEY_JWT,
) -> ApiClient:
    """A client in use: registered by one officer and, where it needs it, approved by another."""
    details = ClientDetails(
        "Staff system", institution, method, tuple(map(Permission, scopes or ALL_SCOPES))
    )
    keys = [read_client_key((key or ProgramKey()).jwk)]
    client = world.programs.clients.register(
        details,
        keys if method is AuthMethod.PRIVATE_KEY_JWT else [],
        by=officer(world, "registrar"),
        client_id=f"{next(world.numbers):032x}",
    )
    if client.approvals_needed:
        client = world.programs.clients.decide(
            client.id, Verdict.APPROVED, by=officer(world, "second-registrar")
        )
    return client


@dataclass
class Program:
    """A program of an institution: gets tokens, and sends requests with them."""

    world: World
    http: FlaskClient
    client: ApiClient
    key: ProgramKey
    token: str = field(default="", init=False)

    @property
    def id(self) -> str:
        return self.client.id

    def ask(self, **changes: Any) -> Any:
        """Ask for a token; ``changes`` to the form, None leaves a parameter out."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.key.assertion(self.id, self.world.clock.now()),
        } | changes
        given = {name: value for name, value in form.items() if value is not None}
        return self.http.post(TOKEN, data=given)

    def sign_in(self, scope: str | None = None) -> Program:
        self.token = self.ask(scope=scope).get_json()["access_token"]
        return self

    def _open(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.open(f"/enrollment/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self._open("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self._open("POST", path, **options)

    def submit(self, **changes: Any) -> Any:
        return self.post("/applications", json=submission(**changes))

    def upload(self, lines: list[str | bytes], **options: Any) -> Any:
        body = b"\n".join(one.encode() if isinstance(one, str) else one for one in lines)
        path = "/batches" + options.pop("query", "")
        return self.post(path, data=body, content_type="application/jsonl", **options)


def program(
    world: World, *scopes: str, institution: str | None = None, http: FlaskClient | None = None
) -> Program:
    """A program that has a token for all that it was granted, at the public listener."""
    from camtrust.app import create_app
    from camtrust.listeners import Listener

    key = ProgramKey()
    client = registered(world, *scopes, institution=institution, key=key)
    found = http or create_app(world.parts(), Listener.PUBLIC).test_client()
    return Program(world, found, client, key).sign_in()


def submission(profile: str = "person-signing", **changes: Any) -> dict[str, Any]:
    """An application's body that is in order, but for ``changes``."""
    from tests.enrollment.world import facts_of, pem_csr

    return {
        "profile": profile,
        "csr": pem_csr(
            csr_for(changes.pop("key", None) or ec.generate_private_key(ec.SECP256R1()))
        ),
        "holder": changes.pop("holder", "person:IDCKH-012345678"),
        "facts": facts_of(profile),
    } | changes


def line(profile: str = "person-signing", **changes: Any) -> str:
    """A row of an upload."""
    return json.dumps(submission(profile, **changes))
