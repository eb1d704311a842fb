"""Key pairs that agree on secrets in a token: ECDH on P-384, what is encrypted to us is read with.

Such a key may DERIVE and nothing else: it neither signs nor decrypts nor unwraps, and never leaves
its token. The secret that it derives does leave the token: it is good for one message alone, for
whoever sent that message made a key pair for it (NIST SP 800-56A, Section 6.2.2).
"""

from __future__ import annotations

import contextlib
from typing import Any

from asn1crypto.core import OctetString
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from pkcs11 import KDF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import NoSuchKey, PKCS11Error
from sqlalchemy import Row, insert, select

from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from hsm.algorithms import TOKEN_ALGORITHMS
from hsm.errors import AlgorithmNotOffered, KeyNotFound
from hsm.keys import KeyAlgorithm, key_id_of
from hsm.models import agreement_keys
from hsm.sessions import Worker
from hsm.tokens import Tokens

AGREEMENT_KEY_LABEL = "camtrust agreement key"
SECRET_OCTETS = 48
_P384 = TOKEN_ALGORITHMS[KeyAlgorithm.EC_P384].parameters


class Pkcs11AgreementKey:
    """An agreement key in a token, ready for use in any thread."""

    def __init__(self, *, row: Row[Any], tokens: Tokens) -> None:
        self.key_id: bytes = row.key_id
        self.token: str = row.token
        self.public_key_der: bytes = row.public_key_der
        self._tokens = tokens

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public half."""
        key = load_der_public_key(self.public_key_der)
        assert isinstance(key, EllipticCurvePublicKey)  # noqa: S101 - no other is kept
        return key

    def agree(self, peer: EllipticCurvePublicKey) -> bytes:
        """Return the 48 octets of the shared secret.

        ``peer`` is on P-384 and on its curve, which ``cryptography`` saw when it read it: a point
        beside the curve could draw the private key out bit by bit. Raises KeyNotFound,
        TokenUnavailable, or AlgorithmNotOffered.
        """
        if not isinstance(peer.curve, SECP384R1):
            raise AlgorithmNotOffered("This key agrees with keys on P-384 alone.")
        point = peer.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return self._tokens.use(self.token, lambda worker: _derive(worker, self.key_id, point))


class AgreementKeys:
    """Makes and finds agreement keys."""

    def __init__(self, *, database: Database, clock: Clock, tokens: Tokens) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens

    def newest(self, name: str) -> Pkcs11AgreementKey:
        """Return the key of a name that is used for what is new; asks no token.

        Raises KeyNotFound.
        """
        query = select(agreement_keys).where(agreement_keys.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(
                query.order_by(agreement_keys.c.created_at.desc(), agreement_keys.c.key_id)
            ).first()
        return self._key(row)

    def find(self, key_id: bytes, name: str) -> Pkcs11AgreementKey:
        """Return a key of a name, new or old; asks no token. Raises KeyNotFound."""
        query = select(agreement_keys).where(
            agreement_keys.c.key_id == key_id, agreement_keys.c.name == name
        )
        with self._database.read() as connection:
            return self._key(connection.execute(query).one_or_none())

    def make(self, name: str, *, token: str) -> Pkcs11AgreementKey:
        """Make a key pair in ``token``; from now on it is the newest of its name.

        Raises AlgorithmNotOffered, TokenUnavailable or SettingsRefused.
        """
        # A token in which a key is made has a canary from then on.
        self._tokens.check(token)
        public_key = self._tokens.use(token, _generate, writing=True)
        der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        key_id = key_id_of(public_key)
        try:
            with self._database.begin() as connection:
                connection.execute(
                    insert(agreement_keys).values(
                        key_id=key_id,
                        name=name,
                        token=token,
                        public_key_der=der,
                        created_at=self._clock.now(),
                    )
                )
        except Exception:
            # A key that no record names could never be used.
            with contextlib.suppress(CamtrustError):
                self._tokens.use(token, lambda worker: _erase(worker, key_id), writing=True)
            raise
        return self.find(key_id, name)

    def _key(self, row: Row[Any] | None) -> Pkcs11AgreementKey:
        if row is None:
            raise KeyNotFound("There is no agreement key of this name.")
        return Pkcs11AgreementKey(row=row, tokens=self._tokens)


def _generate(worker: Worker) -> EllipticCurvePublicKey:
    domain = worker.session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: _P384}, local=True
    )
    public, private = domain.generate_keypair(
        label=AGREEMENT_KEY_LABEL,
        store=True,
        capabilities=MechanismFlag.DERIVE,
        mechanism=Mechanism.EC_KEY_PAIR_GEN,
        private_template={
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
        },
    )
    # PKCS #11 v2.40, Section 2.3.3: CKA_EC_POINT is the DER of an OCTET STRING.
    point = bytes(OctetString.load(public[Attribute.EC_POINT], strict=True).native)
    key = EllipticCurvePublicKey.from_encoded_point(SECP384R1(), point)
    public[Attribute.ID] = private[Attribute.ID] = key_id_of(key)
    return key


def _derive(worker: Worker, key_id: bytes, point: bytes) -> bytes:
    # CKD_NULL: the secret as it is. Tokens differ in the key derivations that they know.
    secret = worker.private_key(key_id).derive_key(
        KeyType.GENERIC_SECRET,
        SECRET_OCTETS * 8,
        mechanism=Mechanism.ECDH1_DERIVE,
        mechanism_param=(KDF.NULL, None, point),
        store=False,
        capabilities=MechanismFlag(0),
        template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    try:
        return bytes(secret[Attribute.VALUE]).rjust(SECRET_OCTETS, b"\x00")
    finally:
        with contextlib.suppress(PKCS11Error):
            secret.destroy()


def _erase(worker: Worker, key_id: bytes) -> None:
    for half in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        with contextlib.suppress(NoSuchKey):
            worker.find(half, key_id).destroy()
