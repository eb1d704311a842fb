"""Read an application off a request: JSON, or the bare PKCS #10 of RFC 5967."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from ca.csr import verify_csr
from ca.csr.refusals import CsrMalformed, CsrSignatureWrong
from ca.issuance.errors import KeyBelongsToAnother, KeyBlocked
from ca.profiles import ProfileUnknown
from core.errors import CamtrustError
from core.web.bodies import JSON
from core.web.problems import InvalidFields
from enrollment.applications import Submission
from enrollment.errors import EntityNotYours, FactUnknown, HolderMissing, ProfileNotOpen
from enrollment.examples import CSR, EXAMPLES
from enrollment.institutions.errors import InstitutionNotActive, InstitutionUnknown
from enrollment.messages import HOLDER_PATTERN, SubmissionMessage
from enrollment.profiles import OpenProfiles

PKCS10 = "application/pkcs10"
# A header and not the query: a holder's key is personal data, and URLs end up in logs.
HOLDER_HEADER = "Camtrust-Holder"
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        JSON: {
            "schema": SubmissionMessage.model_json_schema(),
            "example": EXAMPLES["SubmissionMessage"],
        },
        PKCS10: {"schema": {"type": "string", "contentMediaType": PKCS10}, "example": CSR},
    },
}
SUBMISSION_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "profile",
        "in": "query",
        "required": False,
        "schema": {"type": "string"},
        "description": "The kind of certificate; with application/pkcs10 alone.",
    },
    {
        "name": HOLDER_HEADER,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": HOLDER_PATTERN},
        "description": "Natural key of the subject; with application/pkcs10 alone.",
    },
]
# Beside these, every problem of the request and of the profile's constraints has its own page.
CSR_REFUSALS: tuple[type[CamtrustError], ...] = (
    CsrMalformed,
    CsrSignatureWrong,
    ProfileNotOpen,
    ProfileUnknown,
    FactUnknown,
    KeyBelongsToAnother,
    KeyBlocked,
)
REFUSALS: tuple[type[CamtrustError], ...] = (
    HolderMissing,
    InstitutionUnknown,
    InstitutionNotActive,
    EntityNotYours,
    *CSR_REFUSALS,
)


def submission_in_json(document: object) -> Submission:
    """Read a parsed JSON body. Raises InvalidFields, and what a CSR raises."""
    try:
        message = SubmissionMessage.model_validate(document)
    except ValidationError as error:
        raise _invalid("json", error) from error
    return Submission(
        profile=message.profile,
        csr=verify_csr(message.csr.encode()),
        holder=message.holder,
        facts=message.facts,
        institution=message.institution,
    )


def submission_in_pkcs10(
    csr_octets: bytes, *, profile: str, holder: str, profiles: OpenProfiles
) -> Submission:
    """Read a body of application/pkcs10. Raises HolderMissing, ProfileNotOpen, and as a CSR.

    The facts are those that the request itself states; the officers judge them.
    """
    if not re.fullmatch(HOLDER_PATTERN, holder):
        raise HolderMissing(f"Send the subject's natural key in {HOLDER_HEADER}.")
    open_profile = profiles.open(profile)
    csr = verify_csr(csr_octets)
    return Submission(open_profile.name, csr, holder, profiles.facts_in(profile, csr))


def _invalid(place: str, error: ValidationError) -> InvalidFields:
    fields: dict[str, list[str]] = {}
    # The values stay out: they are personal data.
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        fields.setdefault(".".join(map(str, one["loc"])) or place, []).append(one["msg"])
    return InvalidFields("Some fields are missing or not valid.", errors={place: fields})
