"""How the time-stamping authority refuses. Which PKIFailureInfo says so: see ``failures``."""

from __future__ import annotations

from core.errors import Malformed, Unacceptable, Unavailable


class TimestampRequestMalformed(Malformed):
    """The octets are no TimeStampReq."""

    problem = "timestamp-request-malformed"
    title = "This is no time-stamp request"


class TimestampVersionUnknown(Malformed):
    """The request is of another version than 1."""

    problem = "timestamp-version-unknown"
    title = "Only version 1 of time-stamp requests is known"


class ImprintMalformed(Malformed):
    """The digest is not as long as its hash algorithm's are."""

    problem = "timestamp-imprint-malformed"
    title = "The digest has the wrong length"


class HashNotStamped(Unacceptable):
    """Digests of this hash algorithm are not stamped."""

    problem = "timestamp-hash-not-accepted"
    title = "This hash algorithm is not accepted"


class TimestampPolicyNotOffered(Unacceptable):
    """The request asks for a policy that is not this authority's."""

    problem = "timestamp-policy-not-offered"
    title = "This time-stamp policy is not offered"


class TimestampExtensionUnknown(Unacceptable):
    """The request has an extension; none is known here."""

    problem = "timestamp-extension-unknown"
    title = "The request has an extension that is not known"


class ClockNotTrusted(Unavailable):
    """It is not certain enough what time it is; nothing is stamped until it is."""

    problem = "clock-not-trusted"
    title = "The time is not certain enough"


class UnitMissing(Unavailable):
    """No time-stamping unit may sign just now."""

    problem = "timestamp-unit-missing"
    title = "No time-stamping unit can sign"
