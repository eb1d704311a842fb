"""``camtrust documents trust``: whom this home trusts beside its own root."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Protocol

import click

from core.clock import Clock
from signing.documents.validation.errors import TrustUnreadable
from signing.documents.validation.report import instant
from signing.documents.validation.trust import KEPT, Anchor
from signing.documents.validation.trust_files import LIST, signer_file, trust_from
from signing.documents.validation.trust_folder import TrustFolder


class TrustParts(Protocol):
    """Where trust is kept."""

    @property
    def others(self) -> TrustFolder:
        """The folder of files that are trusted."""


class Services(Protocol):
    """What these commands ask of the wiring."""

    @property
    def validation(self) -> TrustParts:
        """What documents are validated with."""

    @property
    def clock(self) -> Clock:
        """The clock."""


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("trust")
def trust_commands() -> None:
    """Whom documents are trusted by, beside our own root."""


@trust_commands.command("add")
@click.option(
    "--signed-by",
    type=_FILE,
    help="Who may sign a trusted list: certificates, obtained in a way that you trust.",
)
@click.argument("file", type=_FILE)
@click.pass_obj
def add(services: Services, signed_by: Path | None, file: Path) -> None:
    """Trust FILE: certificates, CRLs, or a trusted list (ETSI TS 119 612, .xml).

    A file of the same name is replaced. The file is read first, and refused where it cannot be.
    """
    folder = services.validation.others.folder
    kept = folder / file.name
    waiting = folder / "incoming"
    if file.suffix.lower() == LIST and signed_by is None:
        raise TrustUnreadable("Say who may sign this list: --signed-by CERTIFICATE.", kept=KEPT)
    waiting.mkdir(parents=True, exist_ok=True)
    try:
        copied = Path(shutil.copyfile(file, waiting / file.name))
        if signed_by is not None:
            shutil.copyfile(signed_by, signer_file(copied))
        trust = trust_from(copied, now=services.clock.now())
        # The signers first: a list without its signers would make the folder unreadable.
        if signed_by is not None:
            signer_file(copied).replace(signer_file(kept))
        copied.replace(kept)
    finally:
        shutil.rmtree(waiting)
    click.echo(f"Trusted by {kept.name}: {len(trust.anchors)} authorities.")


@trust_commands.command("remove")
@click.argument("name")
@click.pass_obj
def remove(services: Services, name: str) -> None:
    """Trust the file NAME no more."""
    kept = services.validation.others.folder / Path(name).name
    if not kept.is_file():
        raise TrustUnreadable(f"No file {name} is trusted.", kept="Nothing was changed.")
    kept.unlink()
    signer_file(kept).unlink(missing_ok=True)
    click.echo(f"Removed: {kept.name}.")


@trust_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_trust(services: Services, as_json: bool) -> None:
    """List the authorities that are trusted beside our own root."""
    anchors = services.validation.others.trust().anchors
    if as_json:
        click.echo(json.dumps([_facts(one) for one in anchors], ensure_ascii=False, indent=2))
        return
    for one in anchors:
        purposes = ", ".join(sorted(one.purposes))
        click.echo(f"{one.source}: {one.certificate.subject.human_friendly} ({purposes})")
    if not anchors:
        click.echo("Nobody but our own root is trusted.")


def _facts(anchor: Anchor) -> dict[str, object]:
    return {
        "source": anchor.source,
        "subject": anchor.certificate.subject.human_friendly,
        "certificate_sha256": anchor.certificate.sha256.hex(),
        "purposes": sorted(anchor.purposes),
        "since": instant(anchor.since),
        "until": instant(anchor.until),
    }
