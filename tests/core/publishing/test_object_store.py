"""Publishing into a bucket, seen through another client of the same server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from core.publishing.destination import open_destination
from core.publishing.errors import (
    BucketMissing,
    CredentialsMissing,
    DestinationAway,
    DestinationBusy,
    DestinationForbidden,
    DestinationMalformed,
    ObjectStoreLibraryMissing,
)
from core.publishing.object_store import ObjectStoreTarget
from core.publishing.target import Outcome
from tests.core.publishing.publications import publication
from tests.object_store import Bucket

NAME = "crl/people-1/0.crl"
KEY = f"status/{NAME}"


@pytest.fixture
def interrupted(bucket: Bucket) -> Iterator[tuple[ObjectStoreTarget, list[Any]]]:
    """A publisher, and acts of others that happen between its look and its write."""
    client = boto3.session.Session().client("s3")
    acts: list[Any] = []

    def before_put(**_arguments: Any) -> None:
        if acts:
            acts.pop(0)()

    target = ObjectStoreTarget(bucket=bucket.name, prefix="status", client=client)
    assert target.orders_publishers
    client.meta.events.register("before-call.s3.PutObject", before_put)
    client.meta.events.register("before-call.s3.DeleteObject", before_put)
    yield target, acts
    target.close()


def test_an_object_has_the_headers_that_it_is_served_with(
    store: ObjectStoreTarget, bucket: Bucket
) -> None:
    one = publication(NAME, 7)
    store.put([one])

    found = bucket.client.get_object(Bucket=bucket.name, Key=KEY)
    assert found["ContentType"] == "application/pkix-crl"
    assert found["CacheControl"] == "public, max-age=300"
    assert found["ExpiresString"].startswith("Thu, 26 Nov 2026")
    assert found["Body"].read() == b"7\n"


def test_another_cache_policy_is_written(store: ObjectStoreTarget, bucket: Bucket) -> None:
    store.put([publication(NAME, 7)])

    changed = publication(NAME, 7, cache_control="public, max-age=60")
    assert store.put([changed]) == [Outcome.WRITTEN]
    assert bucket.client.head_object(Bucket=bucket.name, Key=KEY)["CacheControl"].endswith("=60")


def test_another_publisher_with_a_newer_file_wins_in_between(
    interrupted: tuple[ObjectStoreTarget, list[Any]], store: ObjectStoreTarget, bucket: Bucket
) -> None:
    target, acts = interrupted
    for first in ([], [publication(NAME, 1)]):
        store.put(first)
        acts.append(lambda: store.put([publication(NAME, 9)]))
        assert target.put([publication(NAME, 8)]) == [Outcome.OVERTAKEN]
        assert bucket.octets(KEY) == b"9\n"
        bucket.client.delete_object(Bucket=bucket.name, Key=KEY)


def test_another_publisher_with_an_older_file_loses_in_between(
    interrupted: tuple[ObjectStoreTarget, list[Any]], store: ObjectStoreTarget, bucket: Bucket
) -> None:
    target, acts = interrupted
    acts.append(lambda: store.put([publication(NAME, 3)]))

    assert target.put([publication(NAME, 8)]) == [Outcome.WRITTEN]
    assert bucket.octets(KEY) == b"8\n"


def test_who_is_always_interrupted_gives_up(
    interrupted: tuple[ObjectStoreTarget, list[Any]], store: ObjectStoreTarget
) -> None:
    target, acts = interrupted
    for number in range(10):
        acts.append(lambda number=number: store.put([publication(NAME, number)]))

    with pytest.raises(DestinationBusy):
        target.put([publication(NAME, 80)])


def test_what_was_published_again_in_between_is_not_removed(
    interrupted: tuple[ObjectStoreTarget, list[Any]], store: ObjectStoreTarget
) -> None:
    target, acts = interrupted
    store.put([publication(NAME, 1)])
    acts.append(lambda: store.put([publication(NAME, 2)]))

    assert target.remove([NAME], lambda _name: True) == 0
    assert store.read(NAME) == b"2\n"


def test_an_object_that_somebody_else_put_there_is_read_to_see_how_new_it_is(
    store: ObjectStoreTarget, bucket: Bucket
) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key=KEY, Body=b"20\n")

    assert store.put([publication(NAME, 19)]) == [Outcome.OVERTAKEN]
    assert store.put([publication(NAME, 21)]) == [Outcome.WRITTEN]


def test_a_store_that_ignores_conditions_is_found_out(bucket: Bucket) -> None:
    client = boto3.session.Session().client("s3")

    def forget_conditions(request: Any, **_arguments: Any) -> None:
        for header in ("If-Match", "If-None-Match"):
            del request.headers[header]

    client.meta.events.register("before-sign.s3.*", forget_conditions)
    target = ObjectStoreTarget(bucket=bucket.name, prefix="", client=client)

    assert not target.orders_publishers
    assert target.put([publication(NAME, 1)]) == [Outcome.WRITTEN]
    assert target.put([publication(NAME, 0)]) == [Outcome.OVERTAKEN]


def test_a_bucket_that_is_missing_is_named(bucket: Bucket) -> None:
    target = open_destination("s3://no-such-bucket/status")

    with pytest.raises(BucketMissing, match="no-such-bucket"):
        target.put([publication(NAME, 1)])
    with pytest.raises(BucketMissing):
        list(target.names("ocsp/"))


def test_missing_credentials_are_said(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(CredentialsMissing, match="AWS_ACCESS_KEY_ID"):
        open_destination(f"s3://{bucket.name}").put([publication(NAME, 1)])


def test_credentials_are_read_from_the_standard_file(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_PROFILE", "publisher")
    (tmp_path / "aws-credentials").write_text(
        "[publisher]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )

    target = open_destination(f"s3://{bucket.name}")
    assert target.put([publication(NAME, 1)]) == [Outcome.WRITTEN]


def test_a_profile_that_is_not_there_is_said(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(CredentialsMissing, match="nobody"):
        open_destination(f"s3://{bucket.name}")


def test_a_store_that_refuses_us_is_said(bucket: Bucket) -> None:
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
    policy += f'"Action":"s3:*","Resource":"arn:aws:s3:::{bucket.name}/*"}}]}}'
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=policy)

    with pytest.raises(DestinationForbidden, match=bucket.name):
        open_destination(f"s3://{bucket.name}").put([publication(NAME, 1)])


def test_a_store_that_is_away_is_said(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(DestinationAway):
        open_destination(f"s3://{bucket.name}").put([publication(NAME, 1)])


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)

    with pytest.raises(ObjectStoreLibraryMissing, match=r"requirements/s3\.txt"):
        open_destination("s3://bucket")


@pytest.mark.parametrize(
    "to",
    ["http://bucket/prefix", "s3://", "s3://Bucket", "s3://b/prefix", "s3://bucket/?versionId=1"],
)
def test_what_is_no_place_to_publish_to_is_refused(to: str) -> None:
    with pytest.raises(DestinationMalformed):
        open_destination(to)


def test_credentials_in_the_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(DestinationMalformed) as refused:
        open_destination("s3://key:secret-word@bucket/prefix")
    assert "secret-word" not in str(refused.value)
