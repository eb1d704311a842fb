"""One use of a passkey, judged. Web Authentication, Section 7.2; its steps by their numbers.

A judgement is made inside the caller's transaction and refuses only after it: a spent question
stays spent, and a counter that went backwards stays written down, also when the answer is no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

from core.clock import Clock
from core.errors import CamtrustError
from core.transparency.entry import LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.models import principals
from enrollment.passkeys.challenges import Challenges, Purpose
from enrollment.passkeys.credentials import Answer
from enrollment.passkeys.errors import ChallengeRefused, PasskeyCounterRegressed, PasskeyRefused
from enrollment.passkeys.models import passkeys
from enrollment.passkeys.relying_party import RelyingParty


@dataclass(frozen=True)
class Judgement:
    """What came of an answer: the passkey and its principal, or why it was refused.

    ``principal`` is known for a refusal too where the signature was good. ``nonce`` is the
    question's, for evidence.
    """

    passkey: str | None
    principal: str | None
    role: str | None
    nonce: bytes
    refusal: CamtrustError | None = None

    def accepted(self) -> tuple[str, str]:
        """Return passkey and principal. Raises the refusal; call it after the transaction."""
        if self.refusal is not None:
            raise self.refusal
        assert self.passkey is not None and self.principal is not None  # noqa: S101
        return self.passkey, self.principal


class Assertions:
    """Judges answers of passkeys for one relying party."""

    def __init__(
        self,
        *,
        relying_party: RelyingParty,
        challenges: Challenges,
        log: TransparencyLog,
        clock: Clock,
    ) -> None:
        self._party = relying_party
        self._challenges = challenges
        self._log = log
        self._clock = clock

    def judge(
        self, connection: Connection, answer: Answer, purpose: Purpose, commits_to: bytes
    ) -> Judgement:
        """Judge an answer to a question of ``purpose`` that commits to ``commits_to``."""
        try:
            nonce = self._challenges.spend(connection, answer.challenge, purpose, commits_to)
        except ChallengeRefused as refusal:
            return Judgement(None, None, None, b"", refusal)
        row = _held(connection, answer.credential_id, self._party)
        if row is None or not self._is_genuine(row, answer):
            return Judgement(None, None, None, nonce, _refused())
        # Step 22. The signature is good: what comes now is about the holder, and written down.
        count = _count_in(answer)
        if (count or row.sign_count) and count <= row.sign_count:
            self._write_regression(connection, row)
            return Judgement(row.id, row.principal, row.role, nonce, _regressed())
        connection.execute(
            update(passkeys)
            .where(passkeys.c.id == row.id)
            .values(sign_count=count, last_used_at=self._clock.now())
        )
        return Judgement(row.id, row.principal, row.role, nonce)

    def _is_genuine(self, row: Row[Any], answer: Answer) -> bool:
        # Step 6: a discoverable credential says whose it is.
        expected = self._party.user_handle(row.principal)
        if answer.user_handle is not None and answer.user_handle != expected:
            return False
        try:
            # Steps 10 to 21: type, challenge, origin, RP id, presence, verification, signature.
            verify_authentication_response(
                credential=answer.parsed,
                expected_challenge=answer.challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            return False
        return True

    def _write_regression(self, connection: Connection, row: Row[Any]) -> None:
        facts = {"passkey": commitment(row.salt, row.id.encode())}
        self._log.append(
            connection, [LogEntry("passkey-counter-regressed", self._clock.now(), {**facts})]
        )


def _held(connection: Connection, credential_id: bytes, party: RelyingParty) -> Row[Any] | None:
    """Return an active principal's active passkey, locked."""
    return connection.execute(
        select(passkeys, principals.c.role)
        .join(principals, principals.c.id == passkeys.c.principal)
        .where(
            passkeys.c.credential_id == credential_id,
            passkeys.c.rp_id == party.id,
            passkeys.c.is_officers == party.for_officers,
            passkeys.c.state == "active",
            principals.c.state == "active",
        )
        .with_for_update(of=passkeys)
    ).one_or_none()


def _count_in(answer: Answer) -> int:
    # Section 6.1: 32 octets of the RP id's hash, one of flags, four of the counter.
    return int.from_bytes(answer.parsed.response.authenticator_data[33:37], "big")


def _regressed() -> PasskeyCounterRegressed:
    return PasskeyCounterRegressed(
        "It counted backwards, as a copy would. Use another way to sign in, and remove it."
    )


def _refused() -> PasskeyRefused:
    return PasskeyRefused("Sign in another way, or with the passkey of this address.")
