"""A principal's passkeys: several, each with a name; registered, renamed, removed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from webauthn import verify_registration_response
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.registration.verify_registration_response import VerifiedRegistration

from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from core.transparency.entry import JsonValue, LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from enrollment.models import principals
from enrollment.passkeys.challenges import Challenges, Purpose
from enrollment.passkeys.credentials import NewCredential
from enrollment.passkeys.errors import (
    PasskeyExists,
    PasskeyNotRegistered,
    PasskeyUnknown,
    TooManyPasskeys,
)
from enrollment.passkeys.models import passkeys
from enrollment.passkeys.passkey import ALGORITHMS, Passkey, PasskeyState, passkey_of
from enrollment.passkeys.questions import registering
from enrollment.passkeys.relying_party import RelyingParty

# Nobody carries more authenticators; it bounds what a page shows and a browser is sent.
MOST = 10
LONGEST_NAME = 64


class Passkeys:
    """Keeps the passkeys of one relying party; each change is logged."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        relying_party: RelyingParty,
        challenges: Challenges,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._party = relying_party
        self._challenges = challenges
        self._clock = clock

    def of(self, principal: str) -> list[Passkey]:
        """Return the passkeys that a principal has, oldest first, proposed ones too."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(passkeys)
                .where(
                    passkeys.c.principal == principal,
                    passkeys.c.rp_id == self._party.id,
                    passkeys.c.state != PasskeyState.REMOVED,
                )
                .order_by(passkeys.c.registered_at, passkeys.c.id)
            ).all()
        return [passkey_of(row) for row in rows]

    def register(self, principal: str, name: str, credential: NewCredential) -> Passkey:
        """Keep a new passkey of a principal; an officer's waits for its confirmation.

        Raises ChallengeRefused, PasskeyNotRegistered, PasskeyExists and TooManyPasskeys.
        """
        verified = self._verified(credential)
        try:
            with self._database.begin() as connection:
                self._challenges.spend(
                    connection, credential.challenge, Purpose.REGISTER, registering(principal)
                )
                self._check_room(connection, principal)
                kept = self._insert(connection, principal, name, credential, verified)
        except IntegrityError as error:
            raise PasskeyExists("This passkey is registered already.") from error
        return kept

    def rename(self, principal: str, passkey: str, name: str) -> None:
        """Give a passkey another name. Raises PasskeyUnknown."""
        with self._database.begin() as connection:
            changed = connection.execute(
                update(passkeys).where(*self._is(principal, passkey)).values(name=_name(name))
            )
            if not changed.rowcount:
                raise _unknown()

    def remove(self, principal: str, passkey: str) -> None:
        """Remove a passkey for good. Raises PasskeyUnknown."""
        with self._database.begin() as connection:
            row = connection.execute(
                update(passkeys)
                .where(*self._is(principal, passkey))
                .values(state=PasskeyState.REMOVED)
                .returning(passkeys.c.salt)
            ).one_or_none()
            if row is None:
                raise _unknown()
            self._write(connection, "passkey-removed", row.salt, passkey)

    def _is(self, principal: str, passkey: str) -> tuple[Any, ...]:
        return (
            passkeys.c.id == passkey,
            passkeys.c.principal == principal,
            passkeys.c.rp_id == self._party.id,
            passkeys.c.state != PasskeyState.REMOVED,
        )

    def _verified(self, credential: NewCredential) -> VerifiedRegistration:
        # Web Authentication, Section 7.1. No attestation is asked for, so none is judged.
        try:
            return verify_registration_response(
                credential=credential.parsed,
                expected_challenge=credential.challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyNotRegistered(
                "The device has to verify you, by PIN, finger or face, at this very address."
            ) from error

    def _check_room(self, connection: Connection, principal: str) -> None:
        # The principal's row is locked, so that two tabs cannot both take the last place.
        connection.execute(
            select(principals.c.id).where(principals.c.id == principal).with_for_update()
        )
        count = connection.scalar(
            select(func.count())
            .select_from(passkeys)
            .where(
                passkeys.c.principal == principal,
                passkeys.c.rp_id == self._party.id,
                passkeys.c.state != PasskeyState.REMOVED,
            )
        )
        if (count or 0) >= MOST:
            raise TooManyPasskeys(f"Remove one first: {MOST} are kept at most.")

    def _insert(
        self,
        connection: Connection,
        principal: str,
        name: str,
        credential: NewCredential,
        verified: VerifiedRegistration,
    ) -> Passkey:
        now, salt = self._clock.now(), new_salt()
        state = PasskeyState.PROPOSED if self._party.for_officers else PasskeyState.ACTIVE
        person = connection.scalar(select(principals.c.person).where(principals.c.id == principal))
        row = connection.execute(
            insert(passkeys)
            .values(
                id=new_act_id(now),
                principal=principal,
                person=person,
                rp_id=self._party.id,
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                transports=credential.transports,
                backed_up=verified.credential_backed_up,
                name=_name(name),
                state=state,
                is_officers=self._party.for_officers,
                registered_at=now,
                salt=salt,
            )
            .returning(passkeys)
        ).one()
        self._write(connection, "passkey-registered", salt, row.id, state=str(state))
        return passkey_of(row)

    def _write(
        self, connection: Connection, kind: str, salt: bytes, passkey: str, **facts: JsonValue
    ) -> None:
        committed = {"passkey": commitment(salt, passkey.encode()), **facts}
        self._log.append(connection, [LogEntry(kind, self._clock.now(), committed)])


def _name(typed: str) -> str:
    name = " ".join(typed.split())[:LONGEST_NAME]
    return name if name.isprintable() and name else "Passkey"


def _unknown() -> PasskeyUnknown:
    return PasskeyUnknown("There is no passkey of this id that is yours.")
