"""Documents registered, added to, published and withdrawn, on both databases."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from core.transparency.entry import commitment
from signing.documents.verification.document import DocumentState
from signing.documents.verification.errors import (
    DocumentIdTaken,
    DocumentUnknown,
    DocumentWithdrawn,
)
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.models import registered_documents
from signing.documents.verification.registry import (
    DetailsTooLong,
    Registry,
    signature_octets,
)
from tests.enrollment.world import World
from tests.signing.documents.verification.conftest import DETAILS, ID, SECOND, SIGNATURE


@pytest.fixture
def registry(on_both: World) -> Registry:
    return on_both.verification.registry


def test_a_document_is_found_with_its_signatures_in_order(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    found = registry.register(ID, DETAILS, SECOND)
    assert found == registry.find(ID)
    assert found.details == DETAILS
    assert found.state is DocumentState.VALID
    assert [one.signer.english for one in found.signatures] == ["SOK Dara", "CHAN Thou"]
    assert found.signatures[0] == dataclasses.replace(
        SIGNATURE, signed_at=found.signatures[0].signed_at
    )
    assert found.signatures[0].signed_at == SIGNATURE.signed_at


def test_the_same_again_changes_nothing(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    registry.register(ID, DETAILS, SECOND)
    again = registry.register(ID, DETAILS, SIGNATURE)
    assert len(again.signatures) == 2


def test_an_identifier_of_another_institution_is_refused(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    with pytest.raises(DocumentIdTaken):
        registry.register(ID, dataclasses.replace(DETAILS, institution="moj"), SECOND)
    assert len(registry.find(ID).signatures) == 1


def test_an_identifier_that_nobody_registered_is_unknown(registry: Registry) -> None:
    with pytest.raises(DocumentUnknown, match="do not rely on the paper"):
        registry.find(DocumentId.new())


def test_only_the_institution_publishes_and_withdraws(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    with pytest.raises(DocumentUnknown):
        registry.set_public(ID, institution="moj", is_public=True)
    with pytest.raises(DocumentUnknown):
        registry.withdraw(ID, institution="moj", reason="Not theirs")
    registry.set_public(ID, institution="moh", is_public=True)
    assert registry.find(ID).details.is_public
    registry.withdraw(ID, institution="moh", reason=" Replaced by number 124 ")
    found = registry.find(ID)
    assert (found.state, found.withdrawal_reason) == ("withdrawn", "Replaced by number 124")


def test_a_withdrawn_document_takes_no_more_signatures(registry: Registry) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    registry.withdraw(ID, institution="moh", reason="Replaced")
    registry.withdraw(ID, institution="moh", reason="Again")
    assert registry.find(ID).withdrawal_reason == "Replaced"
    with pytest.raises(DocumentWithdrawn):
        registry.register(ID, DETAILS, SECOND)


def test_texts_that_no_page_shows_are_refused(registry: Registry) -> None:
    for changed in ({"number": "1" * 101}, {"title": "t" * 501}, {"subject": "s" * 501}):
        with pytest.raises(DetailsTooLong):
            registry.register(ID, dataclasses.replace(DETAILS, **changed), SIGNATURE)
    registry.register(ID, DETAILS, SIGNATURE)
    for reason in ("", "  ", "r" * 501):
        with pytest.raises(DetailsTooLong):
            registry.withdraw(ID, institution="moh", reason=reason)


def test_the_public_log_names_no_identifier_and_commits_to_all(
    registry: Registry, on_both: World
) -> None:
    registry.register(ID, DETAILS, SIGNATURE)
    registry.withdraw(ID, institution="moh", reason="Replaced")
    on_both.log.publish()
    tiles = b"".join(
        one.read_bytes() for one in (on_both.folder / "log").rglob("*") if one.is_file()
    )
    assert b"document-registered" in tiles
    assert b"document-withdrawn" in tiles
    for hidden in (str(ID), ID.octets.hex(), "SOK Dara", "vaccines", SIGNATURE.sha256.hex()):
        assert hidden.encode() not in tiles
    with on_both.database.read() as connection:
        salt = connection.execute(select(registered_documents.c.salt)).scalar_one()
    found = registry.find(ID).signatures[0]
    assert commitment(salt, signature_octets(ID, 1, found)).encode() in tiles
