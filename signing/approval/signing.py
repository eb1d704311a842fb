"""Sign in a circulation: what is prepared, confirmed, signed and stored are bound to one revision.

1. Prepare: the newest revision is copied, a revision with room for the signature appended, and the
   hash that the key has to sign kept beside it. The signer's passkey is asked about that hash.
2. Claim: nobody else appends to this revision while the key is used. A claim spares a signature
   that could not be stored; what holds is step 5.
3. Authorize: PIN and passkey open the key for this hash alone.
4. Sign, time-stamp, and keep the evidence in the document (B-LT). It is a whole file now.
5. Settle, in one transaction: if the circulation still has the revision that step 1 began with, the
   new file is its newest revision, and the log says so.

Killed before 4 is over, nothing was signed; killed after it, the file is found and settled
(:meth:`ApprovalSigning.recover`), and settling twice is settling once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import or_, update

from core.clock import Clock
from core.database import Database
from core.idempotency import new_act_id
from hsm.digests import DigestAlgorithm
from signing.approval.approval import Approval, ApprovalState, ParticipantRole
from signing.approval.errors import (
    NOTHING_DONE,
    RevisionMoved,
    RoleDiffers,
    SigningOutdated,
    SomebodySigns,
)
from signing.approval.files import SIGNATURE_OCTETS, ApprovalFiles
from signing.approval.keys import PersonKeys, PersonSigner
from signing.approval.models import approvals
from signing.approval.one_by_one import count_done
from signing.approval.settling import Settling
from signing.approval.sight import Place, Sight
from signing.approval.signings import Signing, Signings
from signing.approval.stamps import ParticipantStamps
from signing.credentials.activations import Activations
from signing.credentials.credential import Holder, HolderKind
from signing.credentials.second_factor import SigningAct
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.signing import DocumentSigning

# How long what was prepared can be signed: as long as a passkey's question is.
PREPARED_FOR = timedelta(minutes=5)
# Longer than a signature with its time-stamp takes; after it the process counts as dead.
CLAIMED_FOR = timedelta(minutes=2)
AS = SigningOptions(level=Level.B_LT)


class ApprovalSigning:
    """Signs for people who are signed in. ``person`` is that one."""

    def __init__(
        self,
        *,
        database: Database,
        files: ApprovalFiles,
        sight: Sight,
        signings: Signings,
        settling: Settling,
        keys: PersonKeys,
        activations: Activations,
        engine: Callable[[], DocumentSigning],
        stamps: ParticipantStamps,
        clock: Clock,
    ) -> None:
        self._database = database
        self._files = files
        self._sight = sight
        self._signings = signings
        self._settling = settling
        self._keys = keys
        self._activations = activations
        self._engine = engine
        self._stamps = stamps
        self._clock = clock

    def question(self, approval_id: str, number: int, person: str, *, revision: int) -> str | None:
        """Prepare a signature over the revision that somebody saw; return the passkey's question.

        Raises as :meth:`Sight.place`, RoleDiffers, RevisionMoved, NoSigningKey, what keys refuse,
        what signing refuses the document for, ApprovalDocumentAltered, and SecondFactorRefused.
        """
        place = self._sight.place(approval_id, number, person)
        if place.participant.role is not ParticipantRole.SIGN:
            raise RoleDiffers("You are asked to look at it, not to sign.", kept=NOTHING_DONE)
        if place.approval.revision != revision:
            raise _moved()
        signer = self._keys.of(person)
        signing = self._prepare(place, signer)  # Step 1.
        return self._activations.question(self._act(signing, signer))

    def sign(
        self, approval_id: str, number: int, person: str, *, pin: str, proof: str | None
    ) -> Approval:
        """Sign what was prepared. Raises as :meth:`question`, SigningOutdated, SomebodySigns, and
        what ``Activations.authorize`` and signing raise: then nothing was changed.
        """
        place = self._sight.place(approval_id, number, person)
        signing = self._signings.newest(approval_id, number, person)
        if signing is None:
            raise SigningOutdated("Open the page again, and sign then.", kept=NOTHING_DONE)
        claim = secrets.token_hex(16)
        self._claim(place.approval, signing, claim)  # Step 2.
        try:
            self._sign(place, signing, pin, proof)  # Steps 3 and 4.
            return self._settling.settle(signing)  # Step 5.
        finally:
            self._give_back(approval_id, claim)

    def recover(self) -> int:
        """Settle what was signed by a process that died; return how many were."""
        return count_done(
            self._signings.all_open(), self._recover, event="approval-signing-not-settled"
        )

    def _recover(self, signing: Signing) -> bool:
        if self._files.has(self._files.revision(signing.approval, signing.id)):
            return self._settling.settle_if_it_can_be(signing)
        # A folder that is away may hold what was signed.
        if signing.expires_at <= self._clock.now() and self._files.has_folder(signing.approval):
            self._signings.drop(signing)
        return False

    def _prepare(self, place: Place, signer: PersonSigner) -> Signing:
        approval, now = place.approval, self._clock.now()
        name = new_act_id(now)
        path = self._files.prepared(approval.id, name)
        engine = self._engine()
        with (
            self._files.opened(self._files.newest(approval)) as source,
            self._files.writing(path, room=approval.octets + SIGNATURE_OCTETS) as target,
        ):
            options = self._stamps.options(
                source,
                AS,
                template=place.participant.stamp,
                signer=place.actor,
                on_behalf_of=place.on_behalf_of,
                institution=approval.institution,
                at=now,
            )
            pending = engine.prepare(source, target, signer, options)
        signing = Signing(
            id=name,
            approval=approval.id,
            participant=place.participant.number,
            by=place.actor,
            revision=approval.revision,
            credential=signer.credential.id,
            certificate_sha256=signer.certificate_sha256,
            gap=pending.gap,
            to_be_signed=pending.to_be_signed,
            expires_at=now + PREPARED_FOR,
        )
        self._signings.keep(signing)
        return signing

    def _sign(self, place: Place, signing: Signing, pin: str, proof: str | None) -> None:
        signer = self._keys.named(signing.credential, place.actor)
        if signer.certificate_sha256 != signing.certificate_sha256:
            # It was renewed since; what was prepared names the old one.
            raise SigningOutdated("Open the page again, and sign then.", kept=NOTHING_DONE)
        target = self._files.revision(place.approval.id, signing.id)
        if self._files.has(target):
            # Signed before, by a process that died before it could say so.
            return
        act = self._act(signing, signer)
        authorization = self._activations.authorize(act, pin=pin, proof=proof)
        signer = replace(signer, sad=authorization.sad)
        prepared = self._files.prepared(place.approval.id, signing.id)
        try:
            with self._files.completing(prepared, target) as file:
                pending = self._engine().resume(
                    file, signing.gap, signer, AS, to_be_signed=signing.to_be_signed
                )
                self._engine().complete(pending, signer.sign(signing.to_be_signed))
        except Exception:
            # What is half written is of no use: the signer is asked anew, for another hash.
            self._signings.drop(signing)
            raise

    def _act(self, signing: Signing, signer: PersonSigner) -> SigningAct:
        digest = hashlib.new(signer.digest_algorithm, signing.to_be_signed).digest()
        return self._activations.act(
            signing.credential,
            digest_algorithm=DigestAlgorithm(signer.digest_algorithm),
            hashes=[digest],
            holder=Holder(HolderKind.PERSON, signing.by),
        )

    def _claim(self, approval: Approval, signing: Signing, claim: str) -> None:
        if approval.revision != signing.revision:
            raise _moved()
        now = self._clock.now()
        free = or_(approvals.c.claim.is_(None), approvals.c.claim_until <= now)
        with self._database.begin() as connection:
            claimed = connection.execute(
                update(approvals)
                .where(
                    approvals.c.id == approval.id,
                    approvals.c.state == ApprovalState.CIRCULATING,
                    approvals.c.revision == signing.revision,
                    free,
                )
                .values(claim=claim, claim_until=now + CLAIMED_FOR)
            )
        if not claimed.rowcount:
            raise SomebodySigns(
                "Somebody else's signature is being made. Look at the document again in a moment.",
                kept=NOTHING_DONE,
                retry_after_seconds=10,
            )

    def _give_back(self, approval_id: str, claim: str) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(approvals)
                .where(approvals.c.id == approval_id, approvals.c.claim == claim)
                .values(claim=None, claim_until=None)
            )


def _moved() -> RevisionMoved:
    return RevisionMoved(
        "Somebody signed since you opened it. Look at the document as it is now, and sign that.",
        kept=NOTHING_DONE,
    )
