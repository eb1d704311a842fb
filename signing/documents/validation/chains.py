"""Chains from a signer's certificate to an anchor (RFC 5280, Section 6), without revocation."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    PathError,
    PathValidationError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, CertRevTrustPolicy
from pyhanko_certvalidator.validate import async_validate_path

from signing.documents.validation.indications import SubIndication
from signing.documents.validation.strengths import ValidationPolicy
from signing.documents.validation.trust import Anchor

# A stranger chooses the certificates of a document, and could let every one lead to every other.
_LONGEST_CHAIN = 8
_MOST_STEPS = 500
_MOST_CHAINS = 20


@dataclass(frozen=True)
class Chain:
    """A chain that holds at a moment: the signer's certificate first, the anchor apart."""

    certificates: tuple[x509.Certificate, ...]
    anchor: Anchor

    def with_issuers(self) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
        """Return each certificate with its issuer's; an anchor is checked by nobody."""
        issuers = (*self.certificates[1:], self.anchor.certificate)
        # Of a signer who is an anchor there is nothing to ask: the second is the longer.
        return zip(self.certificates, issuers, strict=False)


@dataclass(frozen=True)
class NoChain:
    """Why there is none, by the chain that came furthest."""

    problem: SubIndication
    reason: str


class ChainBuilder:
    """Finds a chain that holds at a moment."""

    def __init__(self, *, policy: ValidationPolicy) -> None:
        self._policy = policy

    def find(
        self,
        certificate: x509.Certificate,
        *,
        anchors: Iterable[Anchor],
        others: Iterable[x509.Certificate],
        at: datetime,
    ) -> Chain | NoChain:
        """Return the first chain that holds at ``at``, or what spoke against the last."""
        answer: Chain | NoChain = NoChain(
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
            "No chain leads from the signer's certificate to an authority that is trusted here.",
        )
        for chain in _candidates(certificate, list(anchors), _distinct(others)):
            problem = self._judge(chain, at)
            if problem is None:
                return chain
            answer = problem
        return answer

    def _judge(self, chain: Chain, at: datetime) -> NoChain | None:
        if not chain.certificates:
            return self._judge_trusted_signer(chain.anchor.certificate, at)
        context = ValidationContext(
            trust_roots=[chain.anchor.certificate],
            moment=at,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=NO_REVOCATION),
            algorithm_usage_policy=self._policy.strengths,
            time_tolerance=self._policy.clock_skew,
        )
        path = ValidationPath(
            trust_anchor=CertTrustAnchor(chain.anchor.certificate),
            interm=list(reversed(chain.certificates[1:])),
            leaf=chain.certificates[0],
        )
        try:
            _finish(async_validate_path(context, path))
        except (ValidationError, PathError) as error:
            return _no_chain(error, chain, at, self._policy.clock_skew)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return NoChain(
                SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
                f"A certificate of the chain cannot be read: {type(error).__name__}.",
            )
        return None

    def _judge_trusted_signer(self, signer: x509.Certificate, at: datetime) -> NoChain | None:
        # The signer's certificate is itself an anchor: nothing but its dates is left to check.
        skew = self._policy.clock_skew
        if at < signer.not_valid_before - skew:
            return NoChain(SubIndication.NOT_YET_VALID, "The certificate is not yet valid.")
        if at > signer.not_valid_after + skew:
            return NoChain(SubIndication.OUT_OF_BOUNDS_NO_POE, "The certificate has expired.")
        return None


def _finish(validation: Coroutine[Any, Any, ValidationPath]) -> None:
    # Without revocation nothing is fetched, so that nothing waits: no event loop is needed, and
    # none that runs already is in the way.
    try:
        validation.send(None)
    except StopIteration:
        return
    validation.close()
    raise RuntimeError("the validation of a path waits for something")


def _no_chain(error: Exception, chain: Chain, at: datetime, skew: timedelta) -> NoChain:
    said = str(error).rstrip(".") + "."
    leaf = chain.certificates[0]
    if isinstance(error, DisallowedAlgorithmError):
        problem = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        if error.banned_since is not None:
            problem = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
        return NoChain(problem, said)
    if isinstance(error, NotYetValidError) or at < leaf.not_valid_before - skew:
        return NoChain(SubIndication.NOT_YET_VALID, said)
    if isinstance(error, ExpiredError) or at > leaf.not_valid_after + skew:
        # ETSI EN 319 102-1, Section 5.2.6: without proof that it existed before.
        return NoChain(SubIndication.OUT_OF_BOUNDS_NO_POE, said)
    if isinstance(error, PathValidationError):
        return NoChain(SubIndication.CHAIN_CONSTRAINTS_FAILURE, said)
    return NoChain(SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, said)


def _candidates(
    certificate: x509.Certificate, anchors: list[Anchor], others: list[x509.Certificate]
) -> Iterator[Chain]:
    steps = yielded = 0
    waiting: list[tuple[x509.Certificate, ...]] = [(certificate,)]
    for anchor in anchors:
        if anchor.certificate.sha256 == certificate.sha256:
            yield Chain((), anchor)
    while waiting and steps < _MOST_STEPS and yielded < _MOST_CHAINS:
        steps += 1
        so_far = waiting.pop()
        for anchor in anchors:
            if _may_have_issued(anchor.certificate, so_far[-1]):
                yielded += 1
                yield Chain(so_far, anchor)
        if len(so_far) < _LONGEST_CHAIN:
            waiting += [
                (*so_far, one)
                for one in others
                if one not in so_far and _may_have_issued(one, so_far[-1])
            ]


def _may_have_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    wanted, has = certificate.authority_key_identifier, issuer.key_identifier
    return not wanted or not has or wanted == has


def _distinct(certificates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    # Only authorities carry a chain on; asn1crypto reads `ca` from basicConstraints.
    return list({one.sha256: one for one in certificates if one.ca}.values())
