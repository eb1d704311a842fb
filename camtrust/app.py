"""The app factory: one app for each listener, made of the same routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from apiflask import APIFlask
from flask import Blueprint, Flask
from prometheus_client.registry import Collector
from werkzeug.middleware.proxy_fix import ProxyFix

from camtrust.listeners import DropFrontHeaders, Listener
from camtrust.mounting import mount_confirming, mount_registration, mount_sign_in_pages
from camtrust.page_texts import PAGE_TEXTS
from camtrust.program_routes import Programs, mount_programs
from camtrust.published_log import log_blueprint
from camtrust.serving.settings import ServeSettings
from camtrust.sign_in import SignInParts
from core.access import AccessPolicy, Role
from core.errors import Unavailable
from core.idempotency import IdempotentRequests
from core.web.access_control import Authenticator, control_access
from core.web.addresses import guard_addresses
from core.web.bodies import guard_bodies
from core.web.forms import guard_forms
from core.web.health import Probe, Readiness, serve_health
from core.web.idempotent import remember_answers
from core.web.languages import speak
from core.web.limits import limit_rates
from core.web.metrics import serve_metrics
from core.web.openapi import describe_api
from core.web.pages import pages
from core.web.problems import CHALLENGE, answer_with_problems
from core.web.requests import name_requests
from core.web.security_headers import send_security_headers
from enrollment.clients.oauth.routes import TOKEN_PATH
from enrollment.clients.sign_in import BEARER_CHALLENGE
from enrollment.examples import EXAMPLES
from enrollment.office.clients.labels import SCOPES as SCOPE_LABELS
from enrollment.passkeys.routes import SCRIPTS
from enrollment.registration_authority import RegistrationAuthority
from enrollment.subscriber.mounting import mount_personal
from enrollment.subscriber.personal import PersonalPages
from signing.approval.examples import EXAMPLES as APPROVAL_EXAMPLES
from signing.documents.desk import DocumentDesk
from signing.documents.examples import EXAMPLES as DOCUMENT_EXAMPLES
from signing.documents.routes import mount_documents
from signing.documents.verification.routes import SCRIPTS as VERIFICATION_SCRIPTS
from signing.examples import EXAMPLES as SIGNING_EXAMPLES
from signing.passes.issuing.examples import EXAMPLES as PASS_EXAMPLES

ALL_EXAMPLES = {
    **EXAMPLES,
    **SIGNING_EXAMPLES,
    **DOCUMENT_EXAMPLES,
    **APPROVAL_EXAMPLES,
    **PASS_EXAMPLES,
}
ROLES = Path(__file__).parent / "roles.toml"
# What these serve, everybody may have; they check nothing that a principal could change.
ALWAYS_PUBLIC = frozenset({"openapi", "pages", "log", SCRIPTS, VERIFICATION_SCRIPTS})
# RFC 9110, Section 11.6.1: what a 401 asks for; at the officers' address either will do.
CHALLENGES = {
    Listener.PUBLIC: BEARER_CHALLENGE,
    Listener.OFFICERS: f"{CHALLENGE}, {BEARER_CHALLENGE}",
}
# Of the HTTP interface, not of the program: rises when a client has to change.
API_VERSION = "1.0.0"
DESCRIPTION = (
    "Cambodia's national PKI. Officers sign in with a client certificate of ours, at the officers' "
    "address; institutions' programs with an access token. Every refusal is an RFC 9457 problem "
    "document."
)


def _no_documents() -> DocumentDesk:
    raise Unavailable("No documents are signed here.")


@dataclass(frozen=True)
class AppParts:
    """What an app is made of.

    ``sign_in`` knows officers by their certificate, at their listener; ``session_sign_in`` knows
    subscribers by their session, at the public one; both know programs by their access token.
    ``status_blueprints`` serve certificates, CRLs and status, to everyone and without a limit;
    ``report_blueprints`` take reports from strangers, within the limit; ``door_blueprints`` are the
    pages at which people sign in, at the public listener alone; ``signing_blueprints`` stamp and
    sign there, within the limit, and ``signing_mounts`` at both; ``protocol_blueprints``
    are served by both listeners and authenticate their callers themselves, as their RFC says;
    ``collectors`` add to ``/metrics`` what is asked of the tables.
    """

    settings: ServeSettings
    policy: AccessPolicy
    registration: RegistrationAuthority
    programs: Programs
    personal: PersonalPages
    sign_in: Authenticator
    session_sign_in: Authenticator
    sign_in_parts: SignInParts
    idempotent_requests: IdempotentRequests
    log_folder: Path
    probes: Sequence[Probe]
    status_blueprints: Sequence[Blueprint] = ()
    report_blueprints: Sequence[Blueprint] = ()
    protocol_blueprints: Sequence[Blueprint] = ()
    door_blueprints: Sequence[Blueprint] = ()
    signing_blueprints: Sequence[Blueprint] = ()
    signing_mounts: Sequence[Callable[[Flask], None]] = ()
    collectors: Sequence[Collector] = ()
    documents: Callable[[], DocumentDesk] = _no_documents


def create_app(parts: AppParts, listener: Listener) -> APIFlask:
    """Return the app of one listener; nothing is opened or asked before the first request.

    Raises UndeclaredRouteError for a route that does not say who may call it.
    """
    app = APIFlask(
        "camtrust",
        title="camtrust",
        version=API_VERSION,
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.config["PUBLIC_URL"] = parts.settings.public_url
    app.config["CHALLENGE"] = CHALLENGES[listener]
    self_checking = {one.name for one in parts.protocol_blueprints}
    open_to_all = ALWAYS_PUBLIC | {one.name for one in parts.status_blueprints}
    name_requests(app, listener=listener)
    send_security_headers(app)
    answer_with_problems(app)
    guard_addresses(app)
    guard_bodies(app, max_octets=parts.settings.max_body_octets)
    guard_forms(app)
    speak(app, PAGE_TEXTS)
    describe_api(
        app,
        description=DESCRIPTION,
        public_url=parts.settings.public_url,
        token_path=TOKEN_PATH,
        scopes=scopes_of(parts.policy),
        examples=ALL_EXAMPLES,
    )
    remember_answers(app, parts.idempotent_requests)
    _mount(app, parts, listener)
    control_access(
        app,
        authenticator=parts.sign_in if listener is Listener.OFFICERS else parts.session_sign_in,
        policy=parts.policy,
        public_blueprints=open_to_all,
        self_checking_blueprints=self_checking,
    )
    limit_rates(
        app,
        limit=parts.settings.rate_limit,
        storage_url=parts.settings.rate_limit_storage,
        exempt_blueprints={one.name for one in parts.status_blueprints},
    )
    _stand_behind(app, parts.settings, listener)
    return app


def scopes_of(policy: AccessPolicy) -> dict[str, str]:
    """Return what programs may be granted, with its meaning where the pages have one."""
    held = sorted(policy.held_by(Role.SERVICE))
    return {str(one): SCOPE_LABELS.get(one, str(one)) for one in held}


def _mount(app: APIFlask, parts: AppParts, listener: Listener) -> None:
    serve_health(app, readiness=Readiness(probes=parts.probes))
    app.register_blueprint(pages)
    app.register_blueprint(log_blueprint(parts.log_folder))
    mount_registration(app, parts.registration)
    mount_programs(app, lambda: parts.programs, lambda: parts.policy)
    mount_personal(app, parts.personal)
    mount_documents(app, parts.documents)
    mount_confirming(app, parts.sign_in_parts)
    for mount in parts.signing_mounts:
        mount(app)
    for blueprint in parts.protocol_blueprints:
        app.register_blueprint(blueprint)
    if listener is Listener.PUBLIC:
        serve_metrics(app, parts.collectors)
        mount_sign_in_pages(app, parts.sign_in_parts)
        for blueprint in (
            *parts.status_blueprints,
            *parts.report_blueprints,
            *parts.door_blueprints,
            *parts.signing_blueprints,
        ):
            app.register_blueprint(blueprint)


def _stand_behind(app: APIFlask, settings: ServeSettings, listener: Listener) -> None:
    if listener is Listener.PUBLIC:
        app.wsgi_app = DropFrontHeaders(app.wsgi_app)  # type: ignore[method-assign]
    if settings.behind_proxy or listener is Listener.OFFICERS:
        # One hop: deploy/nginx/public.conf and officers.conf set the headers and append to nothing.
        # The officers' socket has no other way in, and no address of its own to count by.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
