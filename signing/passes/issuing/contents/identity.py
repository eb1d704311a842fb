"""MOSIP's claim 169: who somebody is, whole or only as far as a face and an age need."""

from __future__ import annotations

from datetime import date
from typing import Any

from signing.passes.issuing.contents.source import PassSource, checked, part, without_none

# Claim 169, version 1.0: attributes by number.
_ID, _VERSION, _LANGUAGE, _NAME, _BORN, _GENDER, _ADDRESS = 1, 2, 3, 4, 8, 9, 10
_NATIONALITY, _GUARDIAN, _PHOTO, _PHOTO_FORMAT = 13, 15, 16, 17
_SECOND_LANGUAGE_NAME = 18
_SECOND_LANGUAGE = 19
_WEBP = 4
_GENDERS = {"M": 1, "F": 2, "X": 3}
# The Civil Code: who is of age.
_OF_AGE = 18


def full_identity(source: PassSource) -> dict[int, Any]:
    """Build the whole claim. Raises RecordIncomplete."""
    person = source.person
    identity = part("claim-169", "identity", source.record.identity)
    has_khmer = source.khmer_name is not None
    return _checked(
        {
            _ID: source.number,
            _VERSION: "1.0.0",
            _LANGUAGE: "eng",
            _NAME: source.full_name,
            _BORN: f"{person.date_of_birth:%Y%m%d}",
            _GENDER: _GENDERS.get(person.sex or ""),
            _ADDRESS: identity.address,
            _NATIONALITY: person.nationality,
            _GUARDIAN: person.guardian,
            _PHOTO: identity.photo_octets,
            _PHOTO_FORMAT: None if identity.photo is None else _WEBP,
            _SECOND_LANGUAGE_NAME: source.khmer_name,
            _SECOND_LANGUAGE: "khm" if has_khmer else None,
        }
    )


def minimal_identity(source: PassSource) -> dict[int, Any]:
    """Build the claim that is offered first: picture, name, and nothing that links or is copied."""
    identity = part("claim-169-minimal", "identity", source.record.identity)
    return _checked(
        {
            _VERSION: "1.0.0",
            _LANGUAGE: "eng",
            _NAME: source.full_name,
            _PHOTO: identity.photo_octets,
            _PHOTO_FORMAT: None if identity.photo is None else _WEBP,
            _SECOND_LANGUAGE_NAME: source.khmer_name,
            _SECOND_LANGUAGE: None if source.khmer_name is None else "khm",
        }
    )


def is_of_age(born: date, today: date) -> bool:
    """Tell whether somebody has turned eighteen."""
    return (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) >= _OF_AGE


def _checked(members: dict[int, Any]) -> dict[int, Any]:
    content = without_none(members)
    as_text = {
        str(key): value for key, value in content.items() if not isinstance(value, bytes)
    } | ({"16": "picture"} if _PHOTO in content else {})
    checked("claim169", content, as_text)
    return content
