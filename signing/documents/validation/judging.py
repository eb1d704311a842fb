"""One signature is judged (ETSI EN 319 102-1, Sections 5.3, 5.5 and 5.6).

1. Integrity decides first: what does not fit is TOTAL_FAILED, whoever signed.
2. Time-stamps, each by its own chain, give the time by which the signature is proven to have
   existed; without one, that is the time of validation.
3. The signer's chain and its revocation are judged at that time.
4. The algorithms are judged at that time.
5. The level is read from what is there (ETSI EN 319 142-1, Section 6; EN 319 122-1, Section 6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms

from core.errors import Malformed
from signing.documents.validation.indications import Integrity, SubIndication, Verdict
from signing.documents.validation.material import Material, material_of_message
from signing.documents.validation.revocation import Moments
from signing.documents.validation.signed_message import SignedMessage
from signing.documents.validation.strengths import ValidationPolicy
from signing.documents.validation.time_stamps import (
    Kind,
    TimeStampFinding,
    TimeStampJudge,
    Token,
    read_token,
    unreadable,
)
from signing.documents.validation.trust import Purpose
from signing.documents.validation.use import KeyUse, UseFinding

# ETSI EN 319 122-1, Section 5.5.3 and its like: attributes that asn1crypto has no name for.
_CONTENT_TIME_STAMP = "content_time_stamp"
_SIGNATURE_TIME_STAMP = "signature_time_stamp_token"


@dataclass(frozen=True)
class Setting:
    """What a signature is judged in.

    ``covered_by`` are the time-stamps over the whole document that were made later, judged;
    ``validated_at`` is the time for which the question is asked.
    """

    material: Material
    validated_at: datetime
    covered_by: tuple[TimeStampFinding, ...] = ()

    @property
    def proven_by(self) -> datetime:
        """The time by which everything in this revision is proven to have existed."""
        times = [one.time for one in self.covered_by if one.proves and one.time is not None]
        return min([self.validated_at, *times])


@dataclass(frozen=True)
class SignatureFinding:
    """What is found of one signature. ``proven_at`` is None when nothing proves its time."""

    verdict: Verdict
    sub_indication: SubIndication | None
    reason: str | None
    proven_at: datetime | None
    time_stamps: tuple[TimeStampFinding, ...]
    use: UseFinding | None


class SignatureJudge:
    """Judges signatures whose integrity is known."""

    def __init__(
        self, *, uses: KeyUse, time_stamps: TimeStampJudge, policy: ValidationPolicy
    ) -> None:
        self._uses = uses
        self._time_stamps = time_stamps
        self._policy = policy

    def judge(
        self,
        message: SignedMessage,
        *,
        integrity: Integrity,
        problem: SubIndication | None,
        reason: str | None,
        setting: Setting,
        digest_of: Callable[[str], bytes] | None = None,
    ) -> SignatureFinding:
        """Judge one signature; ``digest_of`` hashes its content, for content time-stamps."""
        stamps = self._judge_stamps(message, setting, digest_of)
        proven_at = _proven_at(stamps, setting)
        time = proven_at or setting.validated_at
        if integrity is not Integrity.INTACT:
            broken = problem or SubIndication.GENERIC
            return SignatureFinding(broken.verdict, broken, reason, proven_at, stamps, None)
        use = self._judge_use(message, setting, stamps, time)
        sub_indication, why = use.problem, use.reason
        if sub_indication is None:
            sub_indication, why = self._judge_algorithms(message, time)
        verdict = sub_indication.verdict if sub_indication else Verdict.TOTAL_PASSED
        return SignatureFinding(verdict, sub_indication, why, proven_at, stamps, use)

    def _judge_use(
        self,
        message: SignedMessage,
        setting: Setting,
        stamps: Sequence[TimeStampFinding],
        time: datetime,
    ) -> UseFinding:
        signer = message.signer_certificate
        if signer is None:
            return UseFinding(
                SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The signer's certificate is missing."
            )
        # A token's certificates may help the signer's chain too: one hierarchy, one DSS.
        extra = [one.token.message for one in stamps if one.token is not None]
        material = setting.material + material_of_message(message)
        for one in extra:
            material = material + material_of_message(one)
        return self._uses.judge(
            signer,
            purpose=Purpose.SIGNING,
            material=material,
            moments=Moments(time, time, setting.validated_at),
        )

    def _judge_algorithms(
        self, message: SignedMessage, time: datetime
    ) -> tuple[SubIndication | None, str | None]:
        signer = message.signer_certificate
        if signer is None:
            return SubIndication.NO_SIGNING_CERTIFICATE_FOUND, None
        accepted = self._policy.strengths.message_allowed(
            message.signer_info, time, signer.public_key
        )
        if accepted:
            return None, None
        if accepted.not_allowed_after is not None:
            return SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, accepted.failure_reason
        return SubIndication.CRYPTO_CONSTRAINTS_FAILURE, accepted.failure_reason

    def _judge_stamps(
        self,
        message: SignedMessage,
        setting: Setting,
        digest_of: Callable[[str], bytes] | None,
    ) -> tuple[TimeStampFinding, ...]:
        found = []
        for value in message.unsigned_values(_SIGNATURE_TIME_STAMP):
            found.append(
                self._judge_stamp(
                    value,
                    Kind.SIGNATURE,
                    lambda name: hashlib.new(name, message.signature_value).digest(),
                    setting,
                    message,
                )
            )
        content = message.signed_attribute(_CONTENT_TIME_STAMP)
        if content is not None and digest_of is not None:
            found.append(self._judge_stamp(content, Kind.CONTENT, digest_of, setting, message))
        return tuple(found)

    def _judge_stamp(
        self,
        value: Any,
        kind: Kind,
        imprint_of: Callable[[str], bytes],
        setting: Setting,
        message: SignedMessage,
    ) -> TimeStampFinding:
        try:
            token: Token = read_token(_signed_data(value), kind, imprint_of)
        except Malformed as error:
            return unreadable(kind, error.detail)
        return self._time_stamps.judge(
            token,
            material=setting.material + Material(message.certificates),
            proven_by=setting.proven_by,
            validated_at=setting.validated_at,
        )


def _signed_data(value: Any) -> cms.SignedData:
    try:
        if value["content_type"].native != "signed_data":
            raise Malformed("This is no time-stamp.")
        return value["content"]
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed("The time-stamp cannot be read.") from error


def _proven_at(stamps: Sequence[TimeStampFinding], setting: Setting) -> datetime | None:
    # A content time-stamp proves when the signature did not exist yet, and nothing else.
    times = [
        one.time
        for one in (*stamps, *setting.covered_by)
        if one.proves and one.time is not None and one.kind is not Kind.CONTENT
    ]
    return min([*times, setting.validated_at]) if times else None
