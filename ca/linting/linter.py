"""Lint a planned certificate whole, and give out the token without which nothing is signed.

1. Build the certificate and sign it with a throwaway key of the issuer's type and curve; in a
   self-signed one the throwaway public key stands in for its own.
2. Run our rules (:mod:`ca.linting.rules`) on every certificate.
3. Run pkilint with the validator that the profile names, unless a certificate of the same
   skeleton (:mod:`ca.linting.skeleton`) has passed it already.
4. Give out a :class:`LintedCertificate`: single-use, for one authority.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.der import NotDer
from ca.linting.candidate import Candidate, read_candidate
from ca.linting.findings import Finding, LintRefused
from ca.linting.linted import SEAL, LintedCertificate
from ca.linting.rules import findings_of
from ca.linting.skeleton import Skeleton, skeleton_of
from ca.linting.stand_ins import stand_ins
from ca.linting.throwaway import (
    algorithm_of,
    algorithm_of_tbs,
    sign_copy,
    sign_with_throwaway,
    throwaway_public_key_der,
)
from ca.plan import CertificatePlan
from ca.profiles import Profile, profile_named
from ca.profiles.definition import Lint
from ca.profiles.extensions import subject_key_identifier
from ca.settings import CaSettings
from hsm.keys import KeyAlgorithm

# A skeleton takes about 2 kB; an installation has some hundreds.
MOST_SKELETONS = 10_000

# A whole certificate's DER and the validator that its profile names; returns what is serious.
ExternalLinter = Callable[[bytes, Lint], list[Finding]]


@dataclass(frozen=True)
class LintCounts:
    """How many certificates were linted, and how many of them by pkilint in full."""

    linted: int
    in_full: int

    @property
    def share_in_full(self) -> float:
        """The share that pkilint linted, from 0 to 1."""
        return self.in_full / self.linted if self.linted else 0.0


@dataclass(frozen=True)
class Draft:
    """A plan made into a certificate that a throwaway key signed: for linters' eyes alone."""

    plan: CertificatePlan
    algorithm: KeyAlgorithm
    certificate: x509.Certificate


class Linter:
    """Lints plans. Safe to share between threads; each process proves skeletons for itself."""

    def __init__(
        self,
        *,
        profiles: Mapping[str, Profile],
        settings: CaSettings | None = None,
        external: ExternalLinter | None = None,
    ) -> None:
        settings = settings or CaSettings()
        self._external = external or _lint_by_pkilint
        self._profiles = profiles
        self._always_in_full = settings.lint_in_full
        self._stand_ins: Sequence[tuple[bytes, bytes]] = stand_ins(settings)
        self._algorithms: dict[tuple[str, bytes], KeyAlgorithm] = {}
        self._proven: dict[Skeleton, None] = {}
        self._counting = Lock()
        self._linted = 0
        self._in_full = 0

    @property
    def counts(self) -> LintCounts:
        """The counts since this linter was made."""
        with self._counting:
            return LintCounts(self._linted, self._in_full)

    def lint(self, plan: CertificatePlan, *, in_full: bool = False) -> LintedCertificate:
        """Lint a plan; ``in_full`` runs pkilint even where the skeleton is proven.

        Raises LintRefused with every finding.
        """
        return self.lint_draft(self.draft(plan), in_full=in_full)

    def draft(self, plan: CertificatePlan) -> Draft:
        """Do step 1 alone, for who lints many: all drafts first is a quarter quicker."""
        algorithm = self._algorithm(plan)
        return Draft(plan, algorithm, sign_with_throwaway(plan.builder, algorithm))

    def lint_draft(self, draft: Draft, *, in_full: bool = False) -> LintedCertificate:
        """Do steps 2 to 4. Raises LintRefused with every finding."""
        plan = draft.plan
        tbs_der = draft.certificate.tbs_certificate_bytes
        candidate = _read(plan, profile_named(self._profiles, plan.profile), tbs_der)
        findings = findings_of(candidate)  # Step 2.
        if findings:
            raise LintRefused(findings)
        self._lint_with_pkilint(candidate, draft, in_full)  # Step 3.
        return LintedCertificate(plan=plan, tbs_der=tbs_der, seal=SEAL)  # Step 4.

    def _lint_with_pkilint(self, candidate: Candidate, draft: Draft, in_full: bool) -> None:
        skeleton = skeleton_of(candidate)
        proven = skeleton is not None and skeleton in self._proven
        needed = in_full or self._always_in_full or not proven
        with self._counting:
            self._linted += 1
            self._in_full += needed
        if not needed:
            return
        copy = self._copy_for_pkilint(candidate, draft)
        findings = self._external(copy, candidate.profile.definition.lint)
        if findings:
            raise LintRefused(findings)
        if skeleton is not None:
            self._remember(skeleton)

    def _copy_for_pkilint(self, candidate: Candidate, draft: Draft) -> bytes:
        tbs_der = candidate.tbs_der
        if candidate.plan.self_signed:
            tbs_der = _with_throwaway_key(candidate, draft.algorithm)
        for octets, replacement in self._stand_ins:
            tbs_der = tbs_der.replace(octets, replacement)
        if tbs_der == candidate.tbs_der:
            return draft.certificate.public_bytes(Encoding.DER)
        return sign_copy(tbs_der, draft.algorithm)

    def _algorithm(self, plan: CertificatePlan) -> KeyAlgorithm:
        if plan.issuer is None:
            # The type of a self-signed certificate's key stands in its own signed part.
            return algorithm_of_tbs(
                sign_with_throwaway(plan.builder, KeyAlgorithm.EC_P256).tbs_certificate_bytes
            )
        key = (plan.authority, plan.issuer.key_id)
        algorithm = self._algorithms.get(key)
        if algorithm is None:
            public_key = plan.issuer.certificate.public_key()
            algorithm = self._algorithms[key] = algorithm_of(public_key)  # type: ignore[arg-type]
        return algorithm

    def _remember(self, skeleton: Skeleton) -> None:
        if len(self._proven) >= MOST_SKELETONS:
            self._proven.clear()
        self._proven[skeleton] = None


def _lint_by_pkilint(certificate_der: bytes, lint: Lint) -> list[Finding]:
    # Imported at the first certificate that needs it: most processes lint none.
    from ca.linting.pkilint_validators import lint_certificate

    return lint_certificate(certificate_der, lint)


def _read(plan: CertificatePlan, profile: Profile, tbs_der: bytes) -> Candidate:
    try:
        return read_candidate(plan, profile, tbs_der)
    except NotDer as error:
        raise LintRefused([Finding("camtrust", "x690.der", error.detail)]) from error


def _with_throwaway_key(candidate: Candidate, algorithm: KeyAlgorithm) -> bytes:
    # The key and its identifier, wherever it stands: in SKI, and in AKI if there is one.
    own, stand_in = candidate.public_key, throwaway_public_key_der(algorithm)
    return candidate.tbs_der.replace(own, stand_in).replace(
        subject_key_identifier(own), subject_key_identifier(stand_in)
    )
