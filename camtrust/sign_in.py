"""Wires how people sign in: passkeys, the OpenID provider, certificates, and officers' step-up."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Blueprint

from core.clock import Clock
from core.database import Database
from core.outgoing.addresses import ReachableAddresses
from core.transparency.log import TransparencyLog
from enrollment.passkeys.assertions import Assertions
from enrollment.passkeys.challenges import Challenges
from enrollment.passkeys.confirmations import Confirmations
from enrollment.passkeys.passkeys import Passkeys
from enrollment.passkeys.questions import Questions
from enrollment.passkeys.relying_party import RelyingParty
from enrollment.passkeys.routes import PasskeyOffice
from enrollment.people.people import People
from enrollment.sessions.sessions import Sessions
from enrollment.sign_in.at_officers.routes import certificate_sign_in_blueprint
from enrollment.sign_in.certificates import CertificateSignIn
from enrollment.sign_in.events import SignInEvents
from enrollment.sign_in.handovers import Handovers
from enrollment.sign_in.openid.client import ClientProof, CodeExchange, KeyProof, SecretProof
from enrollment.sign_in.openid.flows import OpenIdFlows
from enrollment.sign_in.openid.id_tokens import IdTokens
from enrollment.sign_in.openid.outgoing import Outgoing
from enrollment.sign_in.openid.provider import Provider
from enrollment.sign_in.openid.settings import OpenIdSettings
from enrollment.sign_in.presented import PresentedPeople
from enrollment.sign_in.routes import SignInDesk
from enrollment.sign_in.settings import SignInSettings
from enrollment.sign_in.ways import Ways
from enrollment.step_up.settings import StepUpSettings
from enrollment.step_up.step_up import StepUp
from enrollment.subscribers import Subscribers

if TYPE_CHECKING:
    from camtrust.wiring import Services


class PasskeyParts:
    """The objects of one relying party: the public host's, or the officers'."""

    def __init__(
        self,
        *,
        url: str,
        for_officers: bool,
        database: Database,
        log: TransparencyLog,
        challenges: Challenges,
        clock: Clock,
    ) -> None:
        self.party = RelyingParty.at(url, for_officers=for_officers)
        self.passkeys = Passkeys(
            database=database,
            log=log,
            relying_party=self.party,
            challenges=challenges,
            clock=clock,
        )
        self.questions = Questions(relying_party=self.party, challenges=challenges)
        self.assertions = Assertions(
            relying_party=self.party, challenges=challenges, log=log, clock=clock
        )


class SignInParts:
    """Everything of sign-in, from the few things that it stands on; tests build it so too."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        clock: Clock,
        people: People,
        subscribers: Subscribers,
        sessions: Sessions,
        certificates: CertificateSignIn,
        settings: SignInSettings,
        step_up_settings: StepUpSettings,
        public_url: str,
        officers_url: str,
        check_handshake: bool = True,
    ) -> None:
        self.database, self.log, self.clock = database, log, clock
        self.people, self.subscribers, self.sessions = people, subscribers, sessions
        self.certificates = certificates
        self.settings, self.step_up_settings = settings, step_up_settings
        self.public_url = public_url
        self.officers_url = settings.officers_url or officers_url
        self._check_handshake = check_handshake

    @cached_property
    def challenges(self) -> Challenges:
        """Questions to passkeys."""
        return Challenges(database=self.database, clock=self.clock)

    @cached_property
    def public(self) -> PasskeyParts:
        """Subscribers' passkeys."""
        return self._passkeys(self.public_url, for_officers=False)

    @cached_property
    def officers(self) -> PasskeyParts:
        """Officers' passkeys."""
        return self._passkeys(self.officers_url, for_officers=True)

    def _passkeys(self, url: str, *, for_officers: bool) -> PasskeyParts:
        return PasskeyParts(
            url=url,
            for_officers=for_officers,
            database=self.database,
            log=self.log,
            challenges=self.challenges,
            clock=self.clock,
        )

    @cached_property
    def passkey_office(self) -> PasskeyOffice:
        """What the officers' passkey pages work with."""
        return PasskeyOffice(
            passkeys=self.officers.passkeys,
            questions=self.officers.questions,
            confirmations=Confirmations(database=self.database, log=self.log, clock=self.clock),
        )

    @cached_property
    def step_up(self) -> StepUp:
        """How officers confirm what they decide."""
        within = timedelta(seconds=self.step_up_settings.certificate_within_seconds)
        return StepUp(
            database=self.database,
            log=self.log,
            passkeys=self.officers.passkeys,
            questions=self.officers.questions,
            assertions=self.officers.assertions,
            demand_passkey=self.step_up_settings.by == "passkey",
            certificate_within=within if self._check_handshake else None,
            clock=self.clock,
        )

    @cached_property
    def ways(self) -> Ways:
        """The three ways."""
        return Ways(
            database=self.database,
            people=self.people,
            subscribers=self.subscribers,
            questions=self.public.questions,
            assertions=self.public.assertions,
            clock=self.clock,
        )

    @cached_property
    def handovers(self) -> Handovers:
        """Browsers between the two hosts."""
        return Handovers(database=self.database, clock=self.clock)

    @cached_property
    def events(self) -> SignInEvents:
        """Past sign-ins."""
        return SignInEvents(database=self.database, clock=self.clock)

    @cached_property
    def openid(self) -> OpenIdFlows | None:
        """The OpenID provider, None where the settings name none. Raises SettingsRefused."""
        settings = self.settings.openid
        if not settings.is_offered:
            return None
        outgoing = Outgoing(
            reachable=ReachableAddresses(allow_private=False, networks=settings.networks),
            trust_file=settings.trust_file,
            timeout_seconds=settings.timeout_seconds,
        )
        provider = Provider(issuer=settings.issuer, outgoing=outgoing, clock=self.clock)
        return OpenIdFlows(
            database=self.database,
            provider=provider,
            exchange=CodeExchange(
                provider=provider,
                outgoing=outgoing,
                client_id=settings.client_id,
                proof=_proof(settings, self.clock),
            ),
            id_tokens=IdTokens(
                provider=provider,
                client_id=settings.client_id,
                algorithms=settings.algorithms,
                clock=self.clock,
            ),
            settings=settings,
            redirect_uri=f"{self.public_url}/sign-in/openid/answer",
            clock=self.clock,
        )

    @cached_property
    def desk(self) -> SignInDesk:
        """What the sign-in pages work with."""
        return SignInDesk(
            ways=self.ways,
            sessions=self.sessions,
            events=self.events,
            passkeys=self.public.passkeys,
            questions=self.public.questions,
            handovers=self.handovers,
            openid=self.openid,
            openid_name=self.settings.openid.name,
            openid_origin=self.settings.openid.redirects_to if self.openid else "",
            officers_url=self.officers_url if self.settings.with_certificate else None,
        )

    @cached_property
    def blueprint(self) -> Blueprint:
        """Where certificates are presented."""
        return certificate_sign_in_blueprint(
            people=lambda: PresentedPeople(certificates=self.certificates, ways=self.ways),
            handovers=self.handovers,
            public_url=self.public_url,
            origin=self.public.party.origin,
        )

    def forget_old(self) -> None:
        """Delete what ran out: questions, browsers under way, old events."""
        self.challenges.forget_old()
        self.handovers.forget_old()
        self.events.forget_old()
        if self.openid is not None:
            self.openid.forget_old()


def sign_in_parts(services: Services) -> SignInParts:
    """Return the parts of sign-in of a home."""
    registration, settings = services.registration, services.settings
    subscribers = registration.subscribers
    return SignInParts(
        database=services.database,
        log=services.log,
        clock=services.clock,
        people=subscribers.people,
        subscribers=subscribers.subscribers,
        sessions=subscribers.sessions,
        certificates=registration.sign_in,
        settings=settings.sign_in.within(settings.home),
        step_up_settings=settings.step_up,
        public_url=settings.serve.public_url,
        officers_url=f"https://{settings.serve.officers_name}",
    )


def _proof(settings: OpenIdSettings, clock: Clock) -> ClientProof:
    if settings.private_key_file is not None:
        return KeyProof(
            client_id=settings.client_id,
            key_file=settings.private_key_file,
            key_id=settings.private_key_id,
            algorithm=settings.private_key_algorithm,
            clock=clock,
        )
    assert settings.client_secret_file is not None  # noqa: S101 - the settings demand one
    return SecretProof(client_id=settings.client_id, secret_file=settings.client_secret_file)
