"""The command line of the benchmarks: ``camtrust bench …``."""

from __future__ import annotations

from pathlib import Path

import click

from bench.enrollment import comparison as enrollment_comparison
from bench.enrollment.comparison import compare_enrollment
from bench.issuance.comparison import QUICK, Scale, compare_issuance
from bench.ocsp import comparison as ocsp_comparison
from bench.ocsp.benchmark import compare_ocsp
from bench.passes import comparison as passes_comparison
from bench.passes.comparison import compare_passes
from bench.results import RESULTS, print_table, write_json
from bench.signing import comparison as signing_comparison
from bench.signing.comparison import compare_signing
from bench.timestamps import comparison as timestamps_comparison
from bench.timestamps.comparison import compare_timestamps

A_MILLION = 1_000_000


@click.group()
def bench() -> None:
    """Measure what camtrust costs, beside its limits and its peers."""


@bench.command()
@click.option(
    "--stored",
    type=click.IntRange(min=0),
    help=f"How many certificates the large home holds.  [default: {A_MILLION}; --quick: none]",
)
@click.option("--quick", is_flag=True, help="Fewer and smaller rounds, and no large home.")
@click.option("--database", metavar="URL", help="A PostgreSQL server instead of SQLite.")
@click.option("--peer/--no-peer", default=True, help="Measure django-ca as well.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "issuance.json",
    show_default=True,
    help="Where the JSON goes.",
)
def issuance(
    stored: int | None, quick: bool, database: str | None, peer: bool, output: Path
) -> None:
    """Certificates per second, beside the bare HSM and django-ca."""
    if stored is None:
        stored = 0 if quick else A_MILLION
    rows = compare_issuance(
        scale=QUICK if quick else Scale(), stored=stored, database_url=database, with_peer=peer
    )
    print_table(rows, title="issuance")
    write_json(rows, output)
    click.echo(f"Written to {output}.")


@bench.command()
@click.option(
    "--stored",
    type=click.IntRange(min=0),
    help=f"How many certificates the large home holds.  [default: {A_MILLION}; --quick: none]",
)
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, and no large home.")
@click.option("--peer/--no-peer", default=True, help="Measure openssl ocsp and cfssl as well.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "ocsp.json",
    show_default=True,
    help="Where the JSON goes.",
)
def ocsp(stored: int | None, quick: bool, peer: bool, output: Path) -> None:
    """Status answers per second of the server, beside a static file and other responders."""
    if stored is None:
        stored = 0 if quick else A_MILLION
    rows = compare_ocsp(
        scale=ocsp_comparison.QUICK if quick else ocsp_comparison.Scale(),
        stored=stored,
        with_peers=peer,
    )
    print_table(rows, title="ocsp")
    write_json(rows, output)
    click.echo(f"Written to {output}.")


@bench.command()
@click.option("--stored", type=click.IntRange(min=0), help="Applications of the large home.")
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, and no large home.")
@click.option("--peer/--no-peer", default=True, help="Measure pebble and acme2certifier as well.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "enrollment.json",
    show_default=True,
    help="Where the JSON goes.",
)
def enrollment(stored: int | None, quick: bool, peer: bool, output: Path) -> None:
    """ACME orders beside pebble and acme2certifier, applications over the API, officers' pages."""
    if stored is None:
        stored = 0 if quick else A_MILLION
    rows = compare_enrollment(
        scale=enrollment_comparison.QUICK if quick else enrollment_comparison.Scale(),
        stored=stored,
        with_peers=peer,
    )
    print_table(rows, title="enrollment")
    write_json(rows, output)
    click.echo(f"Written to {output}.")


@bench.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds.")
@click.option("--peer/--no-peer", default=True, help="Measure the packages cwt and pycose too.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "passes.json",
    show_default=True,
    help="Where the JSON goes.",
)
def passes(quick: bool, peer: bool, output: Path) -> None:
    """Passes issued, verified and drawn, beside the bare HSM and packages for COSE."""
    scale = passes_comparison.QUICK if quick else passes_comparison.Scale()
    rows = compare_passes(scale=scale, with_peers=peer)
    print_table(rows, title="passes")
    write_json(rows, output)
    click.echo(f"Written to {output}.")


@bench.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "timestamps.json",
    show_default=True,
    help="Where the JSON goes.",
)
def timestamps(quick: bool, output: Path) -> None:
    """Time-stamp tokens of each unit, beside the bare HSM and `openssl ts`."""
    scale = timestamps_comparison.QUICK if quick else timestamps_comparison.Scale()
    rows = compare_timestamps(scale=scale)
    print_table(rows, title="timestamps")
    write_json(rows, output)
    click.echo(f"Written to {output}.")


@bench.command()
@click.option("--quick", is_flag=True, help="Fewer and smaller rounds, and a smaller huge file.")
@click.option("--peers/--no-peers", default=True, help="Measure pyHanko's own signers as well.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=RESULTS / "signing.json",
    show_default=True,
    help="Where the JSON goes.",
)
def signing(quick: bool, peers: bool, output: Path) -> None:
    """Signatures on documents, beside the bare HSM and pyHanko's own signers."""
    rows = compare_signing(
        scale=signing_comparison.QUICK if quick else signing_comparison.Scale(), with_peers=peers
    )
    print_table(rows, title="signing")
    write_json(rows, output)
    click.echo(f"Written to {output}.")
