"""Both places to publish to: a folder, and a bucket of a server that speaks S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.publishing.folder import FolderTarget
from core.publishing.object_store import ObjectStoreTarget
from core.publishing.target import PublicationTarget
from tests.object_store import Bucket, serve_bucket

bucket = pytest.fixture(serve_bucket)


@pytest.fixture
def folder(tmp_path: Path) -> FolderTarget:
    return FolderTarget(tmp_path / "published")


@pytest.fixture
def store(bucket: Bucket) -> ObjectStoreTarget:
    return ObjectStoreTarget(bucket=bucket.name, prefix="status")


@pytest.fixture(params=["folder", "store"])
def target(request: pytest.FixtureRequest) -> PublicationTarget:
    found: PublicationTarget = request.getfixturevalue(request.param)
    return found
