"""What escrow refuses."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, Unacceptable


class NotEscrowable(Unacceptable):
    """Only keys for decrypting mail are escrowed, and only encrypted to our present key."""

    problem = "not-escrowable"
    title = "This key cannot be escrowed"


class EscrowedKeyUnknown(NotFound):
    """There is no escrowed key of this id, or not for this principal."""

    problem = "escrowed-key-unknown"
    title = "There is no such escrowed key"


class EscrowedKeyErased(Conflict):
    """The copy was erased: by the holder, or because its time was over."""

    problem = "escrowed-key-erased"
    title = "The escrowed key was erased"


class NoCertificateOfKey(Conflict):
    """No certificate was issued for the escrowed key, so there is no mail that it decrypts."""

    problem = "no-certificate-of-key"
    title = "There is no certificate for this key"


class RecoveryUnknown(NotFound):
    """There is no recovery of this id, or not for this principal."""

    problem = "escrow-recovery-unknown"
    title = "There is no such recovery"


class OwnRecovery(Forbidden):
    """Whoever proposed a recovery, under whatever role, cannot decide it."""

    problem = "own-escrow-recovery"
    title = "Another officer decides this recovery"


class RecoveryClosed(Conflict):
    """The recovery is decided already, or its time is over."""

    problem = "escrow-recovery-closed"
    title = "This recovery is closed"


class RecoveryUnderWay(Conflict):
    """A recovery of this key waits for its decision, or was approved and still runs."""

    problem = "escrow-recovery-under-way"
    title = "This key is being recovered already"


class NotForThisOfficer(Forbidden):
    """The file is for who proposed, the password for who approved."""

    problem = "escrow-part-for-another"
    title = "This part of the recovery is for the other officer"


class RecoveredKeyWrong(Conflict):
    """What was deposited is not the private key of the certificate."""

    problem = "recovered-key-wrong"
    title = "The escrowed copy does not hold the key"
