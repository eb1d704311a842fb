"""An object store of others' making, which speaks S3 over HTTP: moto's server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

NAME = "camtrust-test"


@dataclass(frozen=True)
class Bucket:
    """A bucket that the environment leads to; ``client`` looks at it past our code."""

    name: str
    address: str
    client: Any

    def listing(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [one["Key"] for one in found]

    def octets(self, key: str) -> bytes:
        read: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return read


def serve_bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    """A fixture: an empty bucket, with the standard variables set for it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    # Whatever the machine's own user has for AWS stays out of it.
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.session.Session().client("s3")
    # The server's objects belong to its process: each test begins with none.
    with urlopen(Request(f"{address}/moto-api/reset", method="POST")):
        pass
    client.create_bucket(Bucket=NAME)
    yield Bucket(NAME, address, client)
    client.close()
    server.stop()
