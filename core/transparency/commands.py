"""The commands of ``camtrust log``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import click

from core.clock import Clock
from core.database import Database
from core.errors import Malformed
from core.transparency.catching_up import Apply
from core.transparency.comparison import ActsView
from core.transparency.cosignature import cosigner_key
from core.transparency.log import TransparencyLog
from core.transparency.monitor import Monitor
from core.transparency.notes import COSIGNATURE_V1, ED25519, CheckpointSigner, VerifierKey
from core.transparency.proof import LogProof, ProvenEntry, verify_proof
from core.transparency.settings import LogSettings
from core.transparency.witness import Witness
from core.transparency.witness_endpoint import witness_application
from core.transparency.witness_server import LOOPBACK, witness_server


class LogServices(Protocol):
    """What these commands ask of the context's object."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def log_settings(self) -> LogSettings:
        """The section ``[log]``, its folders absolute."""

    @property
    def log(self) -> TransparencyLog:
        """The log."""

    @property
    def witness_signer(self) -> CheckpointSigner:
        """The key of the witness that runs here; its name is ``witness_name``."""

    @property
    def acts_views(self) -> Sequence[ActsView]:
        """What the packages' tables know that the log must know too."""

    @property
    def replay_entry(self) -> Apply:
        """Gives a published entry its effect on the packages' tables."""


class _VerifierKeyParameter(click.ParamType[VerifierKey]):
    """A vkey, as text or as the name of a file that has it."""

    name = "vkey"

    def __init__(self, signature_type: int) -> None:
        self._signature_type = signature_type

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> VerifierKey:
        """Read the key; a mistake is wrong usage (exit code 2)."""
        try:
            text = Path(value).read_text("utf-8") if Path(value).is_file() else value
            key = VerifierKey.parse(text.strip())
        except (OSError, ValueError) as error:
            self.fail(f"{value}: {error}", param, ctx)
        except Malformed as error:
            self.fail(error.detail, param, ctx)
        if key.signature_type != self._signature_type:
            self.fail(f"{key.name}: a key for something else (type {key.signature_type:#04x}).")
        return key


_LOG_KEY = _VerifierKeyParameter(ED25519)
_WITNESS_KEY = _VerifierKeyParameter(COSIGNATURE_V1)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def log() -> None:
    """The transparency log: publish, prove, verify, witness, monitor."""


@log.command()
@click.option("--witness", is_flag=True, help="The key of the witness that runs here.")
@_as_json
@click.pass_obj
def key(services: LogServices, witness: bool, as_json: bool) -> None:
    """Print the verifier key (vkey) to give to those who verify."""
    found = cosigner_key(services.witness_signer) if witness else services.log.key
    _print({"name": found.name, "vkey": found.vkey()}, found.vkey(), as_json)


@log.command()
@_as_json
@click.pass_obj
def status(services: LogServices, as_json: bool) -> None:
    """Say how many entries are stored, published and witnessed."""
    sizes = services.log.sizes()
    lines = [f"log        {services.log.key.name}"]
    lines += [f"{name:<10} {size}" for name, size in sizes.items()]
    _print({"origin": services.log.key.name, **sizes}, "\n".join(lines), as_json)


@log.command()
@click.pass_obj
def publish(services: LogServices) -> None:
    """Publish what is committed and not yet public."""
    click.echo(services.log.publish().encode().decode(), nl=False)


@log.command()
@click.confirmation_option(prompt="Is the database certainly not an old backup?")
@click.pass_obj
def rebuild(services: LogServices) -> None:
    """Write the published files anew from the database, after their folder was lost."""
    click.echo(services.log.rebuild().encode().decode(), nl=False)


@log.command()
@click.argument("index", type=click.IntRange(min=0))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it here.")
@click.pass_obj
def proof(services: LogServices, index: int, out: Path | None) -> None:
    """Print the proof that entry INDEX is in the log (a .tlog-proof file)."""
    text = services.log.proof(index)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")


