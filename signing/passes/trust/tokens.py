"""Tokens in a folder of trust: status lists (JWT, CWT), lists of hashes, and signed trust lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from signing.passes.codecs import base64url, strict_json
from signing.passes.codecs.cose import read_claims, read_sign1
from signing.passes.codecs.jws import Jws, read_compact
from signing.passes.codecs.status_bits import WIDTHS, unpacked
from signing.passes.errors import bad_encoding
from signing.passes.trust.jwk import key_ids_of
from signing.passes.trust.lists import read_list
from signing.passes.trust.signed_list import (
    ALGORITHMS,
    Batch,
    HashList,
    StatusList,
    instant,
    issued,
)
from signing.passes.trust.signers import TrustStore

STATUS_LIST_JWT, HASH_LIST_JWT = "statuslist+jwt", "dcc-revocations+jwt"
_SIGNED_LISTS = frozenset({"jwk-set+json", "did+json"})
# Larger than any array that is published: 2**25 places of one bit.
_LARGEST_ARRAY = 4 << 20
# RFC 8392, Section 4; draft-ietf-oauth-status-list, Section 5.2.
_SUB, _EXP, _IAT, _STATUS_LIST = 2, 4, 6, 65533
# EU DCC gateway: a batch whose signer's kid is not known.
_UNKNOWN_KID = "UNKNOWN_KID"
_HASH_OCTETS = 16


def read_jws(text: str, source: str) -> TrustStore:
    """Read a compact JWS, whose type its header tells. Raises PassRefused."""
    jws = read_compact(text)
    kind = str(jws.header.get("typ", "")).removeprefix("application/")
    if kind == STATUS_LIST_JWT:
        return TrustStore(status_lists=(_status_list(jws, source),))
    if kind == HASH_LIST_JWT:
        return TrustStore(hash_lists=(_hash_list(jws, source),))
    if jws.header.get("cty") in _SIGNED_LISTS:
        # As with lists in JSON: whoever gives the file vouches for it.
        return read_list(strict_json.loads(jws.payload), source)
    raise bad_encoding("This token is neither a status list nor a list of hashes or signers.")


def read_cwt(octets: bytes, source: str) -> TrustStore:
    """Read a status list in CBOR. Raises PassRefused."""
    message = read_sign1(octets)
    claims = read_claims(message)
    if _STATUS_LIST not in claims:
        raise bad_encoding("This token is no status list.")
    width, array = _array(claims[_STATUS_LIST])
    if not isinstance(array, bytes):
        raise bad_encoding("The array of the status list is no octets.")
    found = StatusList(
        source=source,
        signed=message.signed(ALGORITHMS),
        key_ids=frozenset({message.key_id} - {None}),  # type: ignore[arg-type]
        issued_at=issued(claims, _IAT),
        expires_at=instant(claims, _EXP),
        uri=_text(claims, _SUB),
        width=width,
        octets=unpacked(array, most=_LARGEST_ARRAY),
    )
    return TrustStore(status_lists=(found,))


def _status_list(jws: Jws, source: str) -> StatusList:
    claims = _claims(jws)
    width, array = _array(claims.get("status_list"))
    if not isinstance(array, str):
        raise bad_encoding("The array of the status list is no text.")
    compressed = base64url.decode(array, what="The array of the status list")
    return StatusList(
        source=source,
        uri=_text(claims, "sub"),
        width=width,
        octets=unpacked(compressed, most=_LARGEST_ARRAY),
        **_proof(jws, claims),
    )


def _hash_list(jws: Jws, source: str) -> HashList:
    claims = _claims(jws)
    batches = claims.get("batches")
    if not isinstance(batches, list):
        raise bad_encoding("The list of hashes has no batches.")
    found: dict[tuple[str, bytes], frozenset[Batch]] = {}
    for batch in batches:
        _add_batch(found, batch)
    return HashList(source=source, entries=found, **_proof(jws, claims))


def _add_batch(found: dict[tuple[str, bytes], frozenset[Batch]], batch: Any) -> None:
    if not isinstance(batch, dict) or not isinstance(batch.get("entries"), list):
        raise bad_encoding("A batch of the list of hashes has no entries.")
    name, hash_type = _text(batch, "kid"), _text(batch, "hashType")
    whose = Batch(
        country=_text(batch, "country"),
        signer_key_id=None if name == _UNKNOWN_KID else _base64(name, "A kid"),
    )
    for entry in batch["entries"]:
        if not isinstance(entry, dict):
            raise bad_encoding("An entry of the list of hashes is no object.")
        octets = _base64(_text(entry, "hash"), "A hash")
        if len(octets) != _HASH_OCTETS:
            raise bad_encoding(f"A hash of the list has {len(octets)} octets, not {_HASH_OCTETS}.")
        key = (hash_type, octets)
        found[key] = found.get(key, frozenset()) | {whose}


def _claims(jws: Jws) -> dict[str, Any]:
    claims = strict_json.loads(jws.payload)
    if not isinstance(claims, dict):
        raise bad_encoding("What is signed is not an object of claims.")
    return claims


def _proof(jws: Jws, claims: Mapping[str, Any]) -> dict[str, Any]:
    times: dict[str, datetime | None] = {
        "issued_at": issued(claims, "iat"),
        "expires_at": instant(claims, "exp"),
    }
    names = frozenset() if jws.key_id is None else key_ids_of(jws.key_id)
    return {"signed": jws.signed(ALGORITHMS), "key_ids": names, **times}


def _array(value: Any) -> tuple[int, Any]:
    width = value.get("bits") if isinstance(value, dict) else None
    if type(width) is not int or width not in WIDTHS:
        raise bad_encoding("The status list does not have 1, 2, 4 or 8 bits a place.")
    return width, value.get("lst")


def _text(members: Mapping[Any, Any], name: int | str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise bad_encoding(f"The list lacks {name}.")
    return value


def _base64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_encoding(f"{what} of the list is not base64.") from error
