"""m of n custodians, each once, over exactly this script."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from ca.ceremony.custodians import (
    Approval,
    ApprovalRefused,
    Custodian,
    Quorum,
    QuorumMissing,
    check_quorum,
)

SCRIPT = b'format = "camtrust-ceremony-1"\n'
KEYS = {
    "custodian-1": ed25519.Ed25519PrivateKey.generate(),
    "custodian-2": ec.generate_private_key(ec.SECP256R1()),
    "custodian-3": ec.generate_private_key(ec.SECP384R1()),
}


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    public_key = key.public_key()
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def approve(name: str, script: bytes = SCRIPT) -> Approval:
    key = KEYS[name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return Approval(name, key.sign(script))
    digest = hashes.SHA256() if key.curve.name == "secp256r1" else hashes.SHA384()
    return Approval(name, key.sign(script, ec.ECDSA(digest)))


@pytest.fixture
def two_of_three() -> Quorum:
    enrolled = tuple(Custodian(name=name, public_key=pem(key)) for name, key in KEYS.items())
    return Quorum(quorum=2, enrolled=enrolled)


@pytest.mark.parametrize(
    "names",
    [
        ("custodian-1", "custodian-2"),
        ("custodian-2", "custodian-3"),
        ("custodian-1", "custodian-2", "custodian-3"),
    ],
)
def test_enough_custodians_suffice_whoever_they_are(
    two_of_three: Quorum, names: tuple[str, ...]
) -> None:
    check_quorum(two_of_three, SCRIPT, [approve(name) for name in names])


def test_one_custodian_too_few_is_refused(two_of_three: Quorum) -> None:
    with pytest.raises(QuorumMissing, match="1 of 3") as refusal:
        check_quorum(two_of_three, SCRIPT, [approve("custodian-3")])
    assert refusal.value.data["needed"] == 2


def test_the_same_custodian_twice_is_refused(two_of_three: Quorum) -> None:
    with pytest.raises(ApprovalRefused, match="twice"):
        check_quorum(two_of_three, SCRIPT, [approve("custodian-1"), approve("custodian-1")])


def test_one_custodian_under_two_names_is_refused(two_of_three: Quorum) -> None:
    borrowed = Approval("custodian-2", approve("custodian-3").signature)
    with pytest.raises(ApprovalRefused, match="custodian-2"):
        check_quorum(two_of_three, SCRIPT, [approve("custodian-3"), borrowed])


def test_an_approval_of_another_script_is_refused_though_enough_others_approve(
    two_of_three: Quorum,
) -> None:
    approvals = [approve("custodian-1"), approve("custodian-2"), approve("custodian-3", b"other")]
    with pytest.raises(ApprovalRefused, match="another version of the script"):
        check_quorum(two_of_three, SCRIPT, approvals)


def test_a_stranger_is_refused(two_of_three: Quorum) -> None:
    stranger = Approval("custodian-9", approve("custodian-1").signature)
    with pytest.raises(ApprovalRefused, match="Nobody is enrolled as custodian-9"):
        check_quorum(two_of_three, SCRIPT, [stranger, approve("custodian-1")])


def test_two_custodians_cannot_share_a_key() -> None:
    shared = pem(KEYS["custodian-1"])
    enrolled = tuple(Custodian(name=name, public_key=shared) for name in ("one", "two"))
    with pytest.raises(ValidationError, match="a key of their own"):
        Quorum(quorum=1, enrolled=enrolled)


def test_a_quorum_larger_than_its_members_is_refused() -> None:
    only = Custodian(name="one", public_key=pem(KEYS["custodian-1"]))
    with pytest.raises(ValidationError, match="fewer are enrolled"):
        Quorum(quorum=2, enrolled=(only,))


def test_custodians_who_need_not_approve_are_refused() -> None:
    only = Custodian(name="one", public_key=pem(KEYS["custodian-1"]))
    with pytest.raises(ValidationError, match="at least one"):
        Quorum(quorum=0, enrolled=(only,))


@pytest.mark.parametrize("key", ["no key", "rsa", "p521"])
def test_a_key_of_another_kind_is_refused(key: str) -> None:
    made = {
        "rsa": lambda: pem(rsa.generate_private_key(65537, 2048)),
        "p521": lambda: pem(ec.generate_private_key(ec.SECP521R1())),
    }
    with pytest.raises(ValidationError):
        Custodian(name="one", public_key=made[key]() if key in made else key)


@pytest.mark.parametrize("algorithm", ["ed25519", "P-256", "P-384"])
def test_what_openssl_signs_as_the_runbook_says_is_an_approval(
    algorithm: str, tmp_path: Path, require: Callable[[str], str]
) -> None:
    openssl = require("openssl")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "script.toml").write_bytes(SCRIPT)
    if algorithm == "ed25519":
        run("genpkey", "-algorithm", "ed25519", "-out", "own.pem")
        run("pkeyutl", "-sign", "-rawin", "-inkey", "own.pem", "-in", "script.toml", "-out", "sig")
    else:
        curve = f"ec_paramgen_curve:{algorithm}"
        run("genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", "own.pem")
        digest = "-sha256" if algorithm == "P-256" else "-sha384"
        run("dgst", digest, "-sign", "own.pem", "-out", "sig", "script.toml")
    run("pkey", "-in", "own.pem", "-pubout", "-out", "public.pem")
    custodian = Custodian(name="one", public_key=(tmp_path / "public.pem").read_text())
    quorum = Quorum(quorum=1, enrolled=(custodian,))
    check_quorum(quorum, SCRIPT, [Approval("one", (tmp_path / "sig").read_bytes())])
