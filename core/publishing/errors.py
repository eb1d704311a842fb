"""Why something cannot be published."""

from __future__ import annotations

from core.errors import Forbidden, Malformed, NotFound, Unauthenticated, Unavailable


class DestinationMalformed(Malformed):
    """The destination is neither a folder nor ``s3://bucket/prefix``."""

    problem = "publication-destination-malformed"
    title = "This is no place to publish to"


class DestinationAway(Unavailable):
    """The folder cannot be written, its disk is full, or the object store does not answer."""

    problem = "publication-destination-away"
    title = "The place to publish to cannot be written"


class DestinationBusy(Unavailable):
    """Others keep changing the same object at the same time."""

    problem = "publication-destination-busy"
    title = "Others publish the same at this moment"


class DestinationForbidden(Forbidden):
    """The object store knows who is asking and does not let them."""

    problem = "publication-destination-forbidden"
    title = "The object store refuses"


class CredentialsMissing(Unauthenticated):
    """Neither the environment nor the standard AWS files say who we are."""

    problem = "publication-credentials-missing"
    title = "There are no credentials for the object store"


class BucketMissing(NotFound):
    """The object store has no bucket of this name."""

    problem = "publication-bucket-missing"
    title = "There is no such bucket"


class ObjectStoreLibraryMissing(Unavailable):
    """The optional library that speaks the S3 protocol is not installed."""

    problem = "object-store-library-missing"
    title = "Object stores need a library that is not installed"
