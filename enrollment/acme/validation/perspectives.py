"""Looking again from elsewhere: one perspective decides, and enough of the others agree.

A hijacked route or a poisoned cache shows a false picture to a part of the world. What is seen
from several places at once is false only if all of these are deceived (TLS Baseline
Requirements, Section 3.2.2.9: Multi-Perspective Issuance Corroboration).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from core.outgoing.addresses import ReachableAddresses
from core.outgoing.connection import Connector
from core.outgoing.errors import Failure, NotReached
from core.outgoing.resolver import Resolver
from enrollment.acme.validation.errors import AcmeType, ValidationFailed
from enrollment.acme.validation.http_01 import HttpFetch
from enrollment.acme.validation.settings import ValidationSettings, VantagePoint
from enrollment.acme.validation.targets import Targets


@dataclass(frozen=True)
class Perspective:
    """One place to look from: its resolvers, and its way to web servers."""

    name: str
    resolver: Resolver
    http: HttpFetch


Look = Callable[[Perspective], None]
# What core.outgoing says, in the words of RFC 8555, Section 6.7.
ACME_TYPES: Mapping[Failure, AcmeType] = {
    "connection": "connection",
    "dns": "dns",
    "response": "incorrectResponse",
}


def build_perspectives(settings: ValidationSettings) -> tuple[Perspective, list[Perspective]]:
    """Return the first perspective and the remote ones."""
    first = _perspective(settings, "here", settings.resolvers, None)
    remotes = [
        _perspective(settings, point.name, point.resolvers, point)
        for point in settings.vantage_points
    ]
    return first, remotes


def _perspective(
    settings: ValidationSettings, name: str, resolvers: Sequence[str], point: VantagePoint | None
) -> Perspective:
    sources = point.source_addresses if point else ()
    resolver = Resolver(resolvers=resolvers, source_addresses=sources)
    connector = Connector(
        resolver=resolver,
        reachable=ReachableAddresses(
            allow_private=settings.allow_private_addresses, networks=settings.allowed_networks
        ),
        tls=_tls(),
        source_addresses=sources,
    )
    targets = Targets(http_port=settings.http_port, https_port=settings.https_port)
    return Perspective(
        name=name, resolver=resolver, http=HttpFetch(targets=targets, connector=connector)
    )


class Quorum:
    """Lets the first perspective look, then the others at the same time."""

    def __init__(
        self, *, first: Perspective, remotes: Sequence[Perspective], failures_allowed: int
    ) -> None:
        self._first = first
        self._remotes = remotes
        self._failures_allowed = failures_allowed

    def agree(self, look: Look) -> None:
        """Raise ValidationFailed unless the first sees it, and enough of the others."""
        # Most failures are mistakes that all would see: the others are not sent for these.
        _look(look, self._first)
        if not self._remotes:
            return
        with ThreadPoolExecutor(len(self._remotes), thread_name_prefix="perspective") as threads:
            seen = list(threads.map(lambda one: _failure(look, one), self._remotes))
        failures = [
            (remote.name, failure)
            for remote, failure in zip(self._remotes, seen, strict=True)
            if failure is not None
        ]
        if len(failures) > self._failures_allowed:
            raise self._disagreement(failures)

    def _disagreement(self, failures: Sequence[tuple[str, ValidationFailed]]) -> ValidationFailed:
        name, failure = failures[0]
        return ValidationFailed(
            failure.acme_type,
            f"{len(failures)} of {len(self._remotes)} vantage points saw something else than was "
            f"seen here, where {self._failures_allowed} may. {name}: {failure.detail}",
            perspectives=len(self._remotes),
            failed=len(failures),
        )


def _failure(look: Look, perspective: Perspective) -> ValidationFailed | None:
    try:
        _look(look, perspective)
    except ValidationFailed as failure:
        return failure
    return None


def _look(look: Look, perspective: Perspective) -> None:
    try:
        look(perspective)
    except NotReached as error:
        raise ValidationFailed(ACME_TYPES[error.failure], error.detail, **error.data) from error


def _tls() -> ssl.SSLContext:
    # A server that asks for its first certificate has none that could be verified; what proves
    # the control is the body. TLS Baseline Requirements, Section 3.2.2.4.19 asks for no more.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
