"""What a browser sends for a passkey, read with a bound and believed in nothing yet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential

from enrollment.passkeys.errors import PasskeyMalformed

# Without attestation a credential has about 1 kB; long ids and RSA keys make it two.
LONGEST = 8_192
# Web Authentication, Section 4.
LONGEST_CREDENTIAL_ID = 1_023
_TRANSPORTS = {"ble", "cable", "hybrid", "internal", "nfc", "usb"}


@dataclass(frozen=True)
class Answer:
    """A passkey's answer to a question: ``challenge`` is the question as the browser saw it."""

    parsed: AuthenticationCredential
    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None


@dataclass(frozen=True)
class NewCredential:
    """A credential that a browser made, with the question that it answered."""

    parsed: RegistrationCredential
    challenge: bytes
    transports: list[str]


def read_answer(text: str) -> Answer:
    """Read an assertion in JSON (Section 5.1.8.1). Raises PasskeyMalformed."""
    document = _document(text)
    try:
        parsed = parse_authentication_credential_json(document)
        challenge = parse_client_data_json(parsed.response.client_data_json).challenge
        user_handle = parsed.response.user_handle
    except Exception as error:  # the library's parsers raise whatever they trip over
        raise _malformed() from error
    if len(parsed.raw_id) > LONGEST_CREDENTIAL_ID:
        raise _malformed()
    return Answer(parsed, parsed.raw_id, challenge, user_handle)


def read_new_credential(text: str) -> NewCredential:
    """Read a registration in JSON. Raises PasskeyMalformed."""
    document = _document(text)
    try:
        parsed = parse_registration_credential_json(document)
        challenge = parse_client_data_json(parsed.response.client_data_json).challenge
        told = document["response"].get("transports") or []
        transports = sorted({one for one in told if isinstance(one, str)} & _TRANSPORTS)
    except Exception as error:
        raise _malformed() from error
    if len(parsed.raw_id) > LONGEST_CREDENTIAL_ID:
        raise _malformed()
    return NewCredential(parsed, challenge, transports)


def _document(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise _malformed()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(document, dict):
        raise _malformed()
    return document


def _malformed() -> PasskeyMalformed:
    return PasskeyMalformed("What the browser sent is no answer of a passkey.")
