"""http-01: a file on the web server of a name (RFC 8555, Section 8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLError

from core.outgoing.connection import Connector
from core.outgoing.deadline import Deadline
from core.outgoing.exchange import OK, Answer, exchange, request_octets
from core.outgoing.target import Target
from enrollment.acme.validation.errors import ValidationFailed, quoted
from enrollment.acme.validation.targets import Targets

MOST_REDIRECTS = 10
USER_AGENT = "camtrust (validation of http-01 challenges, RFC 8555)"
WELL_KNOWN = "/.well-known/acme-challenge/"
# TLS Baseline Requirements, Section 3.2.2.4.19: redirects by these statuses alone.
REDIRECTS = frozenset({301, 302, 307, 308})


class HttpFetch:
    """Fetches the file of an http-01 challenge, within bounds at every hop."""

    def __init__(self, *, targets: Targets, connector: Connector) -> None:
        self._targets = targets
        self._connector = connector

    def check(
        self, dns_name: str, *, token: str, key_authorization: str, deadline: Deadline
    ) -> None:
        """Check that a name's web server has the key authorization.

        Raises ValidationFailed or NotReached.
        """
        answer, target = self._follow(self._targets.first(dns_name, WELL_KNOWN + token), deadline)
        if answer.status != OK:
            raise ValidationFailed(
                "incorrectResponse",
                f"{quoted(target.url)} answered with status {answer.status} instead of 200.",
            )
        # RFC 8555, Section 8.3: white space at the end of the body is ignored.
        if answer.body.rstrip() != key_authorization.encode("ascii"):
            raise ValidationFailed(
                "incorrectResponse",
                f"{quoted(target.url)} has {quoted(answer.body)} instead of the key "
                "authorization of this challenge and account.",
            )

    def _follow(self, target: Target, deadline: Deadline) -> tuple[Answer, Target]:
        seen = {target}
        for _ in range(MOST_REDIRECTS + 1):
            with _as_refusals(target), self._connector.connected(target, deadline) as connection:
                request = request_octets(target, user_agent=USER_AGENT)
                answer = exchange(connection, target, request, deadline)
            if answer.status not in REDIRECTS or answer.location is None:
                return answer, target
            target = self._targets.redirected(target, answer.location)
            if target in seen:
                raise ValidationFailed(
                    "connection", f"The redirects go in a circle, at {quoted(target.url)}."
                )
            seen.add(target)
        raise ValidationFailed("connection", f"There are more than {MOST_REDIRECTS} redirects.")


@contextmanager
def _as_refusals(target: Target) -> Iterator[None]:
    """Say in words what broke a connection."""
    try:
        yield
    except TimeoutError as error:
        raise ValidationFailed(
            "connection", f"{target.host}, port {target.port}, did not answer in time."
        ) from error
    except SSLError as error:
        raise ValidationFailed(
            "connection", f"No TLS connection to {target.host}, port {target.port}."
        ) from error
    except OSError as error:
        raise ValidationFailed(
            "connection", f"The connection to {target.host}, port {target.port}, broke."
        ) from error
