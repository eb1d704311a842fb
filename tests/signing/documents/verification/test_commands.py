"""``camtrust documents registered``: what an operator sees and changes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from core.errors import CamtrustError
from signing.documents.verification.commands import registered_commands
from signing.documents.verification.document import DocumentState
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.registry import Registry
from tests.signing.documents.verification.conftest import DETAILS, ID, SIGNATURE


class Parts:
    """What the commands ask of the wiring."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.verification = self


def run(registry: Registry, *arguments: str) -> Result:
    return CliRunner().invoke(registered_commands, arguments, obj=Parts(registry))


def test_a_document_is_shown_published_hidden_and_withdrawn(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    shown = json.loads(run(registry, "show", "--json", str(ID).lower()).stdout)
    assert shown["institution"] == DETAILS.institution
    assert shown["signatures"][0]["sha256"] == SIGNATURE.sha256.hex()
    # As it is copied from a browser.
    said = run(registry, "show", f"https://verify.example/v/{ID}").stdout
    assert f"title: {DETAILS.title}" in said

    assert run(registry, "publish", str(ID)).exit_code == 0
    assert registry.find(ID).details.is_public
    assert run(registry, "hide", str(ID)).exit_code == 0
    assert not registry.find(ID).details.is_public

    assert run(registry, "withdraw", "--reason", "An error", str(ID)).exit_code == 0
    found = registry.find(ID)
    assert (found.state, found.withdrawal_reason) == (DocumentState.WITHDRAWN, "An error")
    assert "withdrawal reason: An error" in run(registry, "show", str(ID)).stdout


@pytest.mark.parametrize(
    "identifier", ["", "x", str(DocumentId(bytes(15) + b"\1")), "https://verify.example/"]
)
def test_what_is_no_identifier_is_refused(registry: Registry, identifier: str) -> None:
    for arguments in (("show",), ("publish",), ("withdraw", "--reason", "An error")):
        refused = run(registry, *arguments, identifier).exception
        assert isinstance(refused, CamtrustError)
        assert refused.problem == "document-unknown"
