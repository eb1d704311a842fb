"""Why the registration authority says no."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable, Unauthenticated


class ApplicationUnknown(NotFound):
    """There is no application of this id, or it is another's and not yours to see."""

    problem = "application-unknown"
    title = "There is no such application"


class ProfileNotOpen(Unacceptable):
    """No certificate of this profile is issued upon an application."""

    problem = "profile-not-open"
    title = "This profile cannot be applied for"


class FactUnknown(Unacceptable):
    """A fact was sent that the profile does not take; it would have been ignored."""

    problem = "fact-unknown"
    title = "The profile takes no such fact"


class HolderMissing(Malformed):
    """A request sent as application/pkcs10 names its holder in the header Camtrust-Holder."""

    problem = "holder-missing"
    title = "The holder is missing"


class OwnApplication(Forbidden):
    """Whoever applied cannot decide: two people stand behind every certificate."""

    problem = "own-application"
    title = "You cannot decide your own application"


class DecidedBefore(Conflict):
    """The same officer decided this application before; a second opinion is another officer's."""

    problem = "decided-before"
    title = "You decided this application already"


class ApplicationExpired(Conflict):
    """Nobody decided the application, or answered the officer's question, in its time."""

    problem = "application-expired"
    title = "This application has expired"


class ApplicationNotReturned(Conflict):
    """Only an application that an officer returned with a question can be answered."""

    problem = "application-not-returned"
    title = "Nobody asked anything about this application"


class BundleRefused(Unacceptable):
    """Applications that are submitted together are for one holder, and at most four."""

    problem = "bundle-refused"
    title = "These applications cannot be submitted together"


class ApplicationClosed(Conflict):
    """The application is not with the officers: it was decided, returned, or has expired."""

    problem = "application-closed"
    title = "This application does not wait for a decision"


class NotIssuedYet(Conflict):
    """The application has no certificate: it waits for decisions, was refused, or failed."""

    problem = "not-issued-yet"
    title = "There is no certificate yet"


class EntityNotYours(Unacceptable):
    """An institution applies for itself alone: its own registration number and member code."""

    problem = "entity-not-yours"
    title = "This names another legal entity"


class OfficerUnknown(NotFound):
    """Nobody of this id is enrolled."""

    problem = "officer-unknown"
    title = "Nobody of this id is enrolled"


class OfficerNotInOffice(Forbidden):
    """The officer is suspended or removed, or holds no office that may do this."""

    problem = "officer-not-in-office"
    title = "This officer may not do this"


class OfficerExists(Conflict):
    """The id, the certificate or its key belongs to an officer already."""

    problem = "officer-exists"
    title = "This officer, certificate or key is enrolled already"


class OfficerStateRefused(Conflict):
    """A removed officer never comes back; another is enrolled under a new id."""

    problem = "officer-state-refused"
    title = "This officer's state cannot change so"


class CertificateNotForRole(Unacceptable):
    """An officer is enrolled with a good certificate of the profile that fits the role."""

    problem = "certificate-not-for-role"
    title = "This certificate does not fit the role"


class ClientCertificateMalformed(Unauthenticated):
    """The client certificate cannot be read."""

    problem = "client-certificate-malformed"
    title = "The client certificate cannot be read"


class ClientCertificateForeign(Unauthenticated):
    """The client certificate is none that we issued."""

    problem = "client-certificate-foreign"
    title = "This client certificate is not one of ours"


class ClientCertificateExpired(Unauthenticated):
    """The client certificate, or one above it, is expired or not valid yet."""

    problem = "client-certificate-expired"
    title = "This client certificate is not valid now"


class ClientCertificateRevoked(Unauthenticated):
    """The client certificate, or one above it, is revoked or on hold."""

    problem = "client-certificate-revoked"
    title = "This client certificate is revoked"


class OfficerNotEnrolled(Unauthenticated):
    """The certificate is good, but bound to no active officer."""

    problem = "officer-not-enrolled"
    title = "Nobody is enrolled with this certificate"
