"""The library that speaks the S3 protocol, as we set it up, and its refusals in our words.

boto3 is an optional part of the installation: only those who publish to object stores need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.publishing.errors import (
    BucketMissing,
    CredentialsMissing,
    DestinationAway,
    DestinationForbidden,
    ObjectStoreLibraryMissing,
)

KEPT = "What was published stays in place. Run it again to go on."
_TRIES = 5
_CONNECT_SECONDS, _READ_SECONDS = 10, 60

# RFC 9110, Section 15.5.13; S3 says 409 where two conditional requests met.
_CONDITION_FAILED = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
_CONDITION_UNKNOWN = {"NotImplemented", "501"}
# HEAD has no body that could say which of the two it is: the bucket is found out by the next PUT.
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_FORBIDDEN = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
_CREDENTIALS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidClientTokenId",
}


class ConditionFailed(Exception):  # noqa: N818 - what happened, for the caller alone
    """The object is not the one that was looked at any more."""


class ConditionUnknown(Exception):  # noqa: N818
    """The store knows no conditional writes."""


class ObjectAbsent(Exception):  # noqa: N818
    """There is no such object."""


def connect(connections: int) -> Any:
    """Return a client. Address and credentials are the environment's or the AWS files'.

    Raises ObjectStoreLibraryMissing, and CredentialsMissing for a profile that is not there.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ObjectStoreLibraryMissing(
            "Object stores need boto3: "
            "pip install --no-deps --require-hashes -r requirements/s3.txt."
        ) from error
    config = Config(
        max_pool_connections=connections,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "max_attempts": _TRIES},
        # The hash that is signed protects the body in every store; newer checksums only in some.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"payload_signing_enabled": True},
    )
    try:
        # A session of our own: the shared one remembers what the environment once said.
        return boto3.session.Session().client("s3", config=config)
    except BotoCoreError as error:
        raise CredentialsMissing(f"The AWS settings cannot be used: {error}") from error


@contextmanager
def refusals(bucket: str) -> Iterator[None]:
    """Turn the library's errors into ours, and into the three that callers deal with."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        PartialCredentialsError,
    )

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise CredentialsMissing(
            "No credentials for the object store: set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials."
        ) from error
    except ClientError as error:
        raise _refusal(bucket, error.response.get("Error", {})) from error
    except BotoCoreError as error:
        raise DestinationAway(f"The object store cannot be reached: {error}.", kept=KEPT) from error


def _refusal(bucket: str, said: dict[str, str]) -> Exception:
    code, message = said.get("Code", ""), said.get("Message", "")
    if code in _CONDITION_FAILED:
        return ConditionFailed(code)
    if code in _CONDITION_UNKNOWN:
        return ConditionUnknown(code)
    if code in _ABSENT:
        return ObjectAbsent(code)
    if code == "NoSuchBucket":
        return BucketMissing(f"The object store has no bucket {bucket}.", bucket=bucket)
    if code in _CREDENTIALS:
        return CredentialsMissing(f"The object store does not take our credentials: {message}.")
    if code in _FORBIDDEN:
        return DestinationForbidden(
            f"The object store lets us not use bucket {bucket}: publishing lists the bucket, and"
            " reads, writes and deletes its objects.",
            kept=KEPT,
            bucket=bucket,
        )
    return DestinationAway(f"The object store says {code}: {message}.", kept=KEPT)
