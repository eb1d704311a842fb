"""New signing keys: made in the HSM, wrapped, sealed under the signer's PIN, and requested for."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import new_salt
from core.transparency.log import TransparencyLog
from hsm.digests import SCHEMES
from hsm.errors import AlgorithmNotOffered
from hsm.keys import KeyAlgorithm
from hsm.portable_keys import PortableKey, PortableKeys
from signing.credentials.certification_request import certification_request
from signing.credentials.credential import (
    Credential,
    CredentialState,
    Holder,
    credential_of,
    credential_row,
    sealed_as,
)
from signing.credentials.errors import CredentialExists, TooManyCredentials
from signing.credentials.log_entries import Salted, log_of_key
from signing.credentials.models import signing_credentials
from signing.credentials.pin_gate import PinGate
from signing.credentials.pins import Stretching, check_new_pin
from signing.credentials.sealing import PinSeal, Sealing
from signing.credentials.settings import CredentialSettings

# A key for each kind of certificate, and those that renewals left behind.
MOST_FOR_A_HOLDER = 32
LONGEST_LABEL = 100


class KeyMaking:
    """Makes signing keys, and their certification requests."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        keys: PortableKeys,
        sealing: Sealing,
        gate: PinGate,
        settings: CredentialSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._sealing = sealing
        self._gate = gate
        self._settings = settings
        self._clock = clock

    def make(
        self, holder: Holder, *, credential_id: str, label: str, algorithm: KeyAlgorithm, pin: str
    ) -> tuple[Credential, bytes]:
        """Make a key of this id; return it with its certification request (PKCS #10, DER).

        Raises PinUnsuitable, AlgorithmNotOffered, TooManyCredentials, CredentialExists, and
        Unavailable.
        """
        check_new_pin(pin, shortest=self._settings.shortest_pin)
        if algorithm not in SCHEMES:
            raise AlgorithmNotOffered(f"Keys of type {algorithm} do not sign documents.")
        with self._database.read() as connection:
            _check_room(connection, holder)
        made = self._keys.generate(algorithm=algorithm, label=label, token=self._settings.token)
        signing_key = self._keys.signing_key(made.wrapped, made.public_key, token=made.token)
        request = certification_request(signing_key, credential_id)
        seal = self._sealing.under_pin(
            made.wrapped.blob,
            pin,
            bound_to=sealed_as(credential_id, holder, made.wrapped, made.token),
            stretching=stretching_of(self._settings),
        )
        try:
            with self._database.begin() as connection:
                _check_room(connection, holder)
                self._insert(connection, holder, credential_id, label, made, seal)
                row = credential_row(connection, credential_id)
        except IntegrityError as error:
            raise CredentialExists("A signing key of this id was made before.") from error
        return credential_of(row), request

    def request(self, credential_id: str, *, pin: str, holder: Holder | None = None) -> bytes:
        """Return a certification request of a key, DER, for its PIN. Raises as ``PinGate.open``."""
        opened = self._gate.open(credential_id, pin, holder=holder)
        public_key = opened.credential.public_key
        signing_key = self._keys.signing_key(opened.wrapped, public_key, token=opened.token)
        return certification_request(signing_key, credential_id)

    def _insert(
        self,
        connection: Connection,
        holder: Holder,
        credential_id: str,
        label: str,
        made: PortableKey,
        seal: PinSeal,
    ) -> None:
        now, salt, wrapped = self._clock.now(), new_salt(), made.wrapped
        index = log_of_key(
            self._log,
            connection,
            "signing-key-made",
            now,
            _New(credential_id, salt),
            {"holder_kind": str(holder.kind)},
        )
        connection.execute(
            insert(signing_credentials).values(
                id=credential_id,
                holder_kind=holder.kind,
                holder=holder.id,
                label=label[:LONGEST_LABEL],
                algorithm=wrapped.algorithm,
                key_id=wrapped.key_id,
                public_key_der=made.public_key_der,
                provenance=dict(made.provenance),
                token=made.token,
                kek_id=wrapped.kek_id,
                mechanism=wrapped.mechanism,
                state=CredentialState.ACTIVE,
                wrong_pins=0,
                pins_on_trial=0,
                own_unlockings=0,
                made_at=now,
                salt=salt,
                log_index=index,
                **pin_columns(seal),
                pin_set_at=now,
            )
        )


class _New(Salted):
    """A key that has no row yet, as the log's entry needs it."""

    def __init__(self, credential_id: str, salt: bytes) -> None:
        self._id, self._salt = credential_id, salt

    @property
    def id(self) -> str:
        """The credential's id."""
        return self._id

    @property
    def salt(self) -> bytes:
        """What hides it."""
        return self._salt


def stretching_of(settings: CredentialSettings) -> Stretching:
    """Return how PINs are stretched that are set from now on."""
    return Stretching(settings.pin_memory_kibibytes, settings.pin_passes, settings.pin_lanes)


def pin_columns(seal: PinSeal) -> dict[str, object]:
    """Return the columns that keep a seal."""
    return {
        "sealed_key": seal.sealed_key,
        "pin_salt": seal.salt,
        "pin_memory_kibibytes": seal.stretching.memory_kibibytes,
        "pin_passes": seal.stretching.passes,
        "pin_lanes": seal.stretching.lanes,
    }


def _check_room(connection: Connection, holder: Holder) -> None:
    held = connection.scalar(
        select(func.count())
        .select_from(signing_credentials)
        .where(
            signing_credentials.c.holder_kind == holder.kind,
            signing_credentials.c.holder == holder.id,
            signing_credentials.c.state != CredentialState.DESTROYED,
        )
    )
    if (held or 0) >= MOST_FOR_A_HOLDER:
        raise TooManyCredentials(
            f"A holder has at most {MOST_FOR_A_HOLDER} signing keys; destroy one of them first.",
            kept="Nothing was made.",
        )
