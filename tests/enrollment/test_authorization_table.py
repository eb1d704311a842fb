"""Every route of both listeners, and who may call it. A route without a row here fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from ca.crl.crls import Crls
from ca.crl.settings import CrlSettings
from ca.publication import PublicationUrls
from ca.revocation.routes import compromise_blueprint
from ca.routes import publication_blueprint
from camtrust.app import AppParts, create_app
from camtrust.listeners import Listener
from core.access import Role
from core.web.session_cookie import COOKIE
from enrollment.sessions.sessions import SignInMethod
from signing.approval.desk import ApprovalDesk
from signing.approval.pages.routes import ApprovalPages, approval_pages_blueprint
from signing.approval.routes import mount_approvals
from signing.credentials.errors import CredentialUnknown
from signing.credentials.pages.routes import KeyPages, key_pages_blueprint
from signing.credentials.routes import CredentialDesk, mount_credentials
from signing.csc.pages.routes import CscPages, csc_pages_blueprint
from signing.csc.registering.routes import RegisteringDesk, mount_registering
from signing.csc.routes import csc_blueprint
from signing.passes.issuing.batches.batches import PassBatches
from signing.passes.issuing.batches.routes import mount_pass_batches
from signing.passes.issuing.issuing import PassIssuing
from signing.passes.issuing.routes import mount_passes
from signing.passes.publishing.routes import PassLists, pass_lists_blueprint
from signing.passes.revocation.revoking import PassRevocation
from signing.passes.revocation.routes import mount_pass_revocation
from signing.timestamps.authority import TimestampAuthority
from signing.timestamps.routes import timestamps_blueprint
from tests.enrollment.authorization import (
    PROGRAM_ROWS,
    PROGRAM_SELF_CHECKING,
    SIGNERS_PAGES,
    SIGNING_ROWS,
    SIGNING_SELF_CHECKING,
)
from tests.enrollment.world import Caller, World, front_header

EVERYBODY = frozenset({"nobody", *Role})
OFFICER = Role.RA_OFFICER
OWNERS = frozenset({Role.SERVICE, Role.SUBSCRIBER})
READERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER, Role.AUDITOR, *OWNERS})
APPLICANTS = frozenset({OFFICER, Role.SERVICE})
REVOKERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER})
HEADS = frozenset({Role.CA_ADMINISTRATOR, Role.AUDITOR})
COUNTER = frozenset({Role.COUNTER_OFFICER})
INVITERS = frozenset({OFFICER, Role.SERVICE})
DESKS = frozenset({OFFICER, Role.COUNTER_OFFICER})
OVERSEERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER, Role.AUDITOR})
HOLDERS = frozenset({Role.SUBSCRIBER})
PROGRAMS = frozenset({Role.SERVICE})
ADMINISTRATOR = frozenset({Role.CA_ADMINISTRATOR})
LIST_READERS = frozenset({OFFICER, Role.AUDITOR})
V1 = "/enrollment/v1"
COLLECT = "/my/bundles/<bundle_id>/<application_id>"
HELD = "/my/certificates/<application_id>"
KEY = "/my/signing-keys/<key_id>"
PAGES = (
    "/office",
    "/counter",
    "/language",
    "/invitations",
    "/activate",
    "/my",
    "/revoke",
    "/sign-in",
    "/validate",
    "/csc/v2/oauth2/authorize",
    "/approvals",
)
CONFIRMERS = frozenset({Role.CA_ADMINISTRATOR, OFFICER, Role.COUNTER_OFFICER})
ONE = "/office/applications/<application_id>"
BUNDLE = "/office/bundles/<bundle_id>"

TABLE: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/readyz"): EVERYBODY,
    ("GET", "/openapi.json"): EVERYBODY,
    ("GET", "/docs"): EVERYBODY,
    ("GET", "/problems/"): EVERYBODY,
    ("GET", "/problems/<slug>"): EVERYBODY,
    ("GET", "/assets/<path:filename>"): EVERYBODY,
    ("GET", "/log/checkpoint"): EVERYBODY,
    ("GET", "/log/tile/<path:name>"): EVERYBODY,
    ("GET", f"{V1}/me"): READERS,
    ("GET", f"{V1}/profiles"): READERS,
    ("POST", f"{V1}/applications"): APPLICANTS,
    ("GET", f"{V1}/applications"): READERS,
    ("GET", f"{V1}/applications/<application_id>"): READERS,
    ("POST", f"{V1}/applications/<application_id>/approval"): frozenset({OFFICER}),
    ("POST", f"{V1}/applications/<application_id>/refusal"): frozenset({OFFICER}),
    ("POST", f"{V1}/applications/<application_id>/question"): frozenset({OFFICER}),
    ("POST", f"{V1}/applications/<application_id>/answer"): APPLICANTS,
    ("GET", f"{V1}/applications/<application_id>/certificate"): READERS,
    ("POST", f"{V1}/applications/<application_id>/revocation"): frozenset(
        {OFFICER, Role.SERVICE, Role.SUBSCRIBER}
    ),
    ("POST", "/language"): EVERYBODY,
    ("GET", "/office/"): OVERSEERS,
    ("GET", "/office/applications"): OVERSEERS,
    ("GET", "/office/search"): OVERSEERS,
    ("POST", "/office/search"): OVERSEERS,
    ("GET", ONE): OVERSEERS,
    ("GET", f"{ONE}/certificate.pem"): OVERSEERS,
    ("POST", f"{ONE}/approval"): frozenset({OFFICER}),
    ("POST", f"{ONE}/refusal"): frozenset({OFFICER}),
    ("POST", f"{ONE}/question"): frozenset({OFFICER}),
    ("POST", f"{ONE}/answer"): frozenset({OFFICER}),
    ("GET", BUNDLE): OVERSEERS,
    ("POST", f"{BUNDLE}/approval"): frozenset({OFFICER}),
    ("POST", f"{BUNDLE}/refusal"): frozenset({OFFICER}),
    ("POST", f"{BUNDLE}/question"): frozenset({OFFICER}),
    ("GET", "/office/seals"): APPLICANTS,
    ("POST", "/office/seals"): APPLICANTS,
    ("GET", "/office/issued"): OVERSEERS,
    ("POST", "/office/issued"): OVERSEERS,
    ("POST", "/office/issued/export"): REVOKERS,
    ("GET", "/office/officers"): HEADS,
    ("GET", "/office/audit"): frozenset({Role.AUDITOR}),
    ("GET", "/office/audit/<int:index>"): frozenset({Role.AUDITOR}),
    ("GET", "/office/audit/<int:index>/proof.tlog-proof"): frozenset({Role.AUDITOR}),
    ("GET", "/office/audit/checkpoints"): frozenset({Role.AUDITOR}),
    ("GET", "/counter/"): COUNTER,
    ("POST", "/counter/visits"): COUNTER,
    ("POST", "/counter/people"): COUNTER,
    ("GET", "/counter/visits/<visit_id>"): COUNTER,
    ("POST", "/counter/visits/<visit_id>/applications"): COUNTER,
    ("POST", "/counter/visits/<visit_id>/suspensions"): COUNTER,
    ("POST", "/counter/visits/<visit_id>/releases"): COUNTER,
    ("GET", "/counter/receipts/<act_id>"): COUNTER,
    ("POST", f"{ONE}/revocation"): frozenset({OFFICER}),
    ("GET", "/office/grants"): OVERSEERS,
    ("GET", "/office/grants/<grant_id>"): OVERSEERS,
    ("POST", "/office/grants/<grant_id>/approval"): frozenset({OFFICER}),
    ("POST", "/office/grants/<grant_id>/refusal"): frozenset({OFFICER}),
    ("POST", "/office/grants/<grant_id>/withdrawal"): frozenset({OFFICER}),
    ("POST", f"{V1}/bundles"): PROGRAMS,
    ("GET", f"{V1}/bundles/<bundle_id>"): OVERSEERS | PROGRAMS,
    ("GET", f"{V1}/bundles/<bundle_id>/applications/<application_id>/certificate"): OVERSEERS
    | PROGRAMS,
    ("POST", f"{V1}/applications/<application_id>/renewal"): PROGRAMS,
    ("POST", f"{V1}/applications/<application_id>/suspension"): frozenset({OFFICER}) | PROGRAMS,
    ("POST", f"{V1}/applications/<application_id>/release"): frozenset({OFFICER}),
    ("POST", f"{V1}/objections"): PROGRAMS,
    ("GET", f"{V1}/objections"): OVERSEERS | PROGRAMS,
    ("GET", f"{V1}/objections/<objection_id>"): OVERSEERS | PROGRAMS,
    ("POST", f"{V1}/objections/<objection_id>/answer"): frozenset({OFFICER}),
    ("GET", "/my/"): HOLDERS,
    ("POST", "/my/application"): HOLDERS,
    ("GET", "/my/application"): HOLDERS,
    ("GET", "/my/application/data"): HOLDERS,
    ("POST", "/my/application/data"): HOLDERS,
    ("POST", "/my/application/institution"): HOLDERS,
    ("GET", "/my/application/certificates"): HOLDERS,
    ("POST", "/my/application/certificates"): HOLDERS,
    ("GET", "/my/application/keys"): HOLDERS,
    ("GET", "/my/application/keys/<profile>"): HOLDERS,
    ("POST", "/my/application/keys/<profile>"): HOLDERS,
    ("GET", "/my/application/summary"): HOLDERS,
    ("POST", "/my/application/submission"): HOLDERS,
    ("POST", "/my/application/discarding"): HOLDERS,
    ("GET", "/my/bundles/<bundle_id>"): HOLDERS,
    ("GET", f"{COLLECT}"): HOLDERS,
    ("POST", f"{COLLECT}/code"): HOLDERS,
    ("POST", f"{COLLECT}/answer"): HOLDERS,
    ("GET", f"{COLLECT}/<any(pem, cer, 'tlog-proof'):kind>"): HOLDERS,
    ("GET", "/my/certificates"): HOLDERS,
    ("GET", HELD): HOLDERS,
    ("POST", f"{HELD}/suspension"): HOLDERS,
    ("POST", f"{HELD}/release"): HOLDERS,
    ("POST", f"{HELD}/revocation"): HOLDERS,
    ("POST", f"{HELD}/renewal"): HOLDERS,
    ("POST", f"{HELD}/re-key"): HOLDERS,
    ("GET", "/revoke"): EVERYBODY,
    ("POST", "/revoke"): EVERYBODY,
    ("POST", "/revoke/suspension"): EVERYBODY,
    ("POST", "/revoke/revocation"): EVERYBODY,
    ("GET", "/my/objections"): HOLDERS,
    ("POST", "/my/objections"): HOLDERS,
    ("GET", "/my/objections/<objection_id>"): HOLDERS,
    ("GET", "/office/objections"): OVERSEERS,
    ("GET", "/office/objections/<objection_id>"): OVERSEERS,
    ("POST", "/office/objections/<objection_id>/answer"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants"): frozenset({OFFICER}),
    ("GET", f"{V1}/grants"): OVERSEERS,
    ("GET", f"{V1}/grants/<grant_id>"): OVERSEERS,
    ("POST", f"{V1}/grants/<grant_id>/approval"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/refusal"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/withdrawal"): frozenset({OFFICER}),
    ("POST", f"{V1}/grants/<grant_id>/secret"): frozenset({OFFICER}),
    ("POST", f"{V1}/invitations"): INVITERS,
    ("GET", f"{V1}/invitations"): frozenset({*INVITERS, Role.AUDITOR}),
    ("GET", f"{V1}/invitations/<invitation_id>"): frozenset({*INVITERS, Role.AUDITOR}),
    ("POST", f"{V1}/invitations/<invitation_id>/withdrawal"): frozenset({*INVITERS, *DESKS}),
    ("POST", f"{V1}/invitations/slips"): DESKS,
    ("POST", f"{V1}/invitations/runs"): INVITERS,
    ("GET", f"{V1}/invitations/runs/<run_id>"): frozenset({*INVITERS, Role.AUDITOR}),
    ("GET", "/office/invitations"): frozenset({*INVITERS, *DESKS, Role.AUDITOR}),
    ("POST", "/office/invitations/search"): frozenset({*INVITERS, *DESKS, Role.AUDITOR}),
    ("POST", "/office/invitations/everybody"): INVITERS,
    ("GET", "/office/invitations/<employment_id>"): frozenset({*INVITERS, *DESKS, Role.AUDITOR}),
    ("POST", "/office/invitations/<employment_id>/mail"): INVITERS,
    ("POST", "/office/invitations/<employment_id>/slip"): DESKS,
    ("POST", "/office/invitations/<employment_id>/withdrawal"): frozenset({*INVITERS, *DESKS}),
    ("POST", f"{V1}/escrow/search"): frozenset({OFFICER, Role.AUDITOR}),
    ("GET", f"{V1}/escrow/recoveries"): frozenset({OFFICER, Role.AUDITOR}),
    ("POST", f"{V1}/escrow/recoveries"): frozenset({OFFICER}),
    ("GET", f"{V1}/escrow/recoveries/<recovery_id>"): frozenset({OFFICER, Role.AUDITOR}),
    **{
        ("POST", f"{start}/recoveries/<recovery_id>/{act}"): frozenset({OFFICER})
        for start in (f"{V1}/escrow", "/office/escrow")
        for act in ("approval", "refusal", "file", "password")
    },
    ("GET", "/office/escrow"): frozenset({OFFICER, Role.AUDITOR}),
    ("POST", "/office/escrow/search"): frozenset({OFFICER, Role.AUDITOR}),
    ("GET", "/office/escrow/keys/<key_id>"): frozenset({OFFICER, Role.AUDITOR}),
    ("POST", "/office/escrow/keys/<key_id>/recovery"): frozenset({OFFICER}),
    ("GET", "/office/escrow/recoveries/<recovery_id>"): frozenset({OFFICER, Role.AUDITOR}),
    ("GET", "/my/escrow"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/escrow/<key_id>/erasure"): frozenset({Role.SUBSCRIBER}),
    ("POST", f"{V1}/mass-revocations/count"): REVOKERS,
    ("POST", f"{V1}/mass-revocations"): REVOKERS,
    ("GET", f"{V1}/mass-revocations"): REVOKERS,
    ("GET", f"{V1}/mass-revocations/<int:job_id>"): REVOKERS,
    ("POST", f"{V1}/mass-revocations/<int:job_id>/approval"): REVOKERS,
    ("POST", f"{V1}/mass-revocations/<int:job_id>/withdrawal"): REVOKERS,
    **PROGRAM_ROWS,
    ("POST", f"{V1}/institutions"): ADMINISTRATOR,
    ("GET", f"{V1}/institutions"): OVERSEERS,
    ("GET", f"{V1}/institutions/<institution_id>"): OVERSEERS,
    ("POST", f"{V1}/institutions/<institution_id>/suspension"): ADMINISTRATOR,
    ("POST", f"{V1}/institutions/<institution_id>/reinstatement"): ADMINISTRATOR,
    ("POST", f"{V1}/institutions/<institution_id>/closure"): ADMINISTRATOR,
    ("POST", f"{V1}/staff-lists"): frozenset({OFFICER}),
    ("GET", f"{V1}/staff-lists"): LIST_READERS,
    ("GET", f"{V1}/staff-lists/<list_id>"): LIST_READERS,
    ("GET", f"{V1}/staff-lists/<list_id>/rows"): LIST_READERS,
    ("GET", f"{V1}/staff-lists/<list_id>/leavers"): LIST_READERS,
    ("GET", f"{V1}/staff-lists/<list_id>/rejects"): LIST_READERS,
    ("POST", f"{V1}/staff-lists/<list_id>/acceptance"): frozenset({OFFICER}),
    ("POST", f"{V1}/staff-lists/<list_id>/approval"): frozenset({OFFICER}),
    ("POST", f"{V1}/staff-lists/<list_id>/withdrawal"): frozenset({OFFICER}),
    ("GET", "/office/institutions"): OVERSEERS,
    ("POST", "/office/institutions"): ADMINISTRATOR,
    ("POST", "/office/institutions/<institution_id>/state"): ADMINISTRATOR,
    ("GET", "/office/lists"): LIST_READERS,
    ("POST", "/office/lists"): frozenset({OFFICER}),
    ("GET", "/office/lists/<list_id>"): LIST_READERS,
    ("GET", "/office/lists/<list_id>/rejects.csv"): LIST_READERS,
    ("POST", "/office/lists/<list_id>/acceptance"): frozenset({OFFICER}),
    ("POST", "/office/lists/<list_id>/approval"): frozenset({OFFICER}),
    ("POST", "/office/lists/<list_id>/withdrawal"): frozenset({OFFICER}),
}
# What these read instead of a form or of JSON.
FILES: dict[str, dict[str, Any]] = {
    f"{V1}/staff-lists": {"data": b"a", "content_type": "text/csv"},
    "/signing/v1/documents": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
    "/office/lists": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
    "/approvals/new": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
    "/signing/v1/approvals": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
    "/signing/v1/validate": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
    "/validate": {"data": {"a": "b"}, "content_type": "multipart/form-data"},
}
TABLE |= SIGNING_ROWS
TABLE |= {
    ("GET", "/passkeys/<path:filename>"): EVERYBODY,
    ("POST", f"{V1}/step-up"): CONFIRMERS,
    ("GET", "/office/passkeys"): CONFIRMERS,
    ("POST", "/office/passkeys"): CONFIRMERS,
    ("POST", "/office/passkeys/question"): CONFIRMERS,
    ("POST", "/office/passkeys/<passkey_id>/removal"): CONFIRMERS,
    ("POST", "/office/passkeys/<passkey_id>/confirmation"): REVOKERS,
    ("POST", "/office/passkeys/<passkey_id>/declining"): REVOKERS,
}
# These check their callers themselves; their own tests say whom they refuse.
SELF_CHECKING = [
    ("GET", "/acme/directory"),
    ("GET", "/acme/new-nonce"),
    ("GET", "/acme/renewal-info/<certificate_id>"),
    ("POST", "/acme/new-account"),
    ("POST", "/acme/account/<account_id>"),
    ("POST", "/acme/account/<account_id>/orders"),
    ("POST", "/acme/key-change"),
    ("POST", "/acme/new-order"),
    ("POST", "/acme/order/<order_id>"),
    ("POST", "/acme/order/<order_id>/finalize"),
    ("POST", "/acme/new-authorization"),
    ("POST", "/acme/authorization/<authorization_id>"),
    ("POST", "/acme/challenge/<challenge_id>"),
    ("POST", "/acme/certificate/<order_id>"),
    ("POST", "/acme/revoke-certificate"),
    ("GET", "/.well-known/est/cacerts"),
    ("GET", "/.well-known/est/csrattrs"),
    ("POST", "/.well-known/est/simpleenroll"),
    ("POST", "/.well-known/est/simplereenroll"),
    ("POST", "/.well-known/est/serverkeygen"),
    *PROGRAM_SELF_CHECKING,
    *SIGNING_SELF_CHECKING,
    ("GET", "/certificate-sign-in"),
    ("POST", "/certificate-sign-in"),
    ("POST", "/.well-known/cmp"),
    ("POST", "/.well-known/cmp/p/<label>"),
]
# Only on the public listener. Metrics are open to this machine alone, which test clients are.
PUBLIC_ONLY = {
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in/passkey/question"): EVERYBODY,
    ("POST", "/sign-in/passkey"): EVERYBODY,
    ("POST", "/sign-in/openid"): EVERYBODY,
    ("GET", "/sign-in/openid/answer"): EVERYBODY,
    ("POST", "/sign-in/certificate"): EVERYBODY,
    ("GET", "/sign-in/certificate/answer"): EVERYBODY,
    ("POST", "/sign-in/out"): EVERYBODY,
    ("GET", "/my/security"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/security/passkeys/question"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/security/passkeys"): frozenset({Role.SUBSCRIBER}),
    ("GET", "/my/security/passkeys/<passkey_id>"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/security/passkeys/<passkey_id>/name"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/security/passkeys/<passkey_id>/removal"): frozenset({Role.SUBSCRIBER}),
    ("POST", "/my/security/sessions/end"): frozenset({Role.SUBSCRIBER}),
    ("GET", "/my/signing-keys"): frozenset({Role.SUBSCRIBER}),
    ("GET", KEY): frozenset({Role.SUBSCRIBER}),
    ("POST", f"{KEY}/<any(pin, unlocking, destruction):act>/question"): frozenset(
        {Role.SUBSCRIBER}
    ),
    ("POST", f"{KEY}/<any(pin, unlocking, destruction):act>"): frozenset({Role.SUBSCRIBER}),
    ("GET", "/metrics"): EVERYBODY,
    ("GET", "/ca/<authority>.cer"): EVERYBODY,
    ("GET", "/crl/<authority>/<file>"): EVERYBODY,
    ("GET", "/passes/status/<int:list_number>"): EVERYBODY,
    ("GET", "/passes/revocation-lists"): EVERYBODY,
    ("GET", "/passes/trust/jwks.json"): EVERYBODY,
    ("GET", "/passes/trust/jwks.jws"): EVERYBODY,
    ("GET", "/passes/trust/did.json"): EVERYBODY,
    ("GET", "/passes/trust/did.jws"): EVERYBODY,
    ("GET", "/passes/cards/.well-known/jwks.json"): EVERYBODY,
    ("GET", "/passes/cards/.well-known/crl/<kid>.json"): EVERYBODY,
    ("POST", "/ca/compromised-keys"): EVERYBODY,
    ("GET", "/invitations/<token>"): EVERYBODY,
    ("POST", "/invitations/<token>"): EVERYBODY,
    ("GET", "/activate"): EVERYBODY,
    ("POST", "/activate"): EVERYBODY,
    **SIGNERS_PAGES,
    ("GET", "/tsa"): EVERYBODY,
    ("POST", "/tsa"): EVERYBODY,
    ("GET", "/tsa/camdx"): EVERYBODY,
    ("POST", "/tsa/camdx"): EVERYBODY,
    ("GET", "/v/<document_id>"): EVERYBODY,
    ("GET", "/V/<document_id>"): EVERYBODY,
    ("GET", "/v/keys"): EVERYBODY,
    ("GET", "/v/assets/<path:filename>"): EVERYBODY,
    ("GET", "/verify"): EVERYBODY,
    ("GET", "/verify/<any(km, en):spoken>"): EVERYBODY,
    ("GET", "/verify/lists.json"): EVERYBODY,
    ("GET", "/verify/files/<name>"): EVERYBODY,
    ("GET", "/verify/manifest/<any(km, en):spoken>"): EVERYBODY,
    ("GET", "/verify/worker.js"): EVERYBODY,
    ("POST", "/signing/v1/validate"): EVERYBODY,
    ("GET", "/validate"): EVERYBODY,
    ("POST", "/validate"): EVERYBODY,
}


class NoDesk:
    """Stands where the routes of signing work with something: what they do is tested elsewhere."""

    def refusal_page(self, _error: object, _status: int) -> str:
        return ""

    def __getattr__(self, name: str) -> Any:
        raise CredentialUnknown("There is no signing key of this id.")


def status_parts(world: World) -> AppParts:
    """The parts with what serves certificates and CRLs, as camtrust/wiring.py has it."""
    crls = Crls(
        database=world.database,
        log=world.log,
        keys=world.keys,  # type: ignore[arg-type]
        authorities=world.authorities,
        retention=world.retention,
        urls=PublicationUrls("http://localhost:8080"),
        settings=CrlSettings(),
        folder=world.folder / "crl",
        clock=world.clock,
    )
    published = publication_blueprint(authorities=world.authorities, crls=crls, clock=world.clock)
    parts = world.parts()
    return replace(
        parts,
        protocol_blueprints=(
            *parts.protocol_blueprints,
            csc_blueprint(lambda: cast(Any, NoDesk()), document_octets=1_000),
        ),
        status_blueprints=(
            published,
            pass_lists_blueprint(lambda: cast(PassLists, NoDesk())),
        ),
        report_blueprints=(compromise_blueprint(world.compromised_keys),),
        signing_blueprints=(
            timestamps_blueprint(cast(TimestampAuthority, None)),
            csc_pages_blueprint(lambda: cast(CscPages, NoDesk())),
            key_pages_blueprint(lambda: cast(KeyPages, NoDesk())),
            approval_pages_blueprint(lambda: cast(ApprovalPages, NoDesk())),
        ),
        signing_mounts=(
            lambda app: mount_credentials(app, lambda: cast(CredentialDesk, NoDesk())),
            lambda app: mount_passes(app, lambda: cast(PassIssuing, NoDesk())),
            lambda app: mount_pass_batches(app, lambda: cast(PassBatches, NoDesk())),
            lambda app: mount_registering(app, lambda: cast(RegisteringDesk, NoDesk())),
            *world.verification.mounts,
            lambda app: mount_approvals(app, lambda: cast(ApprovalDesk, NoDesk())),
            lambda app: mount_pass_revocation(app, lambda: cast(PassRevocation, NoDesk())),
        ),
    )


def routes(app: APIFlask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule.rule


@pytest.fixture(params=list(Listener))
def listener(request: pytest.FixtureRequest) -> Listener:
    chosen: Listener = request.param
    return chosen


def expected(listener: Listener) -> dict[tuple[str, str], frozenset[str]]:
    return TABLE | (PUBLIC_ONLY if listener is Listener.PUBLIC else {})


def test_every_route_has_a_row_and_every_row_a_route(world: World, listener: Listener) -> None:
    app = create_app(status_parts(world), listener)
    assert sorted(routes(app)) == sorted([*expected(listener), *SELF_CHECKING])


@pytest.mark.parametrize("who", ["nobody", *Role])
def test_each_role_gets_where_its_rows_say_and_nowhere_else(
    world: World, caller: Callable[..., Caller], listener: Listener, who: str
) -> None:
    app = create_app(status_parts(world), listener)
    client, headers = app.test_client(), headers_of(caller, who)
    if who == Role.SUBSCRIBER:
        world.found()
        subscriber = world.subscribers.enroll(world.employ())
        client.set_cookie(COOKIE, world.sessions.open(subscriber, method=SignInMethod.PASSKEY))
    # Subscribers are known at the public listener alone, and whoever has an office at the other.
    known = (who == Role.SUBSCRIBER) == (listener is Listener.PUBLIC)
    for (method, rule), allowed in expected(listener).items():
        may = (who if known else "nobody") in allowed
        answer = _call(client, headers, method, rule)
        assert (answer.status_code not in {401, 403}) == may, (method, rule, answer.status_code)


def headers_of(caller: Callable[..., Caller], who: str) -> dict[str, str]:
    if who in {"nobody", Role.SUBSCRIBER}:
        return {}
    certificate = caller("somebody", Role(who)).certificate
    assert certificate is not None
    return {"X-SSL-Client-Cert": front_header(certificate)}


def _call(client: FlaskClient, headers: dict[str, str], method: str, rule: str) -> Any:
    path = rule.replace("<application_id>", "0" * 32).replace("<slug>", "conflict")
    path = path.replace("<objection_id>", "0" * 32)
    path = path.replace("<profile>", "person-signing")
    path = path.replace("<any(pem, cer, 'tlog-proof'):kind>", "pem")
    path = path.replace("<any(pin, unlocking, destruction):act>", "pin")
    path = path.replace("<int:job_id>", "4711").replace("<grant_id>", "0" * 32)
    path = path.replace("<key_id>", "0" * 32).replace("<recovery_id>", "0" * 32)
    path = path.replace("<bundle_id>", "0" * 32).replace("<visit_id>", "0" * 32)
    path = path.replace("<act_id>", "0" * 32).replace("<int:index>", "4711")
    path = path.replace("<authority>", "people-1").replace("<file>", "0.crl")
    path = path.replace("<employment_id>", "0" * 32).replace("<invitation_id>", "0" * 32)
    path = path.replace("<run_id>", "0" * 32).replace("<token>", "a" * 43)
    path = path.replace("<path:filename>", "plain.css").replace("<path:name>", "0/000")
    path = path.replace("<passkey_id>", "0" * 32).replace("<document_id>", "A" * 26)
    path = path.replace("<passkey_id>", "0" * 32).replace("<credential_id>", "0" * 32)
    path = path.replace("<request_id>", "0" * 32).replace("<client_id>", "0" * 32)
    path = path.replace("<approval_id>", "0" * 32).replace("<deputy_id>", "0" * 32)
    path = path.replace("<int:revision>", "0")
    path = path.replace("<order_id>", "0" * 32).replace("<int:number>", "1")
    path = path.replace("<registered_id>", "A" * 26).replace("<template_name>", "letters")
    path = path.replace("<pass_id>", "0" * 32).replace("<kind>.<extension>", "dcc.png")
    path = path.replace("<batch_id>", "0" * 32)
    if method == "PUT" and rule.endswith("<int:number>"):
        return client.put(path, headers=headers, data=b"%PDF-1.7", content_type="application/pdf")
    if method == "PUT" and rule.endswith("/records"):
        return client.put(path, headers=headers, data=b"{}", content_type="application/jsonl")
    pages = path.startswith(PAGES)
    if (method, rule) == ("POST", f"{V1}/batches"):
        lines = {"data": b"{", "content_type": "application/jsonl"}
        return client.open(path, method=method, headers=headers, **lines)
    path = path.replace("<list_id>", "0" * 32).replace("<institution_id>", "none")
    body: dict[str, Any] = (
        {} if method == "GET" else {"data": {"a": "b"}} if pages else {"json": {}}
    )
    if method == "POST" and path in FILES:
        body = FILES[path]
    return client.open(path, method=method, headers=headers, **body)
