"""The time-stamping authority: a request in, an answer out; or a digest in, a token out.

RFC 3161, Section 2.4; each answer is a TimeStampResp, a refusal too. No table is written and no
log entry made for a token: a token proves itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ca.der import encode_oid
from core.errors import CamtrustError, Unavailable
from signing.timestamps.definitions import MAIN
from signing.timestamps.errors import (
    HashNotStamped,
    ImprintMalformed,
    TimestampExtensionUnknown,
    TimestampPolicyNotOffered,
)
from signing.timestamps.failures import Failure, encode_granted, encode_rejection, failures_of
from signing.timestamps.hashes import BY_NAME, BY_OID, HashAlgorithm
from signing.timestamps.request import TimestampRequest, parse_request
from signing.timestamps.serial_numbers import SerialSource
from signing.timestamps.time_source import TimeSource
from signing.timestamps.token import TstInfo, encode_integer
from signing.timestamps.units import Units

_NOTHING = "Nothing was stamped."


@dataclass(frozen=True)
class TimestampAnswer:
    """A TimeStampResp. ``failures`` is empty where it has a token.

    ``words`` and ``problem`` tell the refusal; ``is_temporary``: the same request may succeed
    later.
    """

    response_der: bytes
    failures: tuple[Failure, ...] = ()
    words: str = ""
    problem: str | None = None
    is_temporary: bool = False


class TimestampAuthority:
    """Stamps digests; safe in many threads."""

    def __init__(
        self,
        *,
        units: Units,
        serial_numbers: SerialSource,
        time_source: TimeSource,
        policies: Sequence[str],
        largest_request_octets: int,
    ) -> None:
        self._units = units
        self._serial_numbers = serial_numbers
        self._time_source = time_source
        self._policies = [encode_oid(one) for one in policies]
        self.policies = tuple(policies)
        self.largest_request_octets = largest_request_octets
        self._events = structlog.get_logger("timestamps")

    def token_for(
        self, digest: bytes, hash_algorithm: str, *, nonce: int | None = None, unit: str = MAIN
    ) -> bytes:
        """Return a TimeStampToken for a digest: the DER of its ContentInfo, with certificates.

        ``hash_algorithm`` is sha256, sha384 or sha512; a ``nonce`` is not negative. Raises
        HashNotStamped, ImprintMalformed, ClockNotTrusted, UnitMissing, TokenUnavailable or
        DatabaseUnavailable.
        """
        known = _checked(BY_NAME.get(hash_algorithm), digest)
        return self._stamp(
            unit,
            self._policies[0],
            known.imprint(digest),
            nonce_der=None if nonce is None else encode_integer(nonce),
            with_certificates=True,
        )

    def answer(self, request_der: bytes, *, unit: str = MAIN) -> TimestampAnswer:
        """Return the answer to a TimeStampReq; nothing is raised."""
        try:
            token = self._answer(parse_request(request_der), unit)
        except CamtrustError as error:
            return _refused(error)
        except Exception:
            # A fault of ours is told as such, in the protocol's words, and nothing more.
            self._events.exception("timestamp-failed", unit=unit)
            bits = (Failure.SYSTEM_FAILURE,)
            words = "The time-stamp could not be made."
            refusal = encode_rejection(bits, words)
            return TimestampAnswer(refusal, bits, words, "internal-error", is_temporary=True)
        return TimestampAnswer(encode_granted(token))

    def _answer(self, request: TimestampRequest, unit: str) -> bytes:
        # RFC 3161, Section 2.4.1: what the authority refuses, in the order of the fields.
        _checked(BY_OID.get(request.hash_oid), request.digest)
        policy = request.policy_der or self._policies[0]
        if policy not in self._policies:
            raise TimestampPolicyNotOffered(
                f"Leave the policy out, or ask for {' or '.join(self.policies)}.", kept=_NOTHING
            )
        if request.has_extensions:
            # Critical or not: an extension that is not recognized is refused.
            raise TimestampExtensionUnknown(
                "Send the request without extensions: none is known here.", kept=_NOTHING
            )
        return self._stamp(
            unit,
            policy,
            request.imprint_der,
            nonce_der=request.nonce_der,
            with_certificates=request.wants_certificates,
        )

    def _stamp(
        self,
        name: str,
        policy: bytes,
        imprint: bytes,
        *,
        nonce_der: bytes | None,
        with_certificates: bool,
    ) -> bytes:
        unit = self._units.unit(name)
        info = TstInfo(
            policy_der=policy,
            imprint_der=imprint,
            serial_number=self._serial_numbers.next(),
            gen_time=self._time_source.now(),
            nonce_der=nonce_der,
        )
        return unit.template.token(info, with_certificates=with_certificates)


def _checked(known: HashAlgorithm | None, digest: bytes) -> HashAlgorithm:
    if known is None:
        raise HashNotStamped(
            "Digests by SHA-256, SHA-384 or SHA-512 are stamped, and no others.", kept=_NOTHING
        )
    if len(digest) != known.octets:
        raise ImprintMalformed(
            f"A digest by {known.name.upper()} has {known.octets} octets, this one {len(digest)}.",
            kept=_NOTHING,
        )
    return known


def _refused(error: CamtrustError) -> TimestampAnswer:
    bits = failures_of(error)
    # What a client gets to read is the refusal's sentence, which holds no secret.
    return TimestampAnswer(
        encode_rejection(bits, error.detail),
        failures=bits,
        words=error.detail,
        problem=error.problem,
        is_temporary=isinstance(error, Unavailable),
    )
