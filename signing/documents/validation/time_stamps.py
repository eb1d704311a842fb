"""Time-stamp tokens (RFC 3161): what they prove, and whether they may be believed.

ETSI EN 319 102-1, Section 5.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from asn1crypto import cms, x509

from core.errors import Malformed
from signing.documents.validation.indications import Integrity, SubIndication
from signing.documents.validation.material import Material, material_of_message
from signing.documents.validation.opening import guarded
from signing.documents.validation.revocation import Moments
from signing.documents.validation.signed_message import (
    FITS,
    TST_INFO,
    Mathematics,
    SignedMessage,
    check_mathematics,
    read_messages,
    read_tst_info,
    token_content_digest,
)
from signing.documents.validation.strengths import ValidationPolicy
from signing.documents.validation.trust import Purpose
from signing.documents.validation.use import KeyUse, UseFinding


class Kind(StrEnum):
    """What a time-stamp is about."""

    SIGNATURE = "SIGNATURE"
    DOCUMENT = "DOCUMENT"
    CONTENT = "CONTENT"


@dataclass(frozen=True)
class Token:
    """A token whose mathematics were looked at; ``time`` is what it claims."""

    kind: Kind
    message: SignedMessage
    time: datetime
    serial_number: int
    mathematics: Mathematics

    @property
    def authority(self) -> x509.Certificate | None:
        """The certificate of the time-stamping authority."""
        return self.message.signer_certificate


@dataclass(frozen=True)
class TimeStampFinding:
    """A time-stamp, judged; it proves its time when ``problem`` is None."""

    kind: Kind
    time: datetime | None
    authority: x509.Certificate | None
    integrity: Integrity
    problem: SubIndication | None
    reason: str | None
    use: UseFinding | None = None
    token: Token | None = None

    @property
    def proves(self) -> bool:
        """Tell whether its time is proven."""
        return self.problem is None


def read_token(
    signed_data: cms.SignedData, kind: Kind, imprint_of: Callable[[str], bytes]
) -> Token:
    """Read a token and check its mathematics. Raises Malformed for what is none."""
    messages = read_messages(signed_data)
    if len(messages) != 1:
        raise Malformed("A time-stamp has exactly one signer.")  # RFC 3161, Section 2.4.2
    message = messages[0]
    info = read_tst_info(message)
    mathematics = check_mathematics(
        message,
        lambda algorithm: token_content_digest(message, algorithm),
        expects=TST_INFO,
    )
    imprint = info["message_imprint"]
    if mathematics is FITS or mathematics.integrity is Integrity.INTACT:
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        # What hashes by an unknown name raises whatever comes, in hashlib and in pyHanko.
        with guarded("time-stamp"):
            fits = imprint_of(algorithm) == imprint["hashed_message"].native
        if not fits:
            mathematics = Mathematics(
                Integrity.ALTERED,
                SubIndication.HASH_FAILURE,
                "The time-stamp is about something else.",
            )
    return Token(kind, message, info["gen_time"].native, info["serial_number"].native, mathematics)


class TimeStampJudge:
    """Judges tokens."""

    def __init__(self, *, uses: KeyUse, policy: ValidationPolicy) -> None:
        self._uses = uses
        self._policy = policy

    def judge(
        self, token: Token, *, material: Material, proven_by: datetime, validated_at: datetime
    ) -> TimeStampFinding:
        """Judge a token that is proven to have existed by ``proven_by``."""
        problem, reason = token.mathematics.problem, token.mathematics.reason
        use: UseFinding | None = None
        if problem is None:
            problem, reason = self._check_itself(token, proven_by, validated_at)
        if problem is None and token.authority is not None:
            use = self._uses.judge(
                token.authority,
                purpose=Purpose.TIME_STAMPING,
                material=material + material_of_message(token.message),
                moments=Moments(token.time, max(proven_by, token.time), validated_at),
            )
            problem, reason = use.problem, use.reason
        integrity = token.mathematics.integrity
        return TimeStampFinding(
            token.kind, token.time, token.authority, integrity, problem, reason, use, token
        )

    def _check_itself(
        self, token: Token, proven_by: datetime, validated_at: datetime
    ) -> tuple[SubIndication | None, str | None]:
        if token.time > validated_at + self._policy.clock_skew:
            return SubIndication.GENERIC, "The time-stamp is from after the time of validation."
        info = read_tst_info(token.message)
        strengths = self._policy.strengths
        algorithm = info["message_imprint"]["hash_algorithm"]
        authority = token.authority
        accepted = strengths.digest_algorithm_allowed(algorithm, proven_by)
        if accepted and authority is not None:
            accepted = strengths.message_allowed(
                token.message.signer_info, proven_by, authority.public_key
            )
        if accepted:
            return None, None
        if accepted.not_allowed_after is not None:
            return SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, accepted.failure_reason
        return SubIndication.CRYPTO_CONSTRAINTS_FAILURE, accepted.failure_reason


def unreadable(kind: Kind, reason: str) -> TimeStampFinding:
    """Return the finding about octets that are no time-stamp."""
    return TimeStampFinding(
        kind, None, None, Integrity.ALTERED, SubIndication.FORMAT_FAILURE, reason
    )
