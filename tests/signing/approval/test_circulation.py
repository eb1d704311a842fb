"""A document goes round: signed in its order, acknowledged, sealed, and judged by others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from signing.approval.commands import approval_commands
from signing.documents.stamps.order import StampOrder
from signing.documents.verification.identifiers import DocumentId
from tests.signing.approval.test_troubles import tsa_away
from tests.signing.approval.world import ApprovalWorld
from tests.signing.documents.world import run
from tests.signing.world import MINISTRY


def test_a_document_is_signed_step_by_step_and_sealed(either_world: ApprovalWorld) -> None:
    world = either_world
    started = world.start("12", "4a", "3")
    world.sign(started, "2")
    world.sign(started, "1")
    assert world.find(started).step == 2
    world.acknowledge(started, "4", "Agreed; see chapter 2.")
    world.sign(started, "3")
    assert world.find(started).state == "sealing"
    assert world.approval.sealing.go_on() == 1
    done = world.find(started)
    assert done.state == "sealed"
    names = [one.sig_object.get("/Name", "time") for one in world.signatures(started)]
    assert names == ["Chan Vanna", "Sok Dara", "Kim Sophea", "Ministry of Examples Seal", "time"]
    assert len({one.field_name for one in world.signatures(started)}) == 5
    assert world.kinds() == [
        "approval-started",
        "approval-signed",
        "approval-signed",
        "approval-acknowledged",
        "approval-signed",
        "approval-sealed",
    ]


def test_the_seals_stamp_leads_to_the_documents_own_page(
    world: ApprovalWorld, tmp_path: Path
) -> None:
    order = StampOrder.model_validate(
        {
            "place": {"x": 15, "y": 15, "width": 140, "height": 55},
            "number": "12/2026",
            "title": "Decision",
        }
    )
    started = world.start("1", seal_stamp=order)
    world.sign(started, "1")
    assert world.approval.sealing.go_on() == 1
    path = tmp_path / "sealed.pdf"
    path.write_bytes(world.document(started))
    said = " ".join(run("pdftotext", path, "-").split())
    assert "Ministry of Examples" in said
    assert "12/2026" in said
    # Who is shown there is the seal, and the document is the sealed one.
    [address] = [word for word in said.split() if "/v/" in word.lower()]
    document = DocumentId.parse(address.rpartition("/")[2])
    registered = world.services.verification.registry.find(document)
    assert registered.details.institution == MINISTRY.id
    assert registered.signatures[0].sha256 == world.find(started).sha256


def command(world: ApprovalWorld, *arguments: str) -> Result:
    return CliRunner().invoke(approval_commands, arguments, obj=world.services)


def test_operators_see_what_waits_and_have_it_sealed(world: ApprovalWorld) -> None:
    waiting, ready = world.start("12"), world.start("1")
    world.sign(ready, "1")
    with pytest.MonkeyPatch.context() as patch:
        tsa_away(patch)
        world.approval.sealing.go_on()
        refused = command(world, "seal")
        assert refused.exit_code == 1
        assert refused.stdout.endswith("0 of 1 sealed.\n")
    shown = json.loads(command(world, "list", "--json").stdout)
    assert [(one["id"], one["state"], one["waiting"]) for one in shown] == [
        (waiting.id, "circulating", 2),
        (ready.id, "sealing", 0),
    ]
    said = command(world, "list", "--institution", MINISTRY.id).stdout
    assert "timestamp-unavailable" in said
    assert "Decision" not in said
    assert command(world, "list", "--institution", "another").stdout == ""
    assert command(world, "seal").stdout == "1 of 1 sealed.\n"
