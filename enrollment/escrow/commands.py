"""The command line of escrow: ``camtrust enroll escrow-key``."""

from __future__ import annotations

from typing import Protocol

import click

from enrollment.escrow.keys import EscrowKeys
from hsm.settings import ESCROW_TOKEN


class SubscriberKeys(Protocol):
    """What has to do with subscribers' keys, as far as this command uses it."""

    @property
    def escrow_keys(self) -> EscrowKeys:
        """The escrow keys."""


class Registration(Protocol):
    """The registration authority, as far as this command uses it."""

    @property
    def subscriber_keys(self) -> SubscriberKeys:
        """Subscribers' keys."""


class Services(Protocol):
    """What this command asks of the context's object."""

    @property
    def registration(self) -> Registration:
        """The registration authority."""


@click.command("escrow-key")
@click.option("--token", default=ESCROW_TOKEN, show_default=True, help="Where it is made.")
@click.pass_obj
def make_escrow_key(services: Services, token: str) -> None:
    """Make a new escrow key, to which browsers encrypt mail-encryption keys from now on.

    Copies that were encrypted to older ones stay readable as long as their token lives.
    """
    made = services.registration.subscriber_keys.escrow_keys.make(token)
    click.echo(f"Escrow key {made.key_id.hex()} in the token {token}.")
