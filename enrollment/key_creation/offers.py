"""What a page offers to one applicant for the key of one certificate."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ca.profiles import Profile
from enrollment.key_creation.policy import ELSEWHERE_ALONE, KEY_TYPES, KeyHome, ProfileKeys
from enrollment.profiles import OpenProfiles

# Made by a script of ours.
IN_BROWSER = frozenset({KeyHome.FILE, KeyHome.BROWSER})


class RemoteKeys(Protocol):
    """Makes keys that the state's HSM keeps for people; ``camtrust/`` connects it."""

    def make(self, *, owner: str, profile: str, title: str, pin: str) -> bytes:
        """Make a key of ``owner`` under a PIN; return its certification request, DER.

        Raises KeyPinUnsuitable, TooManyRemoteKeys, Unavailable.
        """


@dataclass(frozen=True)
class KeyOffer:
    """Where the key of a certificate may live, and what the browser makes.

    ``owner`` is a pseudonym: on a computer that several people use, each finds their own keys.
    ``escrow_key`` is the SubjectPublicKeyInfo that a key may be encrypted to for escrow, None where
    nothing is escrowed. ``remote_keys`` makes keys in the state's HSM.
    """

    profile: str
    title: str
    owner: str
    homes: tuple[KeyHome, ...]
    algorithms: tuple[str, ...]
    shared_computer: bool
    escrow_key: bytes | None
    remote_keys: RemoteKeys | None = None

    @property
    def escrow_key_base64(self) -> str:
        """The escrow key as the script reads it; empty without one."""
        return b64encode(self.escrow_key or b"").decode("ascii")

    def allows(self, home: KeyHome) -> bool:
        """Tell whether a key may live there."""
        return home in self.homes

    def make_remotely(self, pin: str) -> bytes:
        """Make the key in the state's HSM; return its request, DER. Raises as the port does."""
        assert self.remote_keys is not None  # noqa: S101 - else this home is not offered
        return self.remote_keys.make(
            owner=self.owner, profile=self.profile, title=self.title, pin=pin
        )


class KeyOffers:
    """Makes offers by policy and profile.

    ``escrow_key_for`` returns the escrow key for a profile, or None. Without ``remote_keys`` no
    key is offered to be kept in the state's HSM.
    """

    def __init__(
        self,
        *,
        open_profiles: OpenProfiles,
        profiles: Mapping[str, Profile],
        policy: Mapping[str, ProfileKeys],
        escrow_key_for: Callable[[str], bytes | None],
        remote_keys: RemoteKeys | None = None,
    ) -> None:
        self._open_profiles = open_profiles
        self._profiles = profiles
        self._policy = policy
        self._escrow_key_for = escrow_key_for
        self._remote_keys = remote_keys

    def offer(self, profile: str, *, owner: str, shared_computer: bool) -> KeyOffer:
        """Return what is offered for a profile. Raises ProfileNotOpen."""
        title = self._open_profiles.open(profile).title
        allowed = self._policy.get(profile, ELSEWHERE_ALONE)
        held = self._profiles[profile]
        taken = held.key_types(held.default_issuer_role)
        algorithms = tuple(one for one in allowed.algorithms if KEY_TYPES[one] in taken)
        homes = [
            home
            for home in allowed.homes
            if home is KeyHome.OWN_REQUEST
            or (home is KeyHome.STATE_HSM and self._remote_keys is not None)
            or (home in IN_BROWSER and algorithms)
            if not (home is KeyHome.BROWSER and shared_computer)
        ]
        return KeyOffer(
            profile=profile,
            title=title,
            owner=owner,
            homes=tuple(homes),
            algorithms=algorithms,
            shared_computer=shared_computer,
            escrow_key=self._escrow_key_for(profile) if KeyHome.FILE in homes else None,
            remote_keys=self._remote_keys if KeyHome.STATE_HSM in homes else None,
        )
