"""Run the fuzzer of certification requests: shortly always, for minutes in the long tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ca.csr.forge import (
    attribute,
    extension,
    extension_request,
    request,
    rsa_public_key,
    subject,
)
from tests.ca.software_hierarchy import private_key
from tests.fuzz.running import run_fuzzer


def seeds() -> list[bytes]:
    names = bytes.fromhex("300a8208612e676f762e6b68")
    return [
        request(),
        request(key=private_key("ed25519")),
        request(key=private_key("ec-p384")),
        request(public_key=rsa_public_key((1 << 3071) + 1, 65537)),
        request(subject=subject(attribute("2.5.4.6", b"KH", 0x13), attribute("2.5.4.3", b"a"))),
        request(attributes=(extension_request(extension("2.5.29.17", names)),)),
        request(attributes=(extension_request(extension("2.5.29.19", b"\x30\x03\x01\x01\xff")),)),
    ]


def fuzz(tmp_path: Path, *options: str) -> None:
    run_fuzzer("csr", tmp_path, *options, seeds=seeds())


def test_twenty_thousand_inputs_give_only_our_errors(tmp_path: Path) -> None:
    fuzz(tmp_path, "-runs=20000", "-max_total_time=20", "-seed=1")


@pytest.mark.long
def test_minutes_of_inputs_give_only_our_errors(tmp_path: Path) -> None:
    fuzz(tmp_path, "-max_total_time=180", "-max_len=4096")
