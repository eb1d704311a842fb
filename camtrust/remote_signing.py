"""Wires remote signing: the keys of people and organizations, and their second factors."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from camtrust.second_factors import PasskeyFactor
from camtrust.signing_programs import ProgramFactor
from hsm.keys import MacKey
from signing.credentials.activations import Activations
from signing.credentials.certificates import Certificates
from signing.credentials.credentials import Credentials
from signing.credentials.extensions import Extensions
from signing.credentials.holder_acts import HolderActs
from signing.credentials.making import KeyMaking
from signing.credentials.pin_gate import PinGate
from signing.credentials.sealing import MAC_KEY, Sealing
from signing.credentials.second_factor import SecondFactors
from signing.credentials.settings import CredentialSettings
from signing.credentials.signatures import Signatures

if TYPE_CHECKING:
    from camtrust.wiring import Services


class RemoteSigningWiring:
    """The part of :class:`camtrust.wiring.Services` that remote signing needs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> CredentialSettings:
        """The section ``[credentials]``."""
        return self._services.settings.credentials

    @cached_property
    def _mac_key(self) -> MacKey:
        return self._services.keys.mac_key(MAC_KEY, token=self.settings.token)

    @cached_property
    def sealing(self) -> Sealing:
        """Seals wrapped keys."""
        return Sealing(mac_key=lambda: self._mac_key)

    @cached_property
    def gate(self) -> PinGate:
        """Judges PINs."""
        return PinGate(
            database=self._services.database,
            log=self._services.log,
            sealing=self.sealing,
            most_wrong=self.settings.wrong_pins,
            clock=self._services.clock,
        )

    @cached_property
    def making(self) -> KeyMaking:
        """Makes keys."""
        return KeyMaking(
            database=self._services.database,
            log=self._services.log,
            keys=self._services.keys.portable_keys,
            sealing=self.sealing,
            gate=self.gate,
            settings=self.settings,
            clock=self._services.clock,
        )

    @cached_property
    def credentials(self) -> Credentials:
        """Keeps keys."""
        return Credentials(
            database=self._services.database,
            log=self._services.log,
            sealing=self.sealing,
            gate=self.gate,
            settings=self.settings,
            clock=self._services.clock,
        )

    @cached_property
    def certificates(self) -> Certificates:
        """Finds their certificates."""
        return Certificates(
            database=self._services.database,
            log=self._services.log,
            register=self._services.registration.register,
            authorities=self._services.authorities,
            clock=self._services.clock,
        )

    @cached_property
    def second_factors(self) -> SecondFactors:
        """What signers have, beside the PIN."""
        parts = self._services.registration.sign_in_parts
        return SecondFactors(
            people=PasskeyFactor(
                database=self._services.database,
                passkeys=lambda: parts.public.passkeys,
                questions=lambda: parts.public.questions,
                assertions=lambda: parts.public.assertions,
            ),
            organizations=ProgramFactor(tokens=lambda: self._services.registration.programs.tokens),
        )

    @cached_property
    def acts(self) -> HolderActs:
        """What holders do with their keys, beside signing."""
        return HolderActs(
            credentials=self.credentials,
            making=self.making,
            second_factors=self.second_factors,
        )

    @cached_property
    def activations(self) -> Activations:
        """Authorizes signatures."""
        return Activations(
            database=self._services.database,
            log=self._services.log,
            credentials=self.credentials,
            certificates=self.certificates,
            gate=self.gate,
            sealing=self.sealing,
            second_factors=self.second_factors,
            settings=self.settings,
            clock=self._services.clock,
        )

    @cached_property
    def extensions(self) -> Extensions:
        """Gives authorizations more time."""
        return Extensions(
            database=self._services.database,
            log=self._services.log,
            credentials=self.credentials,
            certificates=self.certificates,
            sealing=self.sealing,
            settings=self.settings,
            clock=self._services.clock,
        )

    @cached_property
    def signatures(self) -> Signatures:
        """Signs."""
        return Signatures(
            database=self._services.database,
            log=self._services.log,
            keys=self._services.keys.portable_keys,
            credentials=self.credentials,
            certificates=self.certificates,
            sealing=self.sealing,
            clock=self._services.clock,
        )