@log.command()
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=_LOG_KEY, help="The log's vkey, or a file with it.")
@click.option(
    "--witness", "witnesses", multiple=True, type=_WITNESS_KEY, help="A witness's vkey, or a file."
)
@click.option("--quorum", type=click.IntRange(min=0), help="How many of them must have cosigned.")
@_as_json
def verify(
    proof: Path,
    key: VerifierKey,
    witnesses: tuple[VerifierKey, ...],
    quorum: int | None,
    as_json: bool,
) -> None:
    """Verify the proof file PROOF, offline.

    Every --witness must have cosigned unless --quorum asks for fewer.
    """
    asked = len(witnesses) if quorum is None else quorum
    if asked > len(witnesses):
        raise click.UsageError("--quorum asks for more witnesses than --witness names.")
    proven = verify_proof(LogProof.parse(proof.read_bytes()), key, witnesses, quorum=asked)
    document = _described(proven)
    lines = [f"{name:<10} {value}" for name, value in document.items()]
    _print({"proven": True, **document}, "\n".join(["Proven.", *lines]), as_json)


@log.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8085, show_default=True)
@click.option("--host", default=LOOPBACK, show_default=True)
@click.option(
    "--log", "logs", multiple=True, type=_LOG_KEY, help="A log's vkey.  [default: our own log]"
)
@click.pass_obj
def witness(services: LogServices, port: int, host: str, logs: tuple[VerifierKey, ...]) -> None:
    """Run a witness that cosigns checkpoints which extend what it saw before."""
    settings = services.log_settings
    running = Witness(
        signer=services.witness_signer,
        logs=logs or [services.log.key],
        folder=settings.witness_folder,
        clock=services.clock,
    )
    with witness_server(witness_application(running), host=host, port=port) as server:
        click.echo(f"{running.key.vkey()} listens on http://{host}:{server.server_port}")
        server.serve_forever()


@log.command()
@_as_json
@click.pass_context
def cosign(context: click.Context, as_json: bool) -> None:
    """Ask the witnesses of the settings to cosign the newest checkpoint."""
    services: LogServices = context.obj
    answers = services.log.cosigning.gather()
    outcome = {
        one.witness: "cosigned" if one.refusal is None else one.refusal.detail for one in answers
    }
    lines = [f"{name}: {what}" for name, what in outcome.items()]
    _print({"witnesses": outcome}, "\n".join(lines) or "No witness is in the settings.", as_json)
    if any(one.refusal is not None for one in answers):
        context.exit(1)


@log.command()
@_as_json
@click.pass_context
def monitor(context: click.Context, as_json: bool) -> None:
    """Check the published log, and compare it with the database."""
    services: LogServices = context.obj
    report = Monitor(
        database=services.database,
        published=services.log.published,
        folder=services.log_settings.monitor_folder,
        views=services.acts_views,
        clock=services.clock,
    ).run()
    findings = [{"kind": one.kind, "detail": one.detail} for one in report.findings]
    document = {"published": report.published, "stored": report.stored, "findings": findings}
    lines = [f"{report.published} entries published, {report.stored} stored"]
    lines += [f"{one.kind}: {one.detail}" for one in report.findings] or ["No fault found."]
    _print(document, "\n".join(lines), as_json)
    if not report.is_clean:
        context.exit(1)


@log.command("catch-up")
@click.pass_obj
def catch_up(services: LogServices) -> None:
    """Replay the published log into a database restored from an old backup."""
    count = services.log.catch_up(services.replay_entry)
    click.echo(f"{count} entries replayed; the database is up to date with the published log.")


def _described(proven: ProvenEntry) -> dict[str, object]:
    return {
        "log": proven.checkpoint.origin,
        "index": proven.index,
        "size": proven.checkpoint.size,
        "kind": proven.entry.kind,
        "at": proven.entry.at.isoformat(),
        "facts": dict(proven.entry.facts),
        "witnesses": {name: at.isoformat() for name, at in proven.witnesses.items()},
    }


def _print(document: object, text: str, as_json: bool) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else text)
