"""What proves a signature later: the certificates, and their standing when it was made.

ETSI EN 319 142-1, Section 5.4.2.2; EN 319 102-1, Section 5.2.5.4: an answer says something of a
signature's time only if it was given after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from core.clock import Clock
from core.errors import Unavailable
from signing.documents.collected import Collected
from signing.documents.errors import (
    UNHARMED,
    SignerExpired,
    SignerRevoked,
    SignerSuspended,
    StatusUnavailable,
)
from signing.documents.ports import Evidence, SignerIdentity, StatusSource
from signing.documents.tokens import Token

# thisUpdate has whole seconds, a time-stamp may have parts: by the next second they are in order.
_WAIT_SECONDS = 0.25
_ASKED_AT_MOST = 10


class EvidenceCollector:
    """Collects evidence. Answers about authorities and time-stamping units are used again."""

    def __init__(
        self,
        *,
        statuses: StatusSource,
        kept: timedelta,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._statuses = statuses
        self._kept = kept
        self._clock = clock
        self._pause = pause
        self._again: dict[bytes, tuple[datetime, Evidence]] = {}
        self._paths: dict[x509.Certificate, list[x509.Certificate]] = {}

    def check_may_sign(self, signer: SignerIdentity) -> None:
        """Raise SignerExpired, SignerRevoked or SignerSuspended; StatusUnavailable."""
        certificate, now = signer.certificate, self._clock.now()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise SignerExpired(
                "The signer's certificate is valid from "
                f"{certificate.not_valid_before_utc:%Y-%m-%d} to "
                f"{certificate.not_valid_after_utc:%Y-%m-%d}, and not now.",
                kept=UNHARMED,
            )
        _check_good(self._statuses.standing(certificate, signer.chain[0]))

    def of_signature(self, signer: SignerIdentity, token: Token) -> Collected:
        """Return what proves a signature that was stamped by ``token``.

        Raises SignerRevoked, SignerSuspended and StatusUnavailable.
        """
        collected = self.of_token(token, signer.chain)
        collected.add_certificates([signer.certificate, *signer.chain])
        collected.add(self._live(signer.certificate, signer.chain[0], after=token.time))
        self._add_issuers(collected, signer.chain)
        return collected

    def of_token(self, token: Token, known: Sequence[x509.Certificate]) -> Collected:
        """Return what proves a time-stamp; ``known`` may be among its issuers."""
        collected = Collected()
        path = self._path_of(token, known)
        collected.add_certificates(path)
        self._add_issuers(collected, path)
        return collected

    def _path_of(self, token: Token, known: Sequence[x509.Certificate]) -> list[x509.Certificate]:
        # Verifying a P-384 signature takes as long as ten made in the token, and the units are few.
        path = self._paths.get(token.unit)
        if path is None:
            path = path_of(token.unit, [*token.certificates, *known])
            if path[-1].issuer == path[-1].subject:
                self._paths = {**self._paths, token.unit: path}
        return path

    def _add_issuers(self, collected: Collected, path: Sequence[x509.Certificate]) -> None:
        # RFC 5280, Section 6.1: nobody vouches for an anchor.
        for certificate, issuer in pairwise(path):
            evidence = self._recent(certificate, issuer)
            if evidence.standing != "good":
                raise StatusUnavailable(
                    "A certificate above the signature is revoked or on hold.", kept=UNHARMED
                )
            collected.add(evidence)

    def _live(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, after: datetime
    ) -> Evidence:
        for _ in range(_ASKED_AT_MOST):
            evidence = self._ask(certificate, issuer)
            _check_good(evidence.standing)
            if evidence.this_update >= after:
                return evidence
            self._pause(_WAIT_SECONDS)
        raise StatusUnavailable(
            "The status service keeps answering with a time before the signature's: its clock "
            "or the time-stamping authority's is wrong.",
            kept=UNHARMED,
        )

    def _ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        try:
            return self._statuses.evidence(certificate, issuer)
        except Unavailable as error:
            raise StatusUnavailable(
                f"A certificate's standing was not to be had: {error.detail} Try again later.",
                kept=UNHARMED,
            ) from error

    def _recent(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        name = certificate.public_bytes(Encoding.DER)
        now = self._clock.now()
        until, evidence = self._again.get(name, (now, None))
        if evidence is not None and now < until:
            return evidence
        evidence = self._ask(certificate, issuer)
        until = now + self._kept
        if evidence.next_update is not None:
            until = min(until, evidence.next_update)
        self._again[name] = (until, evidence)
        return evidence


def path_of(
    certificate: x509.Certificate, known: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Return a certificate and its issuers as far as they are known, the anchor last."""
    path = [certificate]
    while path[-1].issuer != path[-1].subject:
        issuer = next((one for one in known if _has_issued(one, path[-1])), None)
        if issuer is None or issuer in path:
            break
        path.append(issuer)
    return path


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _check_good(standing: str) -> None:
    if standing == "revoked":
        raise SignerRevoked("The signer's certificate was revoked.", kept=UNHARMED)
    if standing == "on-hold":
        raise SignerSuspended(
            "The signer's certificate is suspended: it signs again once it is released.",
            kept=UNHARMED,
        )
    if standing != "good":
        raise StatusUnavailable(
            "Nobody here can speak for the signer's certificate: another authority issued it.",
            kept=UNHARMED,
        )
