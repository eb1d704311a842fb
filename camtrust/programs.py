"""Wires what programs of institutions use: tokens, batches, webhooks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from apiflask import APIBlueprint

from camtrust.document_happenings import DocumentHappenings
from camtrust.program_routes import Programs
from core.access import Role
from core.web.access_control import Authenticator
from enrollment.batches.batches import Batches
from enrollment.batches.checking import RowChecking
from enrollment.batches.issuing import RowIssuing
from enrollment.batches.working import BatchWork
from enrollment.clients.clients import Clients
from enrollment.clients.oauth.routes import TOKEN_PATH, AuthorizationServer, oauth_blueprint
from enrollment.clients.sign_in import BearerSignIn
from enrollment.clients.tokens import Tokens
from enrollment.webhooks.following import LogFollowing
from enrollment.webhooks.sending import WebhookSending
from enrollment.webhooks.signing import MAC_KEY, WebhookSecrets
from enrollment.webhooks.webhooks import Webhooks
from signing.csc.routes import TOKEN_PATH as CSC_TOKEN_PATH

if TYPE_CHECKING:
    from camtrust.wiring import Services


class ProgramWiring:
    """The part of :class:`camtrust.wiring.Services` that institutions' programs need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def clients(self) -> Clients:
        """The programs that officers registered."""
        policy = self._services.registration.policy
        return Clients(
            database=self._services.database,
            log=self._services.log,
            officers=self._services.registration.officers,
            grantable=policy.held_by(Role.SERVICE),
            check_key=self._services.profiles.check_key,
            clock=self._services.clock,
        )

    @cached_property
    def tokens(self) -> Tokens:
        """Their access tokens."""
        # RFC 7523, Section 3, (3): the issuer, or the token endpoint, as we are named.
        url = self._services.settings.serve.public_url
        names = [url, url + TOKEN_PATH, url + CSC_TOKEN_PATH]
        if (mtls_url := self._services.settings.serve.officers_url) is not None:
            names += [mtls_url + TOKEN_PATH, mtls_url + CSC_TOKEN_PATH]
        return Tokens(database=self._services.database, audiences=names, clock=self._services.clock)

    def sign_in(self, others: Authenticator) -> BearerSignIn:
        """Tokens before another way to sign in."""
        return BearerSignIn(
            tokens=self.tokens,
            certificates=self._services.registration.sign_in,
            others=others,
        )

    @cached_property
    def oauth(self) -> APIBlueprint:
        """The token endpoint and its metadata."""
        registration = self._services.registration
        return oauth_blueprint(
            AuthorizationServer(
                clients=self.clients,
                tokens=self.tokens,
                certificates=registration.sign_in,
                officers=registration.officers,
                public_url=self._services.settings.serve.public_url,
                mtls_url=self._services.settings.serve.officers_url,
            )
        )

    @cached_property
    def batches(self) -> Batches:
        """Uploads of many applications."""
        return Batches(
            database=self._services.database, log=self._services.log, clock=self._services.clock
        )

    @cached_property
    def batch_work(self) -> BatchWork:
        """What carries them on."""
        registration = self._services.registration
        database, clock = self._services.database, self._services.clock
        return BatchWork(
            database=database,
            checking=RowChecking(
                database=database,
                applications=registration.applications,
                clock=clock,
            ),
            issuing=RowIssuing(
                database=database,
                applications=registration.applications,
                decisions=registration.decisions,
                delivery=registration.delivery,
                clock=clock,
            ),
        )

    @cached_property
    def webhook_secrets(self) -> WebhookSecrets:
        """What messages are signed with."""
        return WebhookSecrets(mac_key=lambda: self._services.keys.mac_key(MAC_KEY))

    @cached_property
    def webhooks(self) -> Webhooks:
        """Who is told what."""
        return Webhooks(
            database=self._services.database,
            log=self._services.log,
            secrets=self.webhook_secrets,
            settings=self._services.settings.webhooks,
            clock=self._services.clock,
        )

    @cached_property
    def following(self) -> LogFollowing:
        """What is to be told."""
        return LogFollowing(
            database=self._services.database,
            register=self._services.registration.register,
            others=DocumentHappenings(),
            clock=self._services.clock,
        )

    @cached_property
    def sending(self) -> WebhookSending:
        """Tells it."""
        settings = self._services.settings
        return WebhookSending(
            database=self._services.database,
            secrets=self.webhook_secrets,
            settings=settings.webhooks.within(settings.home),
            clock=self._services.clock,
        )

    @cached_property
    def parts(self) -> Programs:
        """What the routes work with."""
        return Programs(clients=self.clients, batches=self.batches, webhooks=self.webhooks)
