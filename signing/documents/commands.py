"""``camtrust documents``: sign PDFs and other files, and renew archive time-stamps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import click

from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from signing.documents.path_signing import PathSigning
from signing.documents.signing import SignedDocument
from signing.documents.stamps.order import StampWishes, read_wishes
from signing.documents.stamps.stored.templates import StampTemplates
from signing.documents.token_signers import TokenSigners

_LEVELS = click.Choice([one.value for one in Level])


class DocumentParts(Protocol):
    """What the commands work with."""

    @property
    def signers(self) -> TokenSigners:
        """Who signs."""

    @property
    def templates(self) -> StampTemplates:
        """What institutions' stamps look like."""

    @property
    def paths(self) -> PathSigning:
        """Signs from file to file."""


class Services(Protocol):
    """What the commands ask of the wiring."""

    @property
    def documents(self) -> DocumentParts:
        """What documents are signed with."""


_IN = click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_OUT = click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
_KEY = click.option("--key", required=True, help="Name or id of the signing key.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PASSWORD = click.option(
    "--password-file",
    type=_FILE,
    help="Its first line opens an encrypted PDF.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("sign")
@_KEY
@click.option("--level", type=_LEVELS, default=Level.B_LT.value, show_default=True)
@_PASSWORD
@click.option("--field", help="The signature field; one is made where there is none of this name.")
@click.option(
    "--certify",
    type=click.IntRange(1, 3),
    help="Certify: 1 no changes, 2 forms and signatures, 3 annotations too.",
)
@click.option("--reason", help="Why it is signed.")
@click.option("--location", help="Where it is signed.")
@click.option("--stamp", type=_FILE, help="The order of a visible stamp, in TOML or JSON.")
@click.option("--seal-image", type=_FILE, help="A PNG file that is drawn in the stamp.")
@click.option("--institution", help="Which one answers for a stamped document.")
@_JSON
@_IN
@_OUT
@click.pass_obj
def sign_document(
    services: Services,
    /,
    key: str,
    level: str,
    password_file: Path | None,
    stamp: Path | None,
    seal_image: Path | None,
    institution: str | None,
    as_json: bool,
    source: Path,
    target: Path,
    **wishes: Any,
) -> None:
    """Sign a PDF by PAdES; OUT is written whole or not at all.

    A stamp leads to a page of its own, where anybody checks the document.
    """
    options = SigningOptions(level=Level(level), password=_read_password(password_file), **wishes)
    parts = services.documents
    signer = parts.signers.signer(key)
    if stamp is None:
        if seal_image is not None or institution is not None:
            raise click.UsageError("--seal-image and --institution belong to a --stamp.")
        _say_signed(as_json, parts.paths.sign(source, target, signer, options), target)
        return
    order = parts.templates.ordered(_read_wishes(stamp, seal_image), institution)
    done = parts.paths.sign_stamped(source, target, signer, options, order, institution=institution)
    _say_signed(as_json, done.signed, target, page=done.address)


def _read_wishes(stamp: Path, seal_image: Path | None) -> StampWishes:
    wishes = read_wishes(stamp.read_bytes())
    if seal_image is None:
        return wishes
    return wishes.model_copy(update={"seal_image": seal_image.read_bytes()})


def _say_signed(as_json: bool, done: SignedDocument, target: Path, **more: str) -> None:
    stamped = None if done.stamped_at is None else done.stamped_at.isoformat()
    _say(
        as_json,
        f"Signed at {done.level} in field {done.field}: {target}"
        + "".join(f"; its page is {page}" for page in more.values()),
        level=done.level.value,
        field=done.field,
        stamped_at=stamped,
        file=str(target),
        **more,
    )


@click.command("renew")
@_PASSWORD
@_JSON
@_IN
@_OUT
@click.pass_obj
def renew_document(
    services: Services, password_file: Path | None, as_json: bool, source: Path, target: Path
) -> None:
    """Put a new archive time-stamp over a PDF's last one, with what proves that."""
    done = services.documents.paths.renew(source, target, _read_password(password_file))
    _say(
        as_json,
        f"Renewed: {target}; the time-stamp before is of {done.last_stamped_at:%Y-%m-%d}.",
        last_stamped_at=done.last_stamped_at.isoformat(),
        stamped_at=done.stamped_at.isoformat(),
        file=str(target),
    )


@click.command("sign-file")
@_KEY
@click.option(
    "--level",
    type=click.Choice([Level.B_B.value, Level.B_T.value, Level.B_LT.value]),
    default=Level.B_LT.value,
    show_default=True,
)
@_JSON
@_IN
@_OUT
@click.pass_obj
def sign_file(
    services: Services, key: str, level: str, as_json: bool, source: Path, target: Path
) -> None:
    """Sign any file by CAdES; OUT gets the signature (.p7s), IN stays as it is."""
    parts = services.documents
    done = parts.paths.sign_beside(source, target, parts.signers.signer(key), Level(level))
    stamped = None if done.stamped_at is None else done.stamped_at.isoformat()
    _say(
        as_json,
        f"Signed at {level}: the signature of {source} is {target}",
        level=level,
        stamped_at=stamped,
        file=str(target),
    )


def _read_password(file: Path | None) -> str | None:
    if file is None:
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return lines[0] if lines else ""


def _say(as_json: bool, sentence: str, **facts: str | None) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)
