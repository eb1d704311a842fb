"""Why a certificate's status is not changed."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable


class CertificateUnknown(NotFound):
    """This serial number was never given out."""

    problem = "certificate-unknown"
    title = "There is no such certificate"


class SerialAmbiguous(Conflict):
    """More than one authority has this serial number."""

    problem = "serial-ambiguous"
    title = "Several authorities have this serial number"


class CertificateExpired(Conflict):
    """The certificate is past its validity: its status stays as it is."""

    problem = "certificate-expired"
    title = "The certificate has expired"


class AlreadyRevoked(Conflict):
    """A definitive revocation stands; it is never taken back."""

    problem = "already-revoked"
    title = "The certificate is revoked for good"


class NotOnHold(Conflict):
    """Only a certificate on hold can be released."""

    problem = "not-on-hold"
    title = "The certificate is not on hold"


class ReasonRefused(Unacceptable):
    """Not a reason that this certificate may be revoked with."""

    problem = "revocation-reason-refused"
    title = "This is no reason to revoke this certificate with"


class InvalidityDateRefused(Unacceptable):
    """The date since when the key is suspect lies in the future."""

    problem = "invalidity-date-refused"
    title = "The invalidity date lies in the future"


class SelectionRefused(Unacceptable):
    """A mass revocation has to say which certificates it means."""

    problem = "selection-refused"
    title = "The selection is not clear"


class JobUnknown(NotFound):
    """No mass revocation has this number."""

    problem = "revocation-job-unknown"
    title = "There is no such mass revocation"


class SecondOfficerNeeded(Forbidden):
    """Whoever asked for a mass revocation cannot approve it."""

    problem = "second-officer-needed"
    title = "A second officer has to approve this"


class JobNotApproved(Conflict):
    """A mass revocation runs only once it is approved."""

    problem = "revocation-job-not-approved"
    title = "Nobody has approved this mass revocation"


class JobClosed(Conflict):
    """The mass revocation was withdrawn, or is approved or finished already."""

    problem = "revocation-job-closed"
    title = "The mass revocation is past this step"


class ProofRefused(Malformed):
    """What was sent does not prove possession of the key."""

    problem = "possession-not-proven"
    title = "This does not prove possession of the key"


class BreakGlassRefused(Forbidden):
    """The break-glass path asks for two operators and a reason, at the local console."""

    problem = "break-glass-refused"
    title = "The break-glass path is not open"
