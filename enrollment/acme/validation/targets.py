"""Where the fetch of an http-01 response may go next: the bounds of redirects."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from ca.constraints.alternative_names import is_dns_name
from core.outgoing.target import STANDARD_PORTS, Target
from enrollment.acme.validation.errors import ValidationFailed, quoted

LONGEST_URL = 2_000
# RFC 3986, Section 2: a URL is printable ASCII. Anything else could end a line of the request.
_PRINTABLE = re.compile(r"[!-~]+")


class Targets:
    """The bounds: the schemes, the ports and the kind of host that a fetch may go to.

    RFC 8555, Section 8.3: the first request goes to port 80. TLS Baseline Requirements, Section
    3.2.2.4.19: redirects keep to http and https and to authorized ports.
    """

    def __init__(self, *, http_port: int, https_port: int) -> None:
        self._ports = {"http": http_port, "https": https_port}
        self._allowed = {*STANDARD_PORTS.values(), http_port, https_port}

    def first(self, host: str, path: str) -> Target:
        """Return where a validation begins."""
        return Target(scheme="http", host=host, port=self._ports["http"], path=path)

    def redirected(self, origin: Target, location: str) -> Target:
        """Return where a redirect leads. Raises ValidationFailed (``connection``)."""
        if len(location) > LONGEST_URL or not _PRINTABLE.fullmatch(location):
            raise _refused(location, "this is not a URL")
        try:
            parts = urlsplit(urljoin(origin.url, location))
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise _refused(location, "this is not a URL") from error
        if parts.scheme not in self._ports:
            raise _refused(location, "only http and https are followed")
        if parts.username is not None or parts.password is not None:
            raise _refused(location, "a URL with a user name is not followed")
        if port is None:
            port = self._ports[parts.scheme]
        if port not in self._allowed:
            raise _refused(location, f"port {port} is not one of {sorted(self._allowed)}")
        return Target(scheme=parts.scheme, host=_host(location, host), port=port, path=_path(parts))


def _host(location: str, host: str) -> str:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        # What inet_aton would take for an address too (127.1, 0x7f000001) is no DNS name, or is
        # looked up as one: only DNS says where we connect to.
        name = host.lower().removesuffix(".")
        if is_dns_name(name):
            return name
        raise _refused(location, "the host is not a DNS name") from None
    raise _refused(location, "the host is an IP address, not a name")


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refused(location: str, reason: str) -> ValidationFailed:
    return ValidationFailed(
        "connection", f"A redirect to {quoted(location)} was not followed: {reason}."
    )
