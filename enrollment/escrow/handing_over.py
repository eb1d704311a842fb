"""Hand the parts of an approved recovery over: the file to one officer, the password to the other.

The password is stored nowhere: it is the token's HMAC over the recovery's id (NIST SP 800-108,
Section 4.1), so that the file can be made, and the password shown, in any order and again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PBES,
    PKCS12PrivateKeyTypes,
    serialize_key_and_certificates,
)
from sqlalchemy import Connection, insert

from ca.authorities import Authorities
from core.access import Principal
from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.escrow.errors import NotForThisOfficer, RecoveredKeyWrong, RecoveryClosed
from enrollment.escrow.escrowed_key import find_escrowed_key
from enrollment.escrow.keys import EscrowKeys
from enrollment.escrow.models import handovers
from enrollment.escrow.notices import Event, HolderNotices, Notice
from enrollment.escrow.opening import open_escrowed
from enrollment.escrow.recoveries import Recoveries, check_kept
from enrollment.escrow.recovery import Part, Recovery, RecoveryState, find_recovery
from enrollment.jurisdiction import Jurisdiction
from enrollment.revocation_codes.code import ALPHABET, in_groups
from hsm.keys import MacKey

# The name of the MAC key in its token.
MAC_KEY = "enrollment escrow recoveries"
_DOMAIN = b"camtrust escrow recovery password, version 1\x00"
_SIGNS = 20  # of five bits each
# As scripts/sealed_keys.js: what every program still reads.
ROUNDS = 250_000
FILE_NAME = b"recovered mail-encryption key"


class HandingOver:
    """Hands over what two officers agreed to, and tells the holder each time."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        recoveries: Recoveries,
        keys: EscrowKeys,
        authorities: Authorities,
        mac_key: Callable[[], MacKey],
        notices: HolderNotices,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._recoveries = recoveries
        self._keys = keys
        self._authorities = authorities
        self._mac_key = mac_key
        self._notices = notices
        self._clock = clock

    def file(self, recovery_id: str, *, officer: Principal) -> bytes:
        """Return the PKCS #12 file of an approved recovery to the officer who proposed it.

        Raises RecoveryUnknown, NotForThisOfficer, RecoveryClosed, EscrowedKeyErased,
        RecoveredKeyWrong, KeyNotFound and Unavailable.
        """
        recovery = self._checked(recovery_id, officer, Part.FILE)
        # Before the transaction: the token, which may be slow, holds up no other.
        password = self._password(recovery)
        try:
            made = self._make(recovery, password)
        except RecoveredKeyWrong:
            self._note_damaged(recovery)
            raise
        self._hand_over(recovery_id, officer, Part.FILE)
        return made

    def password(self, recovery_id: str, *, officer: Principal) -> str:
        """Return the file's password to the officer who approved, in groups.

        Raises RecoveryUnknown, NotForThisOfficer, RecoveryClosed and Unavailable.
        """
        password = self._password(self._checked(recovery_id, officer, Part.PASSWORD))
        self._hand_over(recovery_id, officer, Part.PASSWORD)
        return password

    def _checked(self, recovery_id: str, officer: Principal, part: Part) -> Recovery:
        recovery = self._recoveries.find(recovery_id, within=Jurisdiction.of(officer))
        self._check(recovery, officer, part)
        return recovery

    def _check(self, recovery: Recovery, officer: Principal, part: Part) -> None:
        if recovery.state is not RecoveryState.APPROVED:
            raise RecoveryClosed(f"This recovery is {recovery.state}: there is nothing to fetch.")
        meant = recovery.proposed_by if part is Part.FILE else recovery.decided_by
        if officer.id != meant:
            raise NotForThisOfficer(
                "The officer who proposed gets the file, the one who approved its password."
            )
        if not recovery.is_open(self._clock.now(), self._recoveries.time):
            raise RecoveryClosed("The time of this recovery is over. Propose it anew.")

    def _password(self, recovery: Recovery) -> str:
        octets = self._mac_key().mac(_DOMAIN + recovery.id.encode("ascii"))
        return in_groups("".join(ALPHABET[one % len(ALPHABET)] for one in octets[:_SIGNS]))

    def _make(self, recovery: Recovery, password: str) -> bytes:
        with self._database.read() as connection:
            key = find_escrowed_key(connection, recovery.escrowed_key)
        held = self._recoveries.certificate_of(key)
        certificate = x509.load_der_x509_certificate(held.certificate_der)
        private_key = open_escrowed(
            check_kept(key), self._keys.find(key.escrow_key_id), certificate
        )
        # RFC 5280, Section 6.1: the anchor is not part of a chain.
        issuers = self._authorities.chain(held.authority)[:-1]
        return pkcs12(private_key, certificate, issuers, password)

    def _hand_over(self, recovery_id: str, officer: Principal, part: Part) -> None:
        with self._database.begin() as connection:
            # Once more, locked: meanwhile its time may have ended.
            recovery = find_recovery(connection, recovery_id, locked=True)
            self._check(recovery, officer, part)
            now = self._clock.now()
            kind = f"escrow-{part}-handed-over"
            index = self._write(connection, kind, recovery, officer.id, now)
            to = {"file_to" if part is Part.FILE else "password_to": officer.id}
            connection.execute(
                insert(handovers).values(recovery=recovery.id, at=now, log_index=index, **to)
            )
            self._notices.tell(
                connection, Notice(recovery.holder, recovery.id, Event(part.value), now)
            )

    def _note_damaged(self, recovery: Recovery) -> None:
        with self._database.begin() as connection:
            now = self._clock.now()
            self._write(connection, "escrow-copy-wrong", recovery, recovery.proposed_by, now)
            told = Notice(recovery.holder, recovery.id, Event.DAMAGED, now)
            self._notices.tell(connection, told)

    def _write(
        self, connection: Connection, kind: str, recovery: Recovery, officer: str, now: datetime
    ) -> int:
        facts: dict[str, JsonValue] = {
            "officer": commitment(recovery.salt, officer.encode()),
            "recovery": recovery.id,
        }
        [index] = self._log.append(connection, [LogEntry(kind, now, facts)])
        return index


def pkcs12(
    private_key: PKCS12PrivateKeyTypes,
    certificate: x509.Certificate,
    issuers: list[x509.Certificate],
    password: str,
) -> bytes:
    """Return a PKCS #12 file like those that browsers make here: PBES2, HMAC with SHA-256."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(password.encode("ascii"))
    )
    return serialize_key_and_certificates(FILE_NAME, private_key, certificate, issuers, encryption)
