"""Wires the API of the Cloud Signature Consortium."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, cast

from apiflask import APIBlueprint
from asn1crypto import tsp
from flask import Flask

from camtrust.csc_documents import HouseDocuments
from camtrust.signing_programs import RegisteredPrograms
from core.errors import Unavailable
from enrollment.sign_in.routes import FIRST_PAGE
from enrollment.sign_in.routes import refusal_page as sign_in_refusal
from enrollment.subscriber.routes import LAYOUT as MY_LAYOUT
from enrollment.subscriber.routes import offer_page
from enrollment.subscriber.routes import refusal_page as my_refusal
from signing.credentials.pages.routes import KEY_PAGE, KeyPages, key_pages_blueprint
from signing.credentials.routes import CredentialDesk, mount_credentials
from signing.csc.access import Accesses
from signing.csc.codes import Codes
from signing.csc.consent import Consent
from signing.csc.credential_answers import CredentialAnswers
from signing.csc.document_answers import DocumentAnswers
from signing.csc.pages.routes import CscPages, csc_pages_blueprint
from signing.csc.registering.routes import RegisteringDesk, mount_registering
from signing.csc.return_addresses import ReturnAddresses
from signing.csc.routes import CscDesk, csc_blueprint
from signing.csc.signature_answers import SignatureAnswers
from signing.csc.signing_requests import SigningRequests
from signing.csc.token_answers import TokenAnswers
from signing.timestamps.authority import TimestampAuthority

if TYPE_CHECKING:
    from camtrust.wiring import Services


class StampsWithNonce:
    """The port of time-stamps, over our own authority."""

    def __init__(self, *, services: Services) -> None:
        self._services = services

    def token_for(self, digest: bytes, hash_algorithm: str, *, nonce: int | None = None) -> bytes:
        """Return a token; one with a nonce as the answer to a query (RFC 3161, Section 2.4.1)."""
        authority: TimestampAuthority = self._services.timestamps
        if nonce is None:
            return authority.token_for(digest, hash_algorithm)
        query = tsp.TimeStampReq(
            {
                "version": "v1",
                "message_imprint": {
                    "hash_algorithm": {"algorithm": hash_algorithm},
                    "hashed_message": digest,
                },
                "nonce": nonce,
                "cert_req": True,
            }
        )
        answer = authority.answer(query.dump())
        if answer.failures:
            # What is wrong with a hash was refused before: what remains is that a part is away.
            raise Unavailable("The time-stamp could not be made.", kept="Nothing was stamped.")
        return bytes(tsp.TimeStampResp.load(answer.response_der)["time_stamp_token"].dump())


class CscWiring:
    """The part of :class:`camtrust.wiring.Services` that the CSC API needs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def programs(self) -> RegisteredPrograms:
        """Programs that may ask for signatures."""
        registration = self._services.registration
        return RegisteredPrograms(
            database=self._services.database,
            tokens=lambda: registration.programs.tokens,
            certificates=lambda: registration.sign_in,
            officers=lambda: registration.officers,
        )

    @cached_property
    def addresses(self) -> ReturnAddresses:
        """Where they come back to."""
        return ReturnAddresses(
            database=self._services.database, log=self._services.log, clock=self._services.clock
        )

    @cached_property
    def requests(self) -> SigningRequests:
        """What they ask signers."""
        return SigningRequests(
            database=self._services.database,
            programs=self.programs,
            addresses=self.addresses,
            most_signatures=self._services.settings.credentials.most_signatures,
            settings=self._services.settings.csc,
            clock=self._services.clock,
        )

    @cached_property
    def codes(self) -> Codes:
        """What they get for it."""
        return Codes(
            database=self._services.database,
            extensions=self._services.remote_signing.extensions,
            clock=self._services.clock,
        )

    @cached_property
    def desk(self) -> CscDesk:
        """What the API works with."""
        signing, clock = self._services.remote_signing, self._services.clock
        stamps = StampsWithNonce(services=self._services)
        accesses = Accesses(
            programs=self.programs,
            codes=self.codes,
            credentials=signing.credentials,
            signatures=signing.signatures,
        )
        return CscDesk(
            accesses=accesses,
            credentials=CredentialAnswers(
                accesses=accesses,
                credentials=signing.credentials,
                certificates=signing.certificates,
                activations=signing.activations,
                extensions=signing.extensions,
                clock=clock,
            ),
            signatures=SignatureAnswers(
                accesses=accesses, signatures=signing.signatures, timestamps=stamps
            ),
            documents=DocumentAnswers(
                accesses=accesses,
                signatures=signing.signatures,
                documents=HouseDocuments(
                    pdfs=lambda: self._services.documents.signing,
                    files=lambda: self._services.documents.files,
                ),
                timestamps=stamps,
                document_octets=self._services.settings.csc.document_octets,
                clock=clock,
            ),
            tokens=TokenAnswers(programs=self.programs, codes=self.codes),
            public_url=self._services.settings.serve.public_url,
        )

    @cached_property
    def pages(self) -> CscPages:
        """What the signer's pages work with."""
        signing = self._services.remote_signing
        return CscPages(
            requests=self.requests,
            consent=Consent(
                database=self._services.database,
                requests=self.requests,
                programs=self.programs,
                credentials=signing.credentials,
                activations=signing.activations,
                codes=self.codes,
                issuer=self._services.settings.serve.public_url,
            ),
            layout="sign_in/layout.html",
            passkey_parts="passkeys/parts.html",
            home=FIRST_PAGE,
            refusal_page=sign_in_refusal,
        )

    @cached_property
    def key_pages(self) -> KeyPages:
        """What the pages of people's keys work with."""
        signing = self._services.remote_signing
        return KeyPages(
            credentials=signing.credentials,
            certificates=signing.certificates,
            acts=signing.acts,
            layout=MY_LAYOUT,
            passkey_parts="passkeys/parts.html",
            refusal_page=my_refusal,
            clock=self._services.clock,
        )

    @property
    def credential_desk(self) -> CredentialDesk:
        """What the API of seal keys works with."""
        people = self._services.registration.subscribers.people
        return CredentialDesk(
            credentials=self._services.remote_signing.credentials,
            making=self._services.remote_signing.making,
            acts=self._services.remote_signing.acts,
            institutions_of=lambda person: frozenset(
                one.institution for one in people.employments_of(person)
            ),
            certificate_sha256=self.programs.certificate_sha256,
        )

    @property
    def registering_desk(self) -> RegisteringDesk:
        """What the registration of addresses works with."""
        return RegisteringDesk(self.programs, self.addresses)

    @property
    def mounts(self) -> tuple[Callable[[Flask], None], ...]:
        """What brings our own API of keys and programs into an app of either listener."""
        return (
            lambda app: mount_credentials(app, lambda: self.credential_desk),
            lambda app: mount_registering(app, lambda: self.registering_desk),
        )

    @property
    def blueprint(self) -> APIBlueprint:
        """The API of programs."""
        octets = self._services.settings.csc.document_octets
        return csc_blueprint(lambda: self.desk, document_octets=octets)

    @property
    def page_blueprint(self) -> APIBlueprint:
        """The pages of signers."""
        return csc_pages_blueprint(lambda: self.pages)

    @property
    def key_page_blueprint(self) -> APIBlueprint:
        """The pages where people see to their keys."""
        blueprint = key_pages_blueprint(lambda: self.key_pages)
        blueprint.record_once(
            lambda state: offer_page(cast(Flask, state.app), KEY_PAGE, "My signing keys")
        )
        return blueprint

    def forget_old(self) -> None:
        """Delete requests, codes and tokens that are over."""
        self.requests.forget_old()
        self.codes.forget_old()
