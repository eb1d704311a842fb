"""Why a certificate is not issued, beside what constraints and lints refuse."""

from __future__ import annotations

from core.errors import CamtrustError, Conflict, Unavailable


class KeyBelongsToAnother(Conflict):
    """The public key is already certified for another holder."""

    problem = "key-belongs-to-another"
    title = "This key is already certified for someone else"


class KeyBlocked(Conflict):
    """The public key was reported compromised, or is blocked for another reason."""

    problem = "key-blocked"
    title = "This key may not be certified"


class IssuanceInProgress(Conflict):
    """Another process is issuing for the same reference at this moment."""

    problem = "issuance-in-progress"
    title = "This certificate is being issued already"


class ReservationLost(Unavailable):
    """The lease ran out before the certificate was stored; its serial number is revoked."""

    problem = "reservation-lost"
    title = "Issuing took too long and was given up"


class SignatureMismatch(CamtrustError):  # noqa: N818
    """What the token returned is not a signature of the linted bytes: a fault, not a refusal.

    It belongs to no category on purpose: it is a 500, and somebody has to look at the token.
    """

    problem = "signature-mismatch"
    title = "The token's signature does not verify"
