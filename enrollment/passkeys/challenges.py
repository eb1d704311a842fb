"""Questions to passkeys: each may be answered once, soon, and only for what it was asked.

A challenge is SHA-256 over its purpose, a nonce and what it commits to: the browser that signs
in, the principal that registers, or the very act that is confirmed. So a signature over it is
one over all of these, and stays evidence when the question is long gone.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, delete, insert

from core.clock import Clock
from core.database import Database
from enrollment.passkeys.errors import ChallengeRefused
from enrollment.passkeys.models import challenges

# Web Authentication, Section 15.1 recommends 300 to 600 s where the user is verified.
LIFETIME = timedelta(minutes=5)
NONCE_OCTETS = 32


class Purpose(StrEnum):
    """What a passkey is asked for."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    STEP_UP = "step-up"


def challenge_over(purpose: Purpose, nonce: bytes, commits_to: bytes) -> bytes:
    """Return the challenge: 32 octets."""
    return sha256(purpose.encode() + b"\0" + nonce + commits_to).digest()


class Challenges:
    """Asks, and takes each answer once, whichever process gets it."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ask(self, purpose: Purpose, commits_to: bytes) -> bytes:
        """Return a fresh challenge that commits to 32 octets."""
        nonce = secrets.token_bytes(NONCE_OCTETS)
        challenge = challenge_over(purpose, nonce, commits_to)
        with self._database.begin() as connection:
            connection.execute(
                insert(challenges).values(
                    challenge=challenge,
                    nonce=nonce,
                    purpose=purpose,
                    commits_to=commits_to,
                    expires_at=self._clock.now() + LIFETIME,
                )
            )
        return challenge

    def spend(
        self, connection: Connection, challenge: bytes, purpose: Purpose, commits_to: bytes
    ) -> bytes:
        """Use a challenge up and return its nonce.

        Raises ChallengeRefused, also when another process was quicker.
        """
        nonce: bytes | None = connection.scalar(
            delete(challenges)
            .where(
                challenges.c.challenge == challenge,
                challenges.c.purpose == purpose,
                challenges.c.commits_to == commits_to,
                challenges.c.expires_at > self._clock.now(),
            )
            .returning(challenges.c.nonce)
        )
        if nonce is None:
            raise ChallengeRefused("Try again, and answer within five minutes.")
        return nonce

    def forget_old(self) -> int:
        """Delete the questions that nobody answered in time; return how many."""
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(challenges).where(challenges.c.expires_at <= self._clock.now())
            )
            return gone.rowcount
