"""Why the pages of a person say no."""

from __future__ import annotations

from core.errors import Conflict, Malformed, NotFound, Unacceptable


class NoDraft(NotFound):
    """Nothing is being prepared: it was submitted, or discarded in another window."""

    problem = "no-draft"
    title = "No application is being prepared"


class BundleUnknown(NotFound):
    """There is no application of this id that you may see."""

    problem = "bundle-unknown"
    title = "There is no such application"


class DraftChanged(Conflict):
    """The draft changed in another window after this page was shown."""

    problem = "draft-changed"
    title = "The application changed in another window"


class DraftIncomplete(Conflict):
    """A step before this one is not done."""

    problem = "draft-incomplete"
    title = "A step before this one is not done yet"


class ListedDataMissing(Conflict):
    """The list lacks something that the certificate has to say."""

    problem = "listed-data-missing"
    title = "Your institution's list lacks something"


class ListedDataChanged(Conflict):
    """The list changed after the person confirmed what it said."""

    problem = "listed-data-changed"
    title = "Your institution's list changed"


class NotListed(Conflict):
    """The person is in no institution's list at present."""

    problem = "not-listed"
    title = "No institution lists you"


class EvidenceMissing(Malformed):
    """A difference from the identity register needs an explanation and a document's number."""

    problem = "evidence-missing"
    title = "Say something to the difference"


class CertificateNotOffered(Unacceptable):
    """This kind of certificate is not offered to this person, or was not chosen."""

    problem = "certificate-not-offered"
    title = "This kind of certificate is not offered to you"


class KeyUsedBefore(Conflict):
    """Each certificate has a key of its own; this key is in an application already."""

    problem = "key-used-before"
    title = "This key is used already"


class NotHeld(NotFound):
    """There is no certificate of this id that is yours."""

    problem = "certificate-not-held"
    title = "You hold no such certificate"


class RenewalNotOpen(Conflict):
    """The certificate cannot be renewed now: too early, too late, or not good."""

    problem = "renewal-not-open"
    title = "This certificate cannot be renewed now"


class RenewalNeedsKey(Unacceptable):
    """The key of this kind of certificate is used no longer than the certificate: CP 4.6.1."""

    problem = "renewal-needs-key"
    title = "A renewal needs a new key"


class DraftInTheWay(Conflict):
    """A person prepares one application at a time."""

    problem = "draft-in-the-way"
    title = "You began another application"


class ReleaseRefused(Conflict):
    """Only who suspended a certificate takes the suspension back, and the code is needed."""

    problem = "release-refused"
    title = "You cannot release this certificate yourself"
