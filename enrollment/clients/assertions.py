"""Signed assertions by which clients prove who they are (RFC 7523, Section 3).

1. The header names one algorithm that fits a key of the client; no extension is understood.
2. One of the client's keys verifies the signature; ``kid`` says which, where it is there.
3. ``iss`` and ``sub`` are the client, ``aud`` is this service and nobody else.
4. ``exp`` lies ahead, and not far; ``nbf`` and ``iat``, where they are there, do not.
5. ``jti`` is there, for the assertion to be taken once: that is the issuing's matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from enrollment.clients.errors import ClientNotAuthenticated
from enrollment.clients.keys import ClientKey

# RFC 7523, Section 3, leaves both to us: clocks differ, and what lives long can be stolen.
LONGEST_LIFE = timedelta(minutes=5)
LEEWAY = timedelta(seconds=30)
LONGEST_ASSERTION = 8_192
LONGEST_NAME = 255

KeysOf = Callable[[str], Sequence[ClientKey]]


@dataclass(frozen=True)
class Assertion:
    """A verified assertion. ``jti_sha256`` names it for as long as it could be sent again."""

    client: str
    jti_sha256: bytes
    expires_at: datetime
    claims: Mapping[str, Any] = field(default_factory=dict, compare=False)


def verify_assertion(
    text: str, *, keys_of: KeysOf, audiences: Collection[str], now: datetime
) -> Assertion:
    """Verify an assertion; ``audiences`` are our names. Raises ClientNotAuthenticated."""
    header, claims = _unverified(text)
    client = claims.get("sub")
    if not isinstance(client, str) or not 0 < len(client) <= LONGEST_NAME:
        raise _refused("sub is not the id of a client")
    _check_signature(text, header, keys_of(client))
    if claims.get("iss") != client:
        raise _refused("iss and sub are not the same client")
    _check_audience(claims.get("aud"), audiences)
    return Assertion(client, _jti_sha256(claims), _check_times(claims, now), claims)


def _unverified(text: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(text) > LONGEST_ASSERTION:
        raise _refused("it is longer than any assertion has to be")
    try:
        parts = jwt.PyJWS().decode_complete(text, options={"verify_signature": False})
        claims = json.loads(parts["payload"])
    except (PyJWTError, ValueError, RecursionError) as error:
        raise _refused("it is no JWT") from error
    if not isinstance(claims, dict):
        raise _refused("it is no JWT")
    header: Mapping[str, Any] = parts["header"]
    if {"crit", "b64"} & set(header):
        raise _refused("no extension of JWS is understood here")  # RFC 7515, Section 4.1.11
    return header, claims


def _check_signature(text: str, header: Mapping[str, Any], keys: Sequence[ClientKey]) -> None:
    algorithm, named = header.get("alg"), header.get("kid")
    for key in keys:
        # A client may give its keys names of its own: then each that fits is tried.
        if algorithm not in key.algorithms or (_is_ours(named, keys) and named != key.thumbprint):
            continue
        try:
            jwt.PyJWS().decode_complete(text, key=key.public_key, algorithms=[str(algorithm)])
        except PyJWTError:
            continue
        return
    raise _refused("no key of the client verifies it")


def _is_ours(named: object, keys: Sequence[ClientKey]) -> bool:
    return any(key.thumbprint == named for key in keys)


def _check_audience(audience: object, audiences: Collection[str]) -> None:
    # One audience alone: what names others too could be sent on by them.
    alone = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    if not isinstance(alone, str) or alone not in audiences:
        raise _refused("aud is not this service alone")


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    expires_at = _instant(claims, "exp")
    if expires_at is None or expires_at + LEEWAY <= now:
        raise _refused("its time (exp) is over, or missing")
    if expires_at > now + LONGEST_LIFE + LEEWAY:
        raise _refused(f"exp lies more than {LONGEST_LIFE.seconds} seconds ahead")
    for name in ("nbf", "iat"):
        instant = _instant(claims, name)
        if instant is not None and instant > now + LEEWAY:
            raise _refused(f"{name} lies in the future")
    return expires_at + LEEWAY


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    # RFC 7519, Section 2: a NumericDate; True is a number in Python alone.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"{name} is no NumericDate")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _refused(f"{name} is no NumericDate") from error


def _jti_sha256(claims: Mapping[str, Any]) -> bytes:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_NAME:
        raise _refused("jti is missing, or is no short string")
    return sha256(jti.encode("utf-8", "surrogatepass")).digest()


def _refused(reason: str) -> ClientNotAuthenticated:
    return ClientNotAuthenticated(f"The client assertion proves nothing: {reason}.")
