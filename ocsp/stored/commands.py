"""The command ``camtrust ocsp compact``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Protocol

import click

from core.errors import Unacceptable
from ocsp.stored.compaction import compact
from ocsp.stored.lmdb_store import LmdbAnswerStore
from ocsp.stored.store import AnswerStore


class StoredAnswerServices(Protocol):
    """What this command asks of the context's object."""

    @property
    def answer_store(self) -> AnswerStore:
        """The answers that were signed ahead."""


class NothingToCompact(Unacceptable):
    """The answers are in no file."""

    problem = "nothing-to-compact"
    title = "Only a file of answers can be compacted"


@click.command("compact")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def compact_command(services: StoredAnswerServices, as_json: bool) -> None:
    """Rewrite the stored answers in order, while the service goes on."""
    store = services.answer_store
    if not isinstance(store, LmdbAnswerStore):
        raise NothingToCompact("The answers are in Redis, which keeps them compact by itself.")
    compaction = compact(store.folder)
    each = round(compaction.octets_per_record, 1)
    if as_json:
        click.echo(json.dumps({**asdict(compaction), "octets_per_record": each}, sort_keys=True))
    else:
        click.echo(
            f"{compaction.records} records: {compaction.octets_before} octets before, "
            f"{compaction.octets_after} after, {each} a record."
        )
