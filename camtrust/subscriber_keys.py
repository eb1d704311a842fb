"""Wires what has to do with subscribers' keys: how they are created, escrowed, and revoked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from core.idempotency import new_act_id
from core.web.languages import read_texts
from enrollment.escrow.escrow import Escrow
from enrollment.escrow.handing_over import MAC_KEY, HandingOver
from enrollment.escrow.keys import EscrowKeys
from enrollment.escrow.mailed_notices import MailedNotices
from enrollment.escrow.notices import NoticeTable
from enrollment.escrow.office import EscrowOffice
from enrollment.escrow.pages.routes import TEXTS
from enrollment.escrow.recoveries import Recoveries
from enrollment.escrow.retention import EscrowRetention
from enrollment.key_creation.offers import KeyOffers
from enrollment.key_creation.policy import load_key_policy
from enrollment.key_creation.reading import KeyPinUnsuitable, TooManyRemoteKeys
from enrollment.revocation_codes.codes import RevocationCodes
from hsm.keys import KeyAlgorithm
from signing.credentials.credential import Holder, HolderKind
from signing.credentials.errors import PinUnsuitable, TooManyCredentials

if TYPE_CHECKING:
    from camtrust.wiring import Services


class StateHsmKeys:
    """The port of keys in the state's HSM, over those of remote signing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def make(self, *, owner: str, profile: str, title: str, pin: str) -> bytes:
        """Make a signing key of a person; return its request. Raises as the port says."""
        try:
            _, request_der = self._services.remote_signing.making.make(
                Holder(HolderKind.PERSON, owner),
                credential_id=new_act_id(self._services.clock.now()),
                label=title,
                algorithm=KeyAlgorithm.EC_P256,
                pin=pin,
            )
        except PinUnsuitable as error:
            raise KeyPinUnsuitable(error.detail, kept="Your other answers are kept.") from error
        except TooManyCredentials as error:
            raise TooManyRemoteKeys(error.detail, kept="Your other answers are kept.") from error
        return request_der


class SubscriberKeyWiring:
    """The part of :class:`camtrust.wiring.Services` that subscribers' keys need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def offers(self) -> KeyOffers:
        """Where a key may live."""
        return KeyOffers(
            open_profiles=self._services.registration.open_profiles,
            profiles=self._services.profiles,
            policy=load_key_policy(),
            escrow_key_for=self.escrow_keys.offered_for,
            remote_keys=StateHsmKeys(self._services),
        )

    @cached_property
    def revocation_codes(self) -> RevocationCodes:
        """The codes that revoke without a sign-in."""
        return RevocationCodes(
            database=self._services.database, log=self._services.log, clock=self._services.clock
        )

    @cached_property
    def escrow_keys(self) -> EscrowKeys:
        """What mail-encryption keys are encrypted to."""
        return EscrowKeys(self._services.keys.agreement_keys)

    @cached_property
    def escrow(self) -> Escrow:
        """Takes and erases copies of keys."""
        services = self._services
        return Escrow(
            database=services.database,
            log=services.log,
            keys=self.escrow_keys,
            clock=services.clock,
        )

    @cached_property
    def escrow_office(self) -> EscrowOffice:
        """What the routes of escrow work with."""
        services, registration = self._services, self._services.registration
        notices = NoticeTable(database=services.database)
        mailed = MailedNotices(
            page=notices,
            outbox=registration.mailing.outbox,
            khmer=read_texts(TEXTS / "km.po"),
            public_url=services.settings.serve.public_url,
        )
        recoveries = Recoveries(
            database=services.database,
            log=services.log,
            register=registration.register,
            notices=mailed,
            time=services.settings.escrow.recovery_time,
            clock=services.clock,
        )
        handing_over = HandingOver(
            database=services.database,
            log=services.log,
            recoveries=recoveries,
            keys=self.escrow_keys,
            authorities=services.authorities,
            mac_key=lambda: services.keys.mac_key(MAC_KEY),
            notices=mailed,
            clock=services.clock,
        )
        return EscrowOffice(
            escrow=self.escrow,
            recoveries=recoveries,
            handing_over=handing_over,
            notices=notices,
            clock=services.clock,
        )

    @cached_property
    def escrow_retention(self) -> EscrowRetention:
        """Erases copies that are kept no longer."""
        services = self._services
        return EscrowRetention(
            database=services.database,
            escrow=self.escrow,
            register=services.registration.register,
            settings=services.settings.escrow,
            clock=services.clock,
        )
