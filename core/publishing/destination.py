"""What ``--to`` names: a folder, or ``s3://bucket/prefix``."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from core.publishing.errors import DestinationMalformed
from core.publishing.folder import FolderTarget
from core.publishing.object_store import ObjectStoreTarget
from core.publishing.target import PublicationTarget

# What every store that speaks S3 takes.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def open_destination(to: str) -> PublicationTarget:
    """Return the place to publish to. Raises DestinationMalformed, and what the place raises."""
    if "://" not in to:
        return FolderTarget(Path(to).absolute())
    parts = urlsplit(to)
    if parts.username is not None or parts.password is not None:
        raise DestinationMalformed(
            "Credentials do not belong into the address: they are read from the environment or"
            " the AWS files."
        )
    if parts.scheme != "s3" or parts.query or parts.fragment:
        raise DestinationMalformed("A destination is a folder or s3://bucket/prefix.")
    if not _BUCKET.fullmatch(parts.netloc):
        raise DestinationMalformed(f"{parts.netloc!r} is no bucket's name.")
    return ObjectStoreTarget(bucket=parts.netloc, prefix=parts.path)
