"""The options that a browser hands to its authenticators, as JSON.

Web Authentication, Sections 5.4 and 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
)
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from enrollment.passkeys.challenges import LIFETIME, Challenges, Purpose
from enrollment.passkeys.passkey import ALGORITHMS, Passkey
from enrollment.passkeys.relying_party import RelyingParty


def registering(principal: str) -> bytes:
    """Return what the question to a new passkey commits to: for whom it is."""
    return sha256(f"register\n{principal}".encode()).digest()


class Questions:
    """Puts questions to the authenticators of one relying party."""

    def __init__(self, *, relying_party: RelyingParty, challenges: Challenges) -> None:
        self._party = relying_party
        self._challenges = challenges

    def to_register(self, principal: str, shown_name: str, present: Iterable[Passkey]) -> str:
        """Return the options for a new passkey of ``principal``.

        ``shown_name`` is what the authenticator lists it under; ``present`` passkeys' devices
        are left out.
        """
        options = generate_registration_options(
            rp_id=self._party.id,
            rp_name=self._party.name,
            user_id=self._party.user_handle(principal),
            user_name=shown_name,
            user_display_name=shown_name,
            challenge=self._challenges.ask(Purpose.REGISTER, registering(principal)),
            timeout=_milliseconds(),
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(present),
            supported_pub_key_algs=ALGORITHMS,
        )
        return options_to_json(options)

    def to_assert(self, purpose: Purpose, commits_to: bytes, among: Iterable[Passkey] = ()) -> str:
        """Return the options for a use of a passkey: any discoverable one, or one ``among``."""
        options = generate_authentication_options(
            rp_id=self._party.id,
            challenge=self._challenges.ask(purpose, commits_to),
            timeout=_milliseconds(),
            allow_credentials=_descriptors(among) or None,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)


def _descriptors(among: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports],
        )
        for one in among
    ]


def _milliseconds() -> int:
    return int(LIFETIME.total_seconds() * 1000)
