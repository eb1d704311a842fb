"""Post a message to a server that somebody named: one try, and what came of it in words."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from core.errors import CamtrustError
from core.outgoing.addresses import ReachableAddresses
from core.outgoing.connection import Connector
from core.outgoing.deadline import Deadline
from core.outgoing.errors import NotReached
from core.outgoing.exchange import exchange, request_octets
from core.outgoing.resolver import Resolver
from core.outgoing.settings import OutgoingSettings
from core.outgoing.target import Target


@dataclass(frozen=True)
class Message:
    """A message as it leaves: its headers, printable ASCII, and its body, signed by whoever tells.

    Why it cannot be made is said by the errors of whoever makes it.
    """

    target: Target
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Posted:
    """What came of a try: the status that was answered, or why there was none."""

    status: int | None
    problem: str | None
    is_taken: bool


class Posting:
    """One way out: its addresses are checked, and servers prove their names."""

    def __init__(self, settings: OutgoingSettings, *, user_agent: str) -> None:
        self._timeout_seconds = settings.timeout_seconds
        self._user_agent = user_agent
        tls = ssl.create_default_context()
        if settings.trust is not None:
            tls.load_verify_locations(cafile=str(settings.trust))
        self._connector = Connector(
            resolver=Resolver(resolvers=settings.resolvers),
            reachable=ReachableAddresses(
                allow_private=settings.allow_private_addresses, networks=settings.allowed_networks
            ),
            tls=tls,
        )

    def post(self, made: Callable[[], Message], *, also_taken: Collection[int] = ()) -> Posted:
        """Make a message and post it. 2xx says that the receiver has it, as ``also_taken`` do.

        Redirects are not followed: they are a refusal. Raises nothing for a receiver that is away,
        nor for a message that cannot be made.
        """
        try:
            message = made()
        except CamtrustError as error:
            return _not_posted(f"It could not be made: {error.detail}")
        try:
            status = self._exchange(message)
        except NotReached as error:
            return _not_posted(error.detail)
        except TimeoutError:
            return _not_posted("The server did not answer in time.")
        except ssl.SSLError as error:
            reason = error.reason or "the certificate is refused"
            return _not_posted(f"No TLS connection: {reason}.")
        except OSError:
            return _not_posted("The connection broke.")
        return Posted(status, None, 200 <= status < 300 or status in also_taken)

    def _exchange(self, message: Message) -> int:
        target = message.target
        request = request_octets(
            target,
            user_agent=self._user_agent,
            method="POST",
            headers=message.headers,
            body=message.body,
        )
        deadline = Deadline(self._timeout_seconds)
        # The name is resolved now, and the connection goes to an address that was checked now.
        with self._connector.connected(target, deadline) as connection:
            return exchange(connection, target, request, deadline).status


def _not_posted(problem: str) -> Posted:
    return Posted(None, problem, is_taken=False)
