"""Whom a home trusts beside its own root."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from camtrust.doctor import examine
from camtrust.wiring import Services
from core.errors import CamtrustError
from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.trust_commands import trust_commands
from signing.documents.validation.trust_files import trust_from
from tests.signing.documents.validation.authorities import BEGAN, NOW, Hierarchy, Party
from tests.signing.documents.validation.conftest import StandingClock
from tests.signing.documents.validation.test_trusted_lists import (
    operator,
    service,
    trusted_list,
)

__all__ = ["operator"]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(home=tmp_path / "home", clock=StandingClock())


def run(services: Services, *arguments: object) -> Result:
    result = CliRunner().invoke(trust_commands, [str(one) for one in arguments], obj=services)
    if isinstance(result.exception, CamtrustError):
        raise result.exception
    return result


def test_an_anchor_is_added_listed_and_removed(
    services: Services, hierarchy: Hierarchy, tmp_path: Path
) -> None:
    (tmp_path / "neighbour.pem").write_bytes(hierarchy.root.pem)
    assert "1 authorities" in run(services, "add", tmp_path / "neighbour.pem").stdout
    [one] = json.loads(run(services, "list", "--json").stdout)
    assert (one["source"], one["subject"]) == (
        "neighbour.pem",
        "Common Name: Test Root, Country: KH",
    )
    [anchor] = services.validation.others.trust().anchors
    assert anchor.certificate.dump() == hierarchy.root.der
    run(services, "remove", "neighbour.pem")
    assert "Nobody but our own root" in run(services, "list").stdout
    with pytest.raises(TrustUnreadable):
        run(services, "remove", "neighbour.pem")


def test_a_list_is_added_with_its_signer_and_not_without(
    services: Services, hierarchy: Hierarchy, operator: Party, tmp_path: Path
) -> None:
    path = trusted_list(
        tmp_path, operator, service("CA/QC", hierarchy.issuing, [("granted", BEGAN)])
    )
    signer = tmp_path / "country.signer.pem"
    with pytest.raises(TrustUnreadable, match="--signed-by"):
        run(services, "add", path)
    run(services, "add", path, "--signed-by", signer)
    [one] = json.loads(run(services, "list", "--json").stdout)
    assert (one["source"], one["purposes"]) == ("country.xml", ["signing"])


def test_what_is_refused_leaves_the_folder_as_it_was(
    services: Services, hierarchy: Hierarchy, tmp_path: Path
) -> None:
    (tmp_path / "good.pem").write_bytes(hierarchy.root.pem)
    run(services, "add", tmp_path / "good.pem")
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(TrustUnreadable):
        run(services, "add", tmp_path / "bad.pem")
    assert [one.name for one in services.validation.others.folder.iterdir()] == ["good.pem"]


def test_a_broken_file_is_found_by_doctor_and_trusts_nobody(
    services: Services, hierarchy: Hierarchy, tmp_path: Path
) -> None:
    folder = services.validation.others.folder
    folder.mkdir(parents=True)
    (folder / "good.pem").write_bytes(hierarchy.root.pem)
    assert len(services.validation.others.trust().anchors) == 1
    (folder / "bad.pem").write_text("nothing")
    with pytest.raises(TrustUnreadable):
        services.validation.others.trust()
    assert services.validation.others.trust_or_nobody().anchors == ()
    findings = [one for one in examine(services) if one.part == "trust"]
    assert [one.well for one in findings] == [False]
    assert "bad.pem" in findings[0].detail
    # What cannot be opened is no fault of ours either.
    (folder / "bad.pem").unlink()
    (folder / "odd.pem").mkdir()
    (folder / "more.pem").write_bytes(hierarchy.root.pem)
    assert services.validation.others.trust_or_nobody().anchors == ()
    [found] = [one for one in examine(services) if one.part == "trust"]
    assert "odd.pem cannot be read" in found.detail


def test_certificates_that_are_not_self_issued_help_unless_nothing_else_is_there(
    hierarchy: Hierarchy, tmp_path: Path
) -> None:
    (tmp_path / "issuing.pem").write_bytes(hierarchy.issuing.pem)
    alone = trust_from(tmp_path, now=NOW)
    assert [one.source for one in alone.anchors] == ["issuing.pem"]
    (tmp_path / "root.pem").write_bytes(hierarchy.root.pem)
    both = trust_from(tmp_path, now=NOW)
    assert [one.source for one in both.anchors] == ["root.pem"]
    assert len(both.intermediates) == 1
    with pytest.raises(TrustUnreadable):
        trust_from(tmp_path / "nothing", now=NOW)
