"""Issue certificates, one or many, by the steps that the package's docstring lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.exc import IntegrityError

from ca.issuance import record
from ca.issuance.errors import IssuanceInProgress, ReservationLost
from ca.issuance.key_checks import refuse_taken_keys
from ca.issuance.record import IssuedCertificate, Reservation
from ca.issuance.recovery import ReservationRecovery
from ca.issuance.serial_numbers import new_serial_number, shard_of
from ca.issuance.signature import (
    SignedCertificate,
    VerifiedCertificate,
    sign_linted,
    verify_signed,
)
from ca.linting import Linter
from ca.plan import CertificatePlan, CertificateRequest, Issuer
from ca.planning import plan_certificate
from ca.profiles import Profile, profile_named
from core.clock import Clock
from core.database import Database
from core.errors import CamtrustError
from core.transparency.log import TransparencyLog
from hsm.keys import KeyStore, SigningKey

# DESIGN: batches of 500 to 1,000 items a task.
BATCH = 500

T = TypeVar("T")
R = TypeVar("R")
Outcome = IssuedCertificate | CamtrustError
KeyFinder = Callable[[CertificatePlan], SigningKey]


class IssuerDirectory(Protocol):
    """Finds the authority that issues."""

    def issuer(self, name: str) -> Issuer:
        """Return the authority of that name. Raises NotFound, or Conflict when it is retired."""

    def issuer_for_role(self, role: str) -> Issuer:
        """Return the active authority of a role. Raises NotFound."""


class Issuance:
    """Issues certificates; safe in many threads and in many processes at once."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        keys: KeyStore,
        authorities: IssuerDirectory,
        profiles: Mapping[str, Profile],
        linter: Linter,
        recovery: ReservationRecovery,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._keys = keys
        self._authorities = authorities
        self._profiles = profiles
        self._linter = linter
        self._recovery = recovery
        self._clock = clock

    def issue(self, request: CertificateRequest) -> IssuedCertificate:
        """Issue one certificate, or return the one that ``request.reference`` already got.

        Raises what constraints and lints refuse, KeyBelongsToAnother, KeyBlocked,
        IssuanceInProgress, NotFound for an unknown profile or authority, and Unavailable when
        database, token or log is away; then nothing was handed out, and the same request may
        be made again.
        """
        return _only(self.issue_many([request]))

    def issue_many(self, requests: Sequence[CertificateRequest]) -> list[Outcome]:
        """Issue many; the outcome at a position is the certificate or why there is none.

        One request's refusal does not hold up the others. Raises Unavailable when database or
        log goes away: what was issued before that is stored and found again by its reference.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(requests), BATCH):
            outcomes += self._issue_batch(requests[start : start + BATCH])
        return outcomes

    def prepare(self, request: CertificateRequest) -> Reservation:
        """Do steps 1 and 2, for :meth:`issue_prepared` or to see whether they can be done.

        Raises what ``issue`` would refuse the request for now; nothing is reserved or signed.
        """
        linted = self._linter.lint(self._planner()(request))
        with self._database.read() as connection:
            for refusal in refuse_taken_keys(connection, [linted.plan]).values():
                raise refusal
        return Reservation(linted, request.reference)

    def issue_prepared(self, prepared: Reservation) -> IssuedCertificate:
        """Issue what was prepared, once. Raises as :meth:`issue`."""
        outcomes: dict[int, Outcome] = {}
        self._carry_out({0: prepared}, outcomes)
        if isinstance(outcomes[0], IssuanceInProgress):
            # Its reference is taken, perhaps by a certificate that is issued already.
            outcomes |= self._issued_before([prepared])
        return _only([outcomes[0]])

    def issue_self_signed(
        self, request: CertificateRequest, *, authority: str, key_id: bytes
    ) -> IssuedCertificate:
        """Issue a root its own certificate, signed with the key that it certifies.

        ``request.csr`` holds that key; the row of ``authority`` exists already. For key
        ceremonies only.
        """
        now = self._clock.now()
        plan = plan_certificate(
            profile=profile_named(self._profiles, request.profile),
            issuer=None,
            request=request,
            serial_number=new_serial_number(),
            now=now,
            crl_shard=0,
            authority=authority,
        )
        reservation = Reservation(self._linter.lint(plan), request.reference)
        outcomes: dict[int, Outcome] = {}
        self._carry_out({0: reservation}, outcomes, anchor_key_id=key_id)
        return _only([*outcomes.values()])

    def _issue_batch(self, requests: Sequence[CertificateRequest]) -> list[Outcome]:
        # One step for all requests, then the next: the processor's caches keep to one step.
        outcomes = self._issued_before(requests)
        asked = {place: one for place, one in enumerate(requests) if place not in outcomes}
        planned = _each(asked, self._planner(), outcomes)  # Step 1.
        drafts = _each(planned, self._linter.draft, outcomes)  # Step 2.
        linted = _each(drafts, self._linter.lint_draft, outcomes)
        reservations = {
            place: Reservation(one, requests[place].reference) for place, one in linted.items()
        }
        self._carry_out(reservations, outcomes)
        return [outcomes[place] for place in range(len(requests))]

    def _issued_before(
        self, requests: Sequence[CertificateRequest | Reservation]
    ) -> dict[int, Outcome]:
        references = [one.reference for one in requests if one.reference is not None]
        if not references:
            return {}
        with self._database.read() as connection:
            found = record.find_by_reference(connection, references)
        if stored := [one.log_index for one in found.values() if one is not None]:
            # Its first issuer may have died, or found the log away, before it was published.
            self._log.ensure_published(max(stored))
        return {
            place: found[request.reference] or _in_progress()
            for place, request in enumerate(requests)
            if request.reference is not None and request.reference in found
        }

    def _planner(self) -> Callable[[CertificateRequest], CertificatePlan]:
        # A batch asks once for each issuer that it needs.
        issuers: dict[tuple[str | None, str], Issuer] = {}

        def plan(request: CertificateRequest) -> CertificatePlan:
            profile = profile_named(self._profiles, request.profile)
            named = (request.authority, request.profile)
            issuer = issuers.get(named)
            if issuer is None:
                issuer = issuers[named] = self._issuer(request, profile)
            serial_number = new_serial_number()
            return plan_certificate(
                profile=profile,
                issuer=issuer,
                request=request,
                serial_number=serial_number,
                now=self._clock.now(),
                crl_shard=shard_of(serial_number, issuer.crl_shards),
            )

        return plan

    def _issuer(self, request: CertificateRequest, profile: Profile) -> Issuer:
        if request.authority is None:
            return self._authorities.issuer_for_role(profile.default_issuer_role)
        issuer = self._authorities.issuer(request.authority)
        profile.check_issuer_role(issuer.role)
        return issuer

    def _carry_out(
        self,
        reservations: Mapping[int, Reservation],
        outcomes: dict[int, Outcome],
        *,
        anchor_key_id: bytes = b"",
    ) -> None:
        key_of = self._key_finder(anchor_key_id)
        # A key that is away would cost a serial number at every try: it is asked for before.
        possible = _each(reservations, lambda one: _with_key(one, key_of), outcomes)
        reserved = self._reserve(possible, outcomes)  # Step 3.
        signed = _each(reserved, lambda one: _sign(one, key_of), outcomes)  # Step 4.
        verified = _each(signed, verify_signed, outcomes)  # Step 5.
        self._store(verified, outcomes)  # Steps 6 and 7.
        self._recovery.give_up([one.plan for p, one in reserved.items() if p not in verified])

    def _key_finder(self, anchor_key_id: bytes) -> KeyFinder:
        # A batch asks for each key once, also for one that is away; the key checks its own
        # state at every signature.
        found: dict[str, SigningKey | CamtrustError] = {}

        def key_of(plan: CertificatePlan) -> SigningKey:
            key = found.get(plan.authority)
            if key is None:
                key_id = plan.issuer.key_id if plan.issuer else anchor_key_id
                key = found[plan.authority] = self._find_key(key_id)
            if isinstance(key, CamtrustError):
                raise key
            return key

        return key_of

    def _find_key(self, key_id: bytes) -> SigningKey | CamtrustError:
        try:
            return self._keys.signing_key(key_id)
        except CamtrustError as refusal:
            return refusal

    def _reserve(
        self, prepared: Mapping[int, Reservation], outcomes: dict[int, Outcome]
    ) -> dict[int, Reservation]:
        # What another process took between our look and our lock shows as an IntegrityError or
        # in the second look; then each is tried by itself.
        if not prepared:
            return {}
        try:
            refusals = self._reserve_together(prepared)
        except (IntegrityError, _Overtaken):
            if len(prepared) > 1:
                alone = (self._reserve({p: one}, outcomes) for p, one in prepared.items())
                return {place: one for reserved in alone for place, one in reserved.items()}
            refusals = dict.fromkeys(prepared, _in_progress())
        outcomes |= refusals
        return {place: one for place, one in prepared.items() if place not in refusals}

    def _reserve_together(self, prepared: Mapping[int, Reservation]) -> dict[int, CamtrustError]:
        places, plans = [*prepared], [one.plan for one in prepared.values()]
        with self._database.begin() as connection:
            refusals = {places[n]: why for n, why in refuse_taken_keys(connection, plans).items()}
            free = [one for place, one in prepared.items() if place not in refusals]
            if free:
                record.reserve(connection, self._log, free, self._clock.now())
                if refuse_taken_keys(connection, [one.plan for one in free]):
                    raise _Overtaken
        return refusals

    def _store(
        self, verified: Mapping[int, VerifiedCertificate], outcomes: dict[int, Outcome]
    ) -> None:
        if not verified:
            return
        with self._database.begin() as connection:
            stored = record.store(connection, self._log, [*verified.values()], self._clock.now())
        if stored:
            self._log.ensure_published(max(one.log_index for one in stored.values()))
        for place, one in verified.items():
            outcomes[place] = stored.get((one.plan.authority, one.plan.serial_number), _LOST)


_LOST = ReservationLost("Issuing took too long: the serial number was given up. Ask again.")


def _with_key(reservation: Reservation, key_of: KeyFinder) -> Reservation:
    key_of(reservation.plan)
    return reservation


def _sign(reservation: Reservation, key_of: KeyFinder) -> SignedCertificate:
    return sign_linted(reservation.linted, key_of(reservation.plan))


def _each(
    items: Mapping[int, T], act: Callable[[T], R], outcomes: dict[int, Outcome]
) -> dict[int, R]:
    """Do one step for every item; a refusal becomes the outcome at its place."""
    done: dict[int, R] = {}
    for place, item in items.items():
        try:
            done[place] = act(item)
        except CamtrustError as refusal:
            outcomes[place] = refusal
    return done


class _Overtaken(Exception):  # noqa: N818 - never leaves this module
    """Another process certified one of these keys while we waited for the log's lock."""


def _in_progress() -> IssuanceInProgress:
    return IssuanceInProgress("This certificate is being issued already; ask again shortly.")


def _only(outcomes: Sequence[Outcome]) -> IssuedCertificate:
    [outcome] = outcomes
    if isinstance(outcome, CamtrustError):
        raise outcome
    return outcome
