"""Every route says who may call it, or the app does not start.

``@public`` or ``@requires(permission, ...)`` stands under the route decorator. Blueprints that
serve only what everyone may have (certificates, CRLs, status) are named public as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

from flask import Flask, g, request

from core.access import AccessPolicy, Permission, Principal
from core.errors import Forbidden, Unauthenticated

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
PUBLIC: frozenset[Permission] = frozenset()
# RFC 9110, Section 9.2.1.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class UndeclaredRouteError(RuntimeError):
    """A route says neither ``@public`` nor ``@requires``; the app must not start."""


class CrossSiteRequest(Forbidden):
    """A page of another site asked a browser to act with an officer's certificate."""

    problem = "cross-site-request"
    title = "Another site may not act for you"


class Authenticator(Protocol):
    """Finds out who sends a request."""

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        """Return who is asking, None for nobody. Raises Unauthenticated for a bad proof."""


class Nobody:
    """The public listener's authenticator: nobody ever signs in there."""

    def principal(self, environ: Mapping[str, Any]) -> Principal | None:
        """Return None, whatever the headers claim."""
        return None


def public(view: ViewT) -> ViewT:
    """Declare that everyone may call this route."""
    vars(view)["access"] = PUBLIC
    return view


def requires(*any_of: Permission) -> Callable[[ViewT], ViewT]:
    """Declare that a route needs one of these permissions."""
    if not any_of:
        raise UndeclaredRouteError("requires() needs a permission")

    def declare(view: ViewT) -> ViewT:
        vars(view)["access"] = frozenset(any_of)
        return view

    return declare


def control_access(
    app: Flask,
    *,
    authenticator: Authenticator,
    policy: AccessPolicy,
    public_blueprints: Collection[str] = (),
    self_checking_blueprints: Collection[str] = (),
) -> None:
    """Authenticate and authorize each request. Call it after every route is registered.

    ``self_checking_blueprints`` authenticate their callers themselves, as their protocol says:
    there nobody is signed in here, and nobody is refused.

    Raises UndeclaredRouteError for a route without a declaration, and for a permission that no role
    holds: such a route could never be called.
    """
    declared = declared_access(app, {*public_blueprints, *self_checking_blueprints})
    asked = frozenset[Permission]().union(*declared.values())
    if missing := asked - policy.permissions:
        raise UndeclaredRouteError(f"no role holds {', '.join(sorted(missing))}")

    @app.before_request
    def sign_in_and_check() -> None:
        g.principal = None
        if request.blueprint in self_checking_blueprints:
            return
        needed = declared.get(request.endpoint or "", PUBLIC)
        try:
            g.principal = authenticator.principal(request.environ)
        except Unauthenticated:
            # What everybody may have, a proof that opens nothing else does not take away: the
            # style of a page that refuses it, for one.
            if needed:
                raise
        _check_same_site(g.principal)
        if needed:
            policy.check(g.principal, *sorted(needed))


def declared_access(
    app: Flask, public_blueprints: Collection[str] = ()
) -> dict[str, frozenset[Permission]]:
    """Return the permissions of every endpoint, empty for public. Raises UndeclaredRouteError."""
    return {
        endpoint: _access_of(endpoint, view, public_blueprints)
        for endpoint, view in app.view_functions.items()
    }


def current_principal() -> Principal:
    """Return who is asking, in a route that requires a permission."""
    principal: Principal = g.principal
    return principal


def _access_of(
    endpoint: str, view: Callable[..., Any], public_blueprints: Collection[str]
) -> frozenset[Permission]:
    if endpoint.rpartition(".")[0] in public_blueprints:
        return PUBLIC
    access: frozenset[Permission] | None = getattr(view, "access", None)
    if access is None:
        raise UndeclaredRouteError(f"{endpoint} says neither @public nor @requires")
    return access


def _check_same_site(principal: Principal | None) -> None:
    # A browser sends a client certificate wherever a page points it; Fetch Metadata (W3C,
    # Section 2.3) tells where the page came from. Programs other than browsers do not send it.
    if principal is None or request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise CrossSiteRequest("A page of another site sent this request; nothing was done.")
