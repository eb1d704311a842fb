"""``camtrust documents registered``: the documents that stamps lead to, shown and changed."""

from __future__ import annotations

import json
from typing import Protocol

import click

from signing.documents.stamps.content import Words
from signing.documents.verification.document import RegisteredDocument
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.registry import Registry


class VerificationParts(Protocol):
    """What the commands work with."""

    @property
    def registry(self) -> Registry:
        """The registered documents."""


class Services(Protocol):
    """What the commands ask of the wiring."""

    @property
    def verification(self) -> VerificationParts:
        """Registered documents."""


_ID = click.argument("identifier", metavar="IDENTIFIER")


@click.group("registered")
def registered_commands() -> None:
    """Documents that a stamp's QR code leads to: their pages at /v/IDENTIFIER."""


@registered_commands.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_ID
@click.pass_obj
def show_registered(services: Services, identifier: str, as_json: bool) -> None:
    """Show what is registered of a document, also what its page keeps to itself."""
    found = services.verification.registry.find(_parsed(identifier))
    facts = _facts(found)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        if name != "signatures" and value not in {None, ""}:
            click.echo(f"{name.replace('_', ' ')}: {value}")
    for number, one in enumerate(found.signatures, start=1):
        click.echo(
            f"signature {number}: {_either(one.signer)}, {one.signed_at.isoformat()}, "
            f"SHA-256 {one.sha256.hex()}"
        )


@registered_commands.command("publish")
@_ID
@click.pass_obj
def publish_registered(services: Services, identifier: str) -> None:
    """Show number, title and subject to everybody who has the document's address."""
    _set_public(services, identifier, is_public=True)
    click.echo("Its page shows title and subject now.")


@registered_commands.command("hide")
@_ID
@click.pass_obj
def hide_registered(services: Services, identifier: str) -> None:
    """Keep title and subject to ourselves. What was read is not unread by it."""
    _set_public(services, identifier, is_public=False)
    click.echo("Its page hides title and subject now.")


@registered_commands.command("withdraw")
@click.option("--reason", required=True, help="Why; the page shows it to every reader.")
@_ID
@click.pass_obj
def withdraw_registered(services: Services, identifier: str, reason: str) -> None:
    """Say that the institution no longer stands by a document. It cannot be taken back."""
    registry, document = services.verification.registry, _parsed(identifier)
    institution = registry.find(document).details.institution
    registry.withdraw(document, institution=institution, reason=reason)
    click.echo("Withdrawn: its page says so, with the reason.")


def _set_public(services: Services, identifier: str, *, is_public: bool) -> None:
    registry, document = services.verification.registry, _parsed(identifier)
    institution = registry.find(document).details.institution
    registry.set_public(document, institution=institution, is_public=is_public)


def _parsed(identifier: str) -> DocumentId:
    # An address copied from a browser will do.
    return DocumentId.parse(identifier.rpartition("/")[2])


def _facts(found: RegisteredDocument) -> dict[str, object]:
    details = found.details
    return {
        "identifier": str(found.id),
        "institution": details.institution,
        "state": found.state.value,
        "number": details.number,
        "title": details.title,
        "subject": details.subject,
        "is_public": details.is_public,
        "registered_at": found.registered_at.isoformat(),
        "withdrawn_at": None if found.withdrawn_at is None else found.withdrawn_at.isoformat(),
        "withdrawal_reason": found.withdrawal_reason,
        "signatures": [
            {
                "signer": _either(one.signer),
                "signed_at": one.signed_at.isoformat(),
                "sha256": one.sha256.hex(),
                "octets": one.length,
            }
            for one in found.signatures
        ],
    }


def _either(words: Words) -> str:
    return words.english or words.khmer
