"""``camtrust documents validate``: what a signed document is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Protocol

import click

from signing.documents.validation.asked import read_moment
from signing.documents.validation.errors import TimeMalformed
from signing.documents.validation.messages import view_of_report
from signing.documents.validation.report import (
    SignatureReport,
    TimeStampReport,
    ValidationReport,
    instant,
)
from signing.documents.validation.validator import DocumentValidator, Question
from signing.documents.validation.words import words_of_report
from signing.documents.validation.xml_report import xml_of


class ValidationParts(Protocol):
    """What validates."""

    def validator(self, trusted: Path | None = None) -> DocumentValidator:
        """Return the validator against our own root, or against ``trusted``."""


class Services(Protocol):
    """What the command asks of the wiring."""

    @property
    def validation(self) -> ValidationParts:
        """What documents are validated with."""


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read an instant as RFC 3339 writes it; without an offset it is in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return read_moment(str(value))
        except TimeMalformed as error:
            self.fail(error.detail, param, ctx)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("validate")
@click.option(
    "--trust",
    type=click.Path(exists=True, path_type=Path),
    help="Whom to trust in place of our own root: certificates and CRLs, a file or a folder.",
)
@click.option("--at", type=_Moment(), help="The time that is asked about.  [default: now]")
@click.option("--content", type=_FILE, help="What a detached signature signs.")
@click.option("--password-file", type=_FILE, help="Its first line opens an encrypted PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--xml",
    "xml_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report of ETSI TS 119 102-2 to this file too.",
)
@click.argument("file", type=_FILE)
@click.pass_obj
def validate_document(
    services: Services,
    trust: Path | None,
    at: datetime | None,
    content: Path | None,
    password_file: Path | None,
    as_json: bool,
    xml_file: Path | None,
    file: Path,
) -> None:
    """Validate the signatures of FILE, a PDF or a CMS signature.

    A report is a result whatever it says, so the exit code is 0: read `verdict`. It is 1 where
    nothing can be said: the file cannot be read, is encrypted, or is larger than is examined.
    Nothing is fetched from anywhere.
    """
    validator = services.validation.validator(trust)
    with ExitStack() as opened:
        report = validator.validate(
            Question(
                opened.enter_context(file.open("rb")),
                file.name,
                at=at,
                content=opened.enter_context(content.open("rb")) if content else None,
                password=_first_line(password_file),
            )
        )
    if xml_file is not None:
        xml_file.write_text(xml_of(report), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(view_of_report(report), ensure_ascii=False, indent=2))
        return
    for line in _lines(report):
        click.echo(line)


def _first_line(path: Path | None) -> str | None:
    if path is None:
        return None
    return (path.read_text(encoding="utf-8").splitlines() or [""])[0]


def _lines(report: ValidationReport) -> Iterator[str]:
    sub_indication = f" ({report.sub_indication})" if report.sub_indication else ""
    yield f"{report.name}: {report.verdict}{sub_indication}"
    words = words_of_report(report)
    yield f"  {words.headline}. {words.meaning}"
    if report.reason:
        yield f"  {report.reason}"
    for one in report.signatures:
        yield from _signature_lines(one)
    for stamp in report.time_stamps:
        yield f"  {_stamp_line(stamp)}"


def _signature_lines(one: SignatureReport) -> Iterator[str]:
    name = one.signer.subject.human_friendly if one.signer is not None else "an unknown signer"
    yield f"  {one.field or 'Signature'}: {name}"
    yield f"    {one.verdict}, {one.integrity}, level {one.level or 'none'}"
    if one.reason:
        yield f"    {one.reason}"
    yield f"    Time claimed: {instant(one.claimed_at) or 'none'}"
    yield f"    Time proven:  {instant(one.proven_at) or 'none'}"
    if one.chain is not None:
        anchor = one.chain.anchor
        yield f"    Trusted by {anchor.certificate.subject.human_friendly} ({anchor.source})"
    for change in one.changes:
        fields = f": {', '.join(change.fields)}" if change.fields else ""
        yield f"    Version {change.revision + 1} added {change.kind}{fields}"
    for stamp in one.time_stamps:
        yield f"    {_stamp_line(stamp)}"


def _stamp_line(stamp: TimeStampReport) -> str:
    one = stamp.finding
    said = "proves" if one.proves else f"does not prove ({one.reason})"
    return f"Time-stamp over the {one.kind.lower()} {said} {instant(one.time) or 'no time'}"
