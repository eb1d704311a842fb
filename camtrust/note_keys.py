"""The Ed25519 keys that sign checkpoints and cosign them: keys in tokens, under a note's name."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.errors import NotFound, Unavailable
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState, KeyStore, SigningKey


class NoteKeyMissing(NotFound):
    """No active key signs under this name yet."""

    problem = "note-key-missing"
    title = "The log has no key yet"


class TokenNoteSigner:
    """Signs notes with a key in a token; fulfils ``core.transparency.notes.CheckpointSigner``."""

    def __init__(self, *, name: str, keys: KeyStore, record: KeyRecord) -> None:
        public_key = load_der_public_key(record.public_key_der)
        if not isinstance(public_key, Ed25519PublicKey):
            raise Unavailable(f"The key of {name} is no Ed25519 key, which a signed note needs.")
        self._name = name
        self._public_key = public_key
        self._keys = keys
        self._key_id = record.key_id
        self._key: SigningKey | None = None

    @property
    def name(self) -> str:
        """The note's key name: a log's origin, or a witness's name."""
        return self._name

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The public half."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the 64 octets of the PureEdDSA signature (RFC 8032).

        The token is first asked here: what needs no signature works while it is away. Raises
        what the key raises.
        """
        if self._key is None:
            self._key = self._keys.signing_key(self._key_id)
        return self._key.sign(message)


def note_signer(keys: KeyStore, *, token: str, name: str) -> TokenNoteSigner:
    """Return the signer of ``name``, whose active key is labelled so in ``token``.

    Raises NoteKeyMissing.
    """
    for record in keys.records():
        if (record.token, record.label, record.state) == (token, name, KeyState.ACTIVE):
            return TokenNoteSigner(name=name, keys=keys, record=record)
    raise NoteKeyMissing(
        f"Token {token} has no active key for {name} yet: run `camtrust init` first."
    )


def make_note_key(keys: KeyStore, *, token: str, name: str) -> bool:
    """Make the key of ``name`` unless there is one; return whether it was made."""
    try:
        note_signer(keys, token=token, name=name)
    except NoteKeyMissing:
        record = keys.generate(token=token, label=name, algorithm=KeyAlgorithm.ED25519)
        keys.change_state(record.key_id, KeyState.ACTIVE, reason=f"signs notes as {name}")
        return True
    return False
