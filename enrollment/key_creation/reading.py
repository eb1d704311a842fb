"""Read off a form which key an applicant chose."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from ca.csr import VerifiedCsr, verify_csr
from core.errors import Malformed, Unacceptable
from enrollment.key_creation.offers import KeyOffer
from enrollment.key_creation.policy import KeyHome

# A request with an RSA key of 8192 bits and many names is a tenth of this.
MOST_REQUEST_OCTETS = 64 * 1024
MOST_ESCROW_CHARACTERS = 32 * 1024
# The consent's text changes with this; what was agreed to is kept beside the key.
CONSENT = "escrow-1"


class KeyHomeNotChosen(Malformed):
    """The form does not say where the key lives, or names a home that is not offered."""

    problem = "key-home-not-chosen"
    title = "Choose where the key lives"


class KeyMissing(Unacceptable):
    """No request came with the form: nothing was pasted, uploaded or created."""

    problem = "key-missing"
    title = "There is no key yet"


class EscrowConsentLost(Malformed):
    """Escrow was agreed to, but the encrypted key did not come with the form."""

    problem = "escrow-consent-lost"
    title = "The key for escrow did not arrive"


class KeyPinUnsuitable(Unacceptable):
    """The PIN for a key in the state's HSM is too easily guessed, or was typed in two ways."""

    problem = "key-pin-unsuitable"
    title = "This PIN cannot be used"


class TooManyRemoteKeys(Unacceptable):
    """The state's HSM keeps as many keys of this person as anybody needs."""

    problem = "too-many-remote-keys"
    title = "The state's HSM keeps too many of your keys"


class UploadedFile(Protocol):
    """A file of a form, as werkzeug gives it."""

    @property
    def stream(self) -> IO[bytes]:
        """Its octets."""


@dataclass(frozen=True)
class ChosenKey:
    """The request of the key that was chosen.

    ``escrow`` is the key encrypted for escrow, CMS in DER (RFC 5083), where the holder agreed to
    it; nobody has looked into it yet.
    """

    home: KeyHome
    csr: VerifiedCsr
    escrow: bytes | None


def read_key(
    form: Mapping[str, str],
    files: Mapping[str, UploadedFile],
    offer: KeyOffer,
    *,
    name: str = "key",
) -> ChosenKey:
    """Return what was chosen in the group ``name`` of a form.

    A key in the state's HSM is made by this. Raises KeyHomeNotChosen, KeyMissing,
    EscrowConsentLost, KeyPinUnsuitable, TooManyRemoteKeys, Unavailable, and what a request raises
    (:func:`ca.csr.verify_csr`).
    """
    home = _home(form.get(f"{name}-home", ""), offer)
    if home is KeyHome.OWN_REQUEST:
        return ChosenKey(home, verify_csr(_own_request(form, files, name)), None)
    if home is KeyHome.STATE_HSM:
        return ChosenKey(home, verify_csr(offer.make_remotely(_pin(form, name))), None)
    created = form.get(f"{name}-created-request", "")
    if not created.strip():
        raise KeyMissing("Press “Create the key now” first.", kept="Your other answers are kept.")
    return ChosenKey(home, verify_csr(_bounded(created.encode())), _escrow(form, offer, name))


def _home(chosen: str, offer: KeyOffer) -> KeyHome:
    if chosen not in set(KeyHome) or not offer.allows(KeyHome(chosen)):
        raise KeyHomeNotChosen("Choose one of the places that are offered for this key.")
    return KeyHome(chosen)


def _pin(form: Mapping[str, str], name: str) -> str:
    pin = form.get(f"{name}-pin", "")
    if pin != form.get(f"{name}-pin-again", ""):
        raise KeyPinUnsuitable("Type the same PIN twice.", kept="Your other answers are kept.")
    return pin


def _own_request(form: Mapping[str, str], files: Mapping[str, UploadedFile], name: str) -> bytes:
    uploaded = files.get(f"{name}-request-file")
    octets = uploaded.stream.read(MOST_REQUEST_OCTETS + 1) if uploaded is not None else b""
    # A browser sends an empty file for a field that was left alone.
    octets = octets or form.get(f"{name}-request", "").strip().encode()
    if not octets:
        raise KeyMissing(
            "Paste the certification request (PKCS #10), or choose its file.",
            kept="Your other answers are kept.",
        )
    return _bounded(octets)


def _bounded(octets: bytes) -> bytes:
    if len(octets) > MOST_REQUEST_OCTETS:
        raise KeyMissing(
            f"This is too long for a certification request: at most {MOST_REQUEST_OCTETS} octets.",
            kept="Your other answers are kept.",
        )
    return octets


def _escrow(form: Mapping[str, str], offer: KeyOffer, name: str) -> bytes | None:
    # Without consent nothing is looked at, whatever came.
    if offer.escrow_key is None or form.get(f"{name}-escrow-consent") != CONSENT:
        return None
    text = form.get(f"{name}-escrow", "")
    try:
        octets = b64decode(text, validate=True) if len(text) <= MOST_ESCROW_CHARACTERS else b""
    except (binascii.Error, ValueError):
        octets = b""
    if not octets:
        raise EscrowConsentLost(
            "Create the key once more, with the consent to escrow chosen as you want it.",
            kept="Your other answers are kept.",
        )
    return octets
