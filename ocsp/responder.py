"""Answer for the status of certificates: octets in, octets out, never an exception.

RFC 6960, in the profile of RFC 9919. An answer says ``good`` only of a certificate that is in
the table as issued. What others issued gets the unsigned error ``unauthorized``, since nobody here
can speak for it; so does what was never issued, unless the settings want a signed answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

import structlog

from ca.authorities import Authorities, AuthorityUnknown
from ca.plan import Issuer
from ca.revocation.reasons import RevocationReason
from ca.revocation.retention import Retention
from core.clock import Clock
from core.errors import Malformed, NotFound, Unavailable
from ocsp import oids
from ocsp.budget import Budget
from ocsp.glance import read_at_a_glance
from ocsp.identities import Identities, Identity, ResponderMissing
from ocsp.request import CertId, StatusRequest, parse_request
from ocsp.response import ResponseStatus, SingleAnswer, encode_answers, encode_error
from ocsp.restoration import RestorationCheck
from ocsp.settings import NeverIssued, OcspSettings
from ocsp.standings import Known, StandingSource

# RFC 5280, Section 4.1.2.2: at most 20 octets, positive.
_LARGEST_SERIAL = 1 << 160

# RFC 6960, Section 2.2: the day on which what was never issued is said to be revoked.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_HASH_OCTETS = {oids.SHA1: sha1().digest_size, oids.SHA256: sha256().digest_size}  # noqa: S324


@dataclass(frozen=True)
class StatusAnswer:
    """A response to send.

    ``next_update`` is None for errors. ``keep_for`` is how long a cache may keep the response,
    None for not at all; one that is not ``is_public`` is for who asked, and for nobody else.
    """

    der: bytes
    status: ResponseStatus
    this_update: datetime
    next_update: datetime | None
    keep_for: timedelta | None = None
    is_public: bool = False


class _NotOurs(NotFound):
    """A certificate that nobody here can speak for."""


class _BudgetSpent(Exception):  # noqa: N818 - named for what happened, as our other refusals
    """No more signatures for strangers just now."""


class StatusResponder:
    """Answers OCSP requests; safe in many threads and many processes.

    ``never_issued`` is how often a signed answer is given about what was never issued, and
    ``signatures`` how often one is given at all; beyond that the answer is tryLater.
    """

    def __init__(
        self,
        *,
        authorities: Authorities,
        standings: StandingSource,
        identities: Identities,
        retention: Retention,
        restoration: RestorationCheck,
        never_issued: Budget,
        signatures: Budget,
        settings: OcspSettings,
        clock: Clock,
    ) -> None:
        self._authorities = authorities
        self._standings = standings
        self._identities = identities
        self._retention = retention
        self._restoration = restoration
        self._never_issued = never_issued
        self._signatures = signatures
        self._settings = settings
        self._clock = clock
        self._events = structlog.get_logger("ocsp")

    def answer(self, data: bytes) -> StatusAnswer:
        """Return the response to a request in DER, errors included (RFC 6960, Section 2.3)."""
        try:
            if len(data) > self._settings.largest_request_octets:
                return self._error(ResponseStatus.MALFORMED_REQUEST)
            return self._answer(read_at_a_glance(data) or parse_request(data))
        except Malformed:
            return self._error(ResponseStatus.MALFORMED_REQUEST)
        except NotFound:
            # RFC 9919, Section 3.2.3: not capable of responding authoritatively.
            return self._error(ResponseStatus.UNAUTHORIZED)
        except _BudgetSpent:
            # No line in the log: there would be as many as there are questions too many.
            return self._error(ResponseStatus.TRY_LATER)
        except Unavailable as error:
            self._events.warning("cannot-answer", problem=error.problem)
            return self._error(ResponseStatus.TRY_LATER)
        except Exception:
            self._events.exception("answer-failed")
            return self._error(ResponseStatus.INTERNAL_ERROR)

    def _answer(self, request: StatusRequest) -> StatusAnswer:
        issuer = self._issuer(request.certificates)
        self._restoration.check()
        identity = self._identities.identity(issuer.authority)
        standings = self._standings.standings(
            issuer.authority,
            [one.serial_number for one in request.certificates if _is_possible(one)],
        )
        found, this_update = standings.found, standings.as_of
        now = self._clock.now().replace(microsecond=0)
        unissued = any(one.serial_number not in found for one in request.certificates)
        if unissued:
            self._check_never_issued()
        next_update = self._next_update(this_update, now, identity, issuer)
        if not self._signatures.take():
            raise _BudgetSpent
        der = encode_answers(
            [self._single(one, found, issuer) for one in request.certificates],
            signer=identity.signer,
            produced_at=now,
            this_update=this_update,
            next_update=next_update,
            nonce=request.nonce,
            extended_revoke=unissued and self._settings.never_issued is NeverIssued.REVOKED,
        )
        return StatusAnswer(
            der,
            ResponseStatus.SUCCESSFUL,
            this_update=this_update,
            next_update=next_update,
            # Of what was never issued there is no authoritative record (RFC 9919, Section 3.2.3).
            keep_for=None if unissued else self._keep_for(next_update - now),
            # Nobody else asks with this nonce: in a shared cache the answer would only take room.
            is_public=request.nonce is None and not unissued,
        )

    def _keep_for(self, left: timedelta) -> timedelta:
        # RFC 9919, Section 7.2: max-age ends earlier than nextUpdate.
        return min(self._settings.max_age, left - timedelta(seconds=1))

    def _next_update(
        self, this_update: datetime, now: datetime, identity: Identity, issuer: Issuer
    ) -> datetime:
        # An answer holds no longer than who signed it, or who certified that signer.
        next_update = min(
            this_update + self._settings.validity_of(issuer.authority, issuer.role).valid,
            identity.not_after,
            issuer.certificate.not_valid_after_utc,
        )
        if next_update <= now:
            raise ResponderMissing(
                f"{issuer.authority} or its responder has expired.", authority=issuer.authority
            )
        return next_update

    def _check_never_issued(self) -> None:
        # Signed answers about serial numbers at random would keep the token busy for strangers.
        if self._settings.never_issued is NeverIssued.UNAUTHORIZED or not self._never_issued.take():
            raise _NotOurs("A serial number was never issued.")

    def _issuer(self, certificates: Sequence[CertId]) -> Issuer:
        # One delegate signs the whole response: it speaks for one issuer alone.
        issuers = {found.authority: found for found in map(self._issuer_of, certificates)}
        if len(issuers) != 1:
            raise _NotOurs("The certificates asked about are of several issuers.")
        [issuer] = issuers.values()
        return issuer

    def _issuer_of(self, certificate: CertId) -> Issuer:
        octets = _HASH_OCTETS.get(certificate.hash_oid)
        if octets is None or len(certificate.issuer_name_hash) != octets:
            raise _NotOurs("Issuers are known by SHA-1 and SHA-256 here.")
        try:
            return self._authorities.issuer_by_certid(
                certificate.issuer_name_hash, certificate.issuer_key_hash
            )
        except AuthorityUnknown as error:
            raise _NotOurs("The issuer is not one of ours.") from error

    def _single(
        self, certificate: CertId, found: Mapping[int, Known], issuer: Issuer
    ) -> SingleAnswer:
        status = found.get(certificate.serial_number)
        if status is None:
            return self._single_never_issued(certificate)
        keeps = self._retention.keeps_expired(issuer.authority)
        return SingleAnswer(
            cert_id_der=certificate.der,
            revoked_at=status.revoked_at,
            reason=status.reason,
            archive_cutoff=self._retention.kept_since(issuer.authority) if keeps else None,
        )

    def _single_never_issued(self, certificate: CertId) -> SingleAnswer:
        unknown = self._settings.never_issued is not NeverIssued.REVOKED
        return SingleAnswer(
            cert_id_der=certificate.der,
            # RFC 6960, Section 2.2: held since 1970, so that it can still be issued.
            revoked_at=None if unknown else _NEVER,
            reason=None if unknown else RevocationReason.CERTIFICATE_HOLD,
            archive_cutoff=None,
            is_unknown=unknown,
        )

    def _error(self, status: ResponseStatus) -> StatusAnswer:
        return StatusAnswer(encode_error(status), status, self._clock.now(), None)


def _is_possible(certificate: CertId) -> bool:
    return 0 < certificate.serial_number < _LARGEST_SERIAL
