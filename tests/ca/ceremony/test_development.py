"""The ceremony without people that ``camtrust init`` holds."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ca.authorities import AuthorityNotIssuing, AuthorityUnknown
from ca.ceremony.admission import QuorumTooSmall
from ca.ceremony.development import hold_development_ceremony
from ca.ceremony.verification import verify_folder
from ca.hierarchy import load_hierarchy
from tests.ca.ceremony.conftest import World
from tests.conftest import SettableClock


@pytest.fixture
def nation(world: World) -> World:
    world.hierarchy = load_hierarchy()
    hold_development_ceremony(world.ceremonies, world.hierarchy, world.clock)
    return world


def test_it_makes_the_whole_hierarchy_and_openssl_verifies_each_issuing_authority(
    nation: World, tmp_path: Path, require: Callable[[str], str], clock: SettableClock
) -> None:
    assert {one.role for one in nation.authorities.all()} == {one.role for one in nation.hierarchy}
    root = tmp_path / "root.pem"
    anchor = nation.authorities.authority("root-1").certificate
    root.write_bytes(anchor.public_bytes(Encoding.PEM))
    for authority in nation.authorities.all():
        crl = x509.load_der_x509_crl(nation.crls.newest(authority.name, 0).crl_der)
        assert crl.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]
        if authority.parent is None:
            continue
        file = tmp_path / f"{authority.name}.pem"
        file.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
        subprocess.run(
            [require("openssl"), "verify", "-x509_strict", "-attime",
             str(int(clock.now().timestamp()) + 60), "-trusted", str(root), str(file)],
            check=True, capture_output=True,
        )  # fmt: skip
    verification = verify_folder(nation.folder("development"))
    assert verification.passed, verification.checks
    approvals = next(one for one in verification.checks if one.name == "approvals")
    assert "nobody had to approve" in approvals.detail

    # Again: nothing new.
    keys = len(nation.keys.records())
    clock.advance(timedelta(days=2))
    hold_development_ceremony(nation.ceremonies, nation.hierarchy, nation.clock)
    assert len(nation.keys.records()) == keys

    # The health SCA: C=KH, pathLen 0, four years, its key used for one (WHO GDHCN).
    health = nation.authorities.authority("health-1")
    constraints = health.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.value.path_length == 0
    assert health.certificate.subject == health.certificate.issuer
    lifetime = health.certificate.not_valid_after_utc - health.certificate.not_valid_before_utc
    assert timedelta(days=1460) <= lifetime <= timedelta(days=1462)
    clock.advance(timedelta(days=370))
    with pytest.raises(AuthorityNotIssuing, match="past its time"):
        nation.authorities.issuer("health-1")
    with pytest.raises(AuthorityUnknown):
        nation.authorities.issuer_for_role("health")
    assert nation.authorities.issuer_for_role("people").authority == "people-1"


def test_production_refuses_a_ceremony_without_people(world: World) -> None:
    world.production = True
    with pytest.raises(QuorumTooSmall):
        hold_development_ceremony(world.ceremonies, world.hierarchy, world.clock)
