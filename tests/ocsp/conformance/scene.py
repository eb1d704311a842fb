"""A small world with a responder, and the ways into it over HTTP.

Checks speak HTTP alone, to a WSGI callable, so that each of them runs through every way.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.x509 import ocsp as x509_ocsp
from werkzeug.test import Client

from ca.revocation.revocation import Revocation
from ocsp.responder import StatusResponder
from ocsp.settings import OcspSettings
from ocsp.standings import StoredStandings
from tests.ca.revocation.world import Keeps, World
from tests.conftest import SettableClock
from tests.ocsp.conftest import NoRenewal, make_responder
from tests.ocsp.front.signed_ahead import Front, MemoryStore
from tests.ocsp.questions import ask, read

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

REQUEST_TYPE = "application/ocsp-request"
RESPONSE_TYPE = "application/ocsp-response"


@dataclass(frozen=True)
class Way:
    """A way into the responder. ``settle`` lets it notice what has changed meanwhile."""

    application: WSGIApplication
    settle: Callable[[], None] = lambda: None


def through_live(world: World, responder: StatusResponder, settings: OcspSettings) -> Way:
    """The front where nothing is signed ahead: each answer comes from the live pool."""
    return Way(Front(world, Keeps(), MemoryStore(), responder, settings).application)


def through_store(world: World, responder: StatusResponder, settings: OcspSettings) -> Way:
    """The front where all that is in the tables is signed ahead at once.

    The responder behind it takes standings from the store too.
    """
    retention = responder._retention
    assert isinstance(retention, Keeps)
    store = MemoryStore()
    front = Front(world, retention, store, responder, settings)
    responder._standings = StoredStandings(
        store=store,
        tables=responder._standings,
        authorities=world.authorities,
        clock=world.clock,
        monotonic=front.now,
    )
    return Way(front.application, front.sign_everything)


WAYS: dict[str, Callable[[World, StatusResponder, OcspSettings], Way]] = {
    "live": through_live,
    "store": through_store,
}


@dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ocsp(self) -> x509_ocsp.OCSPResponse:
        """The response, of one SingleResponse at most, as cryptography reads it."""
        return read(self.body)

    @property
    def asn1(self) -> Any:
        """The response as asn1crypto reads it."""
        return asn1_ocsp.OCSPResponse.load(self.body, strict=True)

    @property
    def data(self) -> Any:
        """Its ResponseData."""
        return self.asn1.response_data

    @property
    def one(self) -> Any:
        """Its one SingleResponse."""
        [single] = self.data["responses"]
        return single

    @property
    def error(self) -> str:
        """Its responseStatus in words."""
        word: str = self.asn1["response_status"].native
        return word

    @property
    def cache_control(self) -> dict[str, str]:
        """The directives of Cache-Control."""
        parts = self.headers.get("cache-control", "").split(",")
        return {name.strip(): value for name, _, value in (part.partition("=") for part in parts)}


@dataclass
class Scene:
    """A world, a way into its responder, and hands to ask with."""

    world: World
    clock: SettableClock
    retention: Keeps
    make_way: Callable[[World, StatusResponder, OcspSettings], Way]
    settings: OcspSettings = field(default_factory=OcspSettings)

    def __post_init__(self) -> None:
        self.set(self.settings)
        self.revocation = Revocation(
            database=self.world.database,
            log=self.world.log,
            retention=self.retention,
            clock=self.clock,
        )

    def set(self, settings: OcspSettings) -> None:
        """Start the responder anew with other settings."""
        self.settings = settings
        self.responder = make_responder(self.world, self.retention, NoRenewal(), settings)
        self.way = self.make_way(self.world, self.responder, settings)

    def issuer(self, authority: str = "people-1") -> x509.Certificate:
        return self.world.certificates[authority]

    def pair(self, authority: str = "people-1") -> tuple[x509.Certificate, x509.Certificate]:
        """A new certificate, and its issuer's."""
        return self.world.issue(authority), self.issuer(authority)

    def question(self, authority: str = "people-1") -> bytes:
        """A plain question about a new certificate."""
        return ask(*self.pair(authority))

    def post(self, question: bytes, headers: dict[str, str] | None = None) -> Reply:
        return self.send(
            "POST", "/ocsp", question, {"Content-Type": REQUEST_TYPE} | (headers or {})
        )

    def get(self, question: bytes, headers: dict[str, str] | None = None) -> Reply:
        encoded = quote(base64.b64encode(question).decode(), safe="")
        return self.send("GET", f"/ocsp/{encoded}", b"", headers or {})

    def both(self, question: bytes) -> Iterator[Reply]:
        """The replies to a GET and to a POST."""
        yield self.get(question)
        yield self.post(question)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        self.way.settle()
        got = Client(self.way.application).open(path, method=method, data=body, headers=headers)
        return Reply(
            got.status_code, {name.lower(): value for name, value in got.headers}, got.data
        )
