"""Signed notes (c2sp.org/signed-note): a text, a blank line, and signature lines.

Only Ed25519 is spoken: type 0x01 for the log's own signatures, 0x04 for witnesses' timestamped
cosignatures (:mod:`core.transparency.cosignature`). Signatures of other types and of unknown
keys are ignored, as the specification demands.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.transparency.errors import NoteMalformed, NotProven

# signed-note, Signature types.
ED25519 = 0x01
COSIGNATURE_V1 = 0x04

# "MUST accept at least up to 16 signatures", of nearly 5 kB each.
MAX_SIGNATURES = 32
MAX_NOTE_OCTETS = 256 * 1024

_EM_DASH_SPACE = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_ED25519_OCTETS = 32


class CheckpointSigner(Protocol):
    """An Ed25519 key that signs notes under a name; hsm fulfils it, camtrust/ wires it."""

    @property
    def name(self) -> str:
        """The key's name: for a log its origin."""

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 octets of the PureEdDSA signature over ``message`` (RFC 8032)."""


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: who, which key, and the signature's octets."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line, ending in a newline."""
        return f"{_EM_DASH_SPACE}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class SignedNote:
    """A text that ends in a newline, and its signatures. Nothing in it is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, octets: bytes) -> SignedNote:
        """Read a note. Raises NoteMalformed."""
        note = _checked_text(octets)
        # The text is separated from the signatures by the last empty line in the note.
        text, separator, tail = note.rpartition("\n\n")
        if not separator:
            raise NoteMalformed("A signed note has an empty line before its signatures.")
        return cls(text + "\n", parse_signature_lines(tail))

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        return (self.text + "\n" + "".join(one.line() for one in self.signatures)).encode()


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name: what somebody must be given in order to trust a note."""

    name: str
    public_key: Ed25519PublicKey
    signature_type: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read ``name+hash+base64`` (a vkey). Raises NoteMalformed."""
        match = _VKEY.fullmatch(vkey)
        if match is None:
            raise NoteMalformed("A verifier key looks like NAME+8 hex digits+BASE64.")
        name, key_id, encoded = match.groups()
        octets = decode_base64(encoded)
        if len(octets) != 1 + _ED25519_OCTETS or octets[0] not in (ED25519, COSIGNATURE_V1):
            raise NoteMalformed("The verifier key is of a type that camtrust does not speak.")
        key = cls(name, Ed25519PublicKey.from_public_bytes(octets[1:]), octets[0])
        if key.key_id.hex() != key_id:
            raise NoteMalformed("The verifier key's hash does not fit its name and key.")
        return key

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || type || public key), the first four octets."""
        return sha256(self.name.encode() + b"\n" + self._typed_key()).digest()[:4]

    def vkey(self) -> str:
        """Return the one-line text form that :meth:`parse` reads."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self._typed_key())}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check 64 octets of Ed25519 over ``message``. Raises NotProven."""
        try:
            self.public_key.verify(signature, message)
        except InvalidSignature as error:
            raise NotProven(f"The signature of {self.name} does not verify.") from error

    def own(self, signatures: Sequence[NoteSignature]) -> list[NoteSignature]:
        """Return those that name this very key."""
        return [one for one in signatures if (one.name, one.key_id) == (self.name, self.key_id)]

    def _typed_key(self) -> bytes:
        return bytes([self.signature_type]) + self.public_key.public_bytes_raw()


def sign_note(text: str, signer: CheckpointSigner) -> SignedNote:
    """Sign ``text``, which ends in a newline, with an Ed25519 key (type 0x01)."""
    key = VerifierKey(signer.name, signer.public_key)
    signature = NoteSignature(key.name, key.key_id, signer.sign(text.encode()))
    return SignedNote(text, (signature,))


def verify_note(note: SignedNote, key: VerifierKey) -> None:
    """Check the log's own signature on ``note``. Raises NotProven.

    Any signature by ``key`` that fails refuses the whole note.
    """
    own = key.own(note.signatures) if key.signature_type == ED25519 else []
    if not own:
        raise NotProven(f"There is no signature of {key.name} with the key given.")
    for one in own:
        key.verify(one.signature, note.text.encode())


def parse_signature_lines(lines: str) -> tuple[NoteSignature, ...]:
    """Read one or more signature lines, each ending in a newline. Raises NoteMalformed."""
    if not lines.endswith("\n"):
        raise NoteMalformed("The last signature line has no newline.")
    found = lines[:-1].split("\n")
    if len(found) > MAX_SIGNATURES:
        raise NoteMalformed(f"A note has at most {MAX_SIGNATURES} signatures.")
    return tuple(_parse_signature_line(line) for line in found)


def _parse_signature_line(line: str) -> NoteSignature:
    if not line.startswith(_EM_DASH_SPACE):
        raise NoteMalformed("A signature line begins with an em dash and a space.")
    name, separator, encoded = line[len(_EM_DASH_SPACE) :].partition(" ")
    octets = decode_base64(encoded)
    # 4 octets of key ID and a signature.
    if not separator or len(octets) < 5:
        raise NoteMalformed("A signature line has a key name, a key ID and a signature.")
    check_key_name(name)
    return NoteSignature(name, octets[:4], octets[4:])


def check_key_name(name: str) -> None:
    """Refuse a name that is empty or has a space, a plus or a control. Raises NoteMalformed."""
    if not name or any(char.isspace() or char == "+" or char < " " for char in name):
        raise NoteMalformed("A key name is not empty and has neither spaces nor a plus sign.")


def encode_base64(octets: bytes) -> str:
    """Return standard base64 with padding (RFC 4648, Section 4)."""
    return base64.b64encode(octets).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Read standard base64, canonical only. Raises NoteMalformed."""
    try:
        octets = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed("Not base64.") from error
    # One text for one value: otherwise a signed note could be altered without notice.
    if encode_base64(octets) != text:
        raise NoteMalformed("The base64 is not canonical.")
    return octets


def _checked_text(octets: bytes) -> str:
    if len(octets) > MAX_NOTE_OCTETS:
        raise NoteMalformed(f"A note has at most {MAX_NOTE_OCTETS} octets.")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteMalformed("A note is UTF-8.") from error
    if _CONTROL.search(text):
        raise NoteMalformed("A note has no control characters but newlines.")
    return text
