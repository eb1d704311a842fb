"""Run the fuzzer of passes: shortly always, for minutes in the long tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.passes.codecs import cbor, strict_json
from tests.fuzz.running import run_fuzzer
from tests.signing.passes.issuers import (
    BARCODE_SIGNER,
    Authority,
    card,
    claims,
    ddcc,
    icvp,
    identity,
    issuer,
    jwk,
    recovery,
    seal_data,
)


def seeds() -> list[bytes]:
    csca = Authority()
    one = issuer(authority=csca)
    hospital = {"issuer": {"iss": "https://health.example"}, "keys": [jwk(one)]}
    texts = [one.hc1(claims()), one.shc(card()), one.claim169(identity()), one.seal(seal_data())]
    held = [claims(), claims(icvp(), sub_claim=-6), claims(recovery()), claims(ddcc(), sub_claim=3)]
    contents = [cbor.encode(content) for content in held]
    return [
        *(bytes([chosen]) + text.encode() for chosen in (0, 1) for text in texts),
        b"\2" + one.message(claims()),
        *(b"\3" + content for content in contents),
        b"\4" + strict_json.compact(card()),
        b"\5" + issuer(authority=csca, usages=(BARCODE_SIGNER,)).der,
        b"\6" + strict_json.compact({"keys": [jwk(one)]}),
        b"\6" + one.der,
        b"\6" + csca.revoke(one.certificate),
        b"\6" + strict_json.compact({"issuerInfo": [hospital]}),
    ]


def fuzz(tmp_path: Path, *options: str) -> None:
    run_fuzzer("passes", tmp_path, *options, seeds=seeds())


def test_thousands_of_inputs_give_only_verdicts(tmp_path: Path) -> None:
    fuzz(tmp_path, "-runs=5000", "-max_total_time=20", "-seed=1")


@pytest.mark.long
def test_minutes_of_inputs_give_only_verdicts(tmp_path: Path) -> None:
    fuzz(tmp_path, "-max_total_time=180", "-max_len=8192")
