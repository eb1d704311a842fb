"""The app factory: one app for each listener, made of the same routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apiflask import APIFlask
from flask import Blueprint
from prometheus_client.registry import Collector
from werkzeug.middleware.proxy_fix import ProxyFix

from camtrust.listeners import DropFrontHeaders, Listener
from camtrust.published_log import log_blueprint
from camtrust.serving.settings import ServeSettings
from core.access import AccessPolicy
from core.idempotency import IdempotentRequests
from core.web.access_control import Authenticator, Nobody, control_access
from core.web.addresses import guard_addresses
from core.web.bodies import guard_bodies
from core.web.forms import guard_forms
from core.web.health import Probe, Readiness, serve_health
from core.web.idempotent import remember_answers
from core.web.languages import TEXTS, speak
from core.web.limits import limit_rates
from core.web.metrics import serve_metrics
from core.web.openapi import describe_api
from core.web.pages import pages
from core.web.problems import answer_with_problems
from core.web.requests import name_requests
from core.web.security_headers import send_security_headers
from enrollment.office.routes import TEXTS as OFFICE_TEXTS
from enrollment.routes import RegistrationAuthority, mount_enrollment

ROLES = Path(__file__).parent / "roles.toml"
# What these serve, everybody may have; they check nothing that a principal could change.
ALWAYS_PUBLIC = frozenset({"openapi", "pages", "log"})
# Of the HTTP interface, not of the program: rises when a client has to change.
API_VERSION = "1.0.0"
DESCRIPTION = (
    "Cambodia's national PKI. Officers and services sign in with a client certificate of ours, "
    "at the officers' address. Every refusal is an RFC 9457 problem document."
)


@dataclass(frozen=True)
class AppParts:
    """What an app is made of.

    ``status_blueprints`` serve certificates, CRLs and status, to everyone and without a limit;
    ``report_blueprints`` take reports from strangers, within the limit; ``protocol_blueprints``
    are served by both listeners and authenticate their callers themselves, as their RFC says;
    ``collectors`` add to ``/metrics`` what is asked of the tables.
    """

    settings: ServeSettings
    policy: AccessPolicy
    registration: RegistrationAuthority
    sign_in: Authenticator
    idempotent_requests: IdempotentRequests
    log_folder: Path
    probes: Sequence[Probe]
    status_blueprints: Sequence[Blueprint] = ()
    report_blueprints: Sequence[Blueprint] = ()
    protocol_blueprints: Sequence[Blueprint] = ()
    collectors: Sequence[Collector] = ()


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
    self_checking = {one.name for one in parts.protocol_blueprints}
    open_to_all = ALWAYS_PUBLIC | {one.name for one in parts.status_blueprints}
    name_requests(app, listener=listener)
    send_security_headers(app)
    answer_with_problems(app)
    guard_addresses(app)
    guard_bodies(app, max_octets=parts.settings.max_body_octets)
    guard_forms(app)
    speak(app, [TEXTS, OFFICE_TEXTS])
    describe_api(app, description=DESCRIPTION, public_url=parts.settings.public_url)
    remember_answers(app, parts.idempotent_requests)
    _mount(app, parts, listener)
    control_access(
        app,
        authenticator=parts.sign_in if listener is Listener.OFFICERS else Nobody(),
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


def _mount(app: APIFlask, parts: AppParts, listener: Listener) -> None:
    serve_health(app, readiness=Readiness(probes=parts.probes))
    app.register_blueprint(pages)
    app.register_blueprint(log_blueprint(parts.log_folder))
    mount_enrollment(app, parts.registration)
    for blueprint in parts.protocol_blueprints:
        app.register_blueprint(blueprint)
    if listener is Listener.PUBLIC:
        serve_metrics(app, parts.collectors)
        for blueprint in (*parts.status_blueprints, *parts.report_blueprints):
            app.register_blueprint(blueprint)


def _stand_behind(app: APIFlask, settings: ServeSettings, listener: Listener) -> None:
    if listener is Listener.PUBLIC:
        app.wsgi_app = DropFrontHeaders(app.wsgi_app)  # type: ignore[method-assign]
        if settings.behind_proxy:
            # One hop: deploy/nginx/public.conf sets the header and appends to nothing.
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
