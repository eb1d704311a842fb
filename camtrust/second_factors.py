"""The second factor of people who sign: their passkeys."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from core.database import Database
from core.errors import CamtrustError
from enrollment.passkeys.assertions import Assertions
from enrollment.passkeys.challenges import Purpose
from enrollment.passkeys.credentials import Answer, read_answer
from enrollment.passkeys.passkey import PasskeyState
from enrollment.passkeys.passkeys import Passkeys
from enrollment.passkeys.questions import Questions
from signing.credentials.errors import SecondFactorRefused
from signing.credentials.second_factor import Act


class PasskeyFactor:
    """A person's passkey signs over the act: the key, the hashes, and the program that asks."""

    def __init__(
        self,
        *,
        database: Database,
        passkeys: Callable[[], Passkeys],
        questions: Callable[[], Questions],
        assertions: Callable[[], Assertions],
    ) -> None:
        self._database = database
        self._passkeys = passkeys
        self._questions = questions
        self._assertions = assertions

    def question(self, act: Act) -> str:
        """Return the options for the holder's passkeys. Raises SecondFactorRefused."""
        held = self._passkeys().of(act.holder.id)
        active = [one for one in held if one.state is PasskeyState.ACTIVE]
        if not active:
            raise SecondFactorRefused(
                "Register a passkey under “Sign-in and security” first.", kept=act.kept
            )
        # A question for confirming an act, as officers' are; what it commits to begins with
        # another word than theirs, so that neither answers the other.
        return self._questions().to_assert(Purpose.STEP_UP, act.sha256, active)

    def verify(self, act: Act, proof: str | None) -> Mapping[str, Any]:
        """Judge a passkey's answer about the act; it is taken once. Raises SecondFactorRefused."""
        if not proof:
            raise SecondFactorRefused("Your passkey has to confirm this.", kept=act.kept)
        try:
            answer = read_answer(proof)
            with self._database.begin() as connection:
                judged = self._assertions().judge(connection, answer, Purpose.STEP_UP, act.sha256)
            passkey, principal = judged.accepted()
        except CamtrustError as error:
            raise SecondFactorRefused(error.detail, kept=act.kept) from error
        if principal != act.holder.id:
            raise SecondFactorRefused("Use a passkey of the key's holder.", kept=act.kept)
        return _evidence(act, answer, passkey, judged.nonce)


def _evidence(act: Act, answer: Answer, passkey: str, nonce: bytes) -> dict[str, Any]:
    # Enough to check the passkey's signature again: the question was SHA-256("step-up" 00 nonce
    # SHA-256("authorize signatures" 0A act)), or "act on a signing key" in place of these words.
    response = answer.parsed.response
    return {
        "by": "passkey",
        "act": act.document.decode(),
        "passkey": passkey,
        "nonce": nonce.hex(),
        "client_data": b64encode(response.client_data_json).decode(),
        "authenticator_data": b64encode(response.authenticator_data).decode(),
        "signature": b64encode(response.signature).decode(),
    }
