"""The command line of keys and tokens: ``camtrust hsm …``."""

from __future__ import annotations

import json
from typing import Protocol

import click
from rich.console import Console
from rich.table import Table

from core.errors import NotFound
from hsm.errors import TokenUnavailable
from hsm.keys import KeyAlgorithm, KeyPolicy, KeyRecord, KeyState
from hsm.store import Pkcs11KeyStore
from hsm.tokens import TokenHealth

# As many hex digits as say which key is meant, in any office of this world.
_SHORTEST_PREFIX = 8
_STATES = [state.value for state in KeyState if state is not KeyState.DESTROYED]


class KeyNameUnclear(NotFound):
    """A shortened key name fits no key, or several."""

    problem = "key-name-unclear"
    title = "Which key is meant is not clear"


class Services(Protocol):
    """What these commands use of what camtrust builds."""

    @property
    def keys(self) -> Pkcs11KeyStore:
        """The key store."""


@click.group("hsm")
def hsm_commands() -> None:
    """Keys and the tokens they live in."""


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_key = click.argument("key", metavar="KEY")
_reason = click.option("--reason", required=True, help="Why; it is recorded.")


@hsm_commands.command("keys")
@click.option("--token", help="Only the keys of this token.")
@_json
@click.pass_obj
def list_keys(services: Services, token: str | None, as_json: bool) -> None:
    """List every key ever made, destroyed ones too."""
    records = [one for one in services.keys.records() if token in (None, one.token)]
    if as_json:
        click.echo(json.dumps([_described(services, one) for one in records], indent=2))
        return
    for one in records:
        made = one.created_at.strftime("%Y-%m-%d")
        click.echo(
            f"{one.key_id.hex()[:16]}  {one.token:<12}{one.algorithm:<10}{one.state:<13}{made}  "
            f"{one.label}"
        )


@hsm_commands.command("generate")
@click.option("--token", required=True, help="The token, as the settings name it.")
@click.option("--label", required=True, help="What people call the key.")
@click.option("--algorithm", required=True, type=click.Choice([one.value for one in KeyAlgorithm]))
@click.option("--wrappable", is_flag=True, help="The key may leave the token wrapped, for backup.")
@click.option("--activate", is_flag=True, help="Make it active at once.")
@_json
@click.pass_obj
def generate(
    services: Services,
    token: str,
    label: str,
    algorithm: str,
    wrappable: bool,
    activate: bool,
    as_json: bool,
) -> None:
    """Make a key in a token."""
    record = services.keys.generate(
        token=token,
        label=label,
        algorithm=KeyAlgorithm(algorithm),
        policy=KeyPolicy(may_be_wrapped=wrappable),
    )
    if activate:
        record = services.keys.change_state(
            record.key_id, KeyState.ACTIVE, reason="activated when it was made"
        )
    _say(services, record, as_json)


@hsm_commands.command("history")
@_key
@_json
@click.pass_obj
def history(services: Services, key: str, as_json: bool) -> None:
    """Show the states that a key has had, when each began, and why."""
    changes = services.keys.history(_named(services, key))
    if as_json:
        described = [
            {"state": one.state.value, "at": one.at.isoformat(), "reason": one.reason}
            for one in changes
        ]
        click.echo(json.dumps(described, indent=2))
        return
    for one in changes:
        click.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.state:<12} {one.reason}")


@hsm_commands.command("state")
@_key
@click.argument("state", type=click.Choice(_STATES))
@_reason
@_json
@click.pass_obj
def change_state(services: Services, key: str, state: str, reason: str, as_json: bool) -> None:
    """Move a key to another state (NIST SP 800-57)."""
    key_id = _named(services, key)
    _say(services, services.keys.change_state(key_id, KeyState(state), reason=reason), as_json)


@hsm_commands.command("destroy")
@_key
@_reason
@click.confirmation_option(prompt="The private key is gone for ever. Destroy it?")
@_json
@click.pass_obj
def destroy(services: Services, key: str, reason: str, as_json: bool) -> None:
    """Erase a private key from its token."""
    _say(services, services.keys.destroy(_named(services, key), reason=reason), as_json)


@hsm_commands.command("back-up")
@_key
@click.pass_obj
def back_up(services: Services, key: str) -> None:
    """Keep a wrapped copy of a key in the database, if its policy allows."""
    wrapped = services.keys.back_up(_named(services, key))
    click.echo(f"Wrapped under key-encryption key {wrapped.kek_id.hex()[:16]}.")


@hsm_commands.command("restore")
@_key
@click.pass_obj
def restore(services: Services, key: str) -> None:
    """Bring a key back into its token from its wrapped copy."""
    services.keys.restore(_named(services, key))
    click.echo("The token holds the key.")


@hsm_commands.command("health")
@_json
@click.pass_obj
def health(services: Services, as_json: bool) -> None:
    """Have every token's canary key sign, and verify it. Fails when an online token is away."""
    tokens = services.keys.health()
    if as_json:
        click.echo(json.dumps([_health(one) for one in tokens], indent=2))
    else:
        table = Table("token", "canary", box=None)
        for one in tokens:
            table.add_row(one.token, one.trouble or "signs")
        Console().print(table)
    silent = [one.token for one in tokens if one.trouble and not one.offline]
    if silent:
        raise TokenUnavailable(f"No canary signs in: {', '.join(silent)}.")


@hsm_commands.command("renew-canary")
@click.argument("token")
@click.pass_obj
def renew_canary(services: Services, token: str) -> None:
    """Make a new canary key in a token that was replaced."""
    services.keys.renew_canary(token)
    click.echo(f"The token {token} has a new canary.")


def _named(services: Services, name: str) -> bytes:
    name = name.lower()
    if len(name) < _SHORTEST_PREFIX:
        raise KeyNameUnclear(f"Give at least {_SHORTEST_PREFIX} digits of the key's name.")
    fitting = [one for one in services.keys.records() if one.key_id.hex().startswith(name)]
    if len(fitting) != 1:
        raise KeyNameUnclear(f"{len(fitting)} keys have a name that begins so.")
    return fitting[0].key_id


def _say(services: Services, record: KeyRecord, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_described(services, record), indent=2))
    else:
        click.echo(f"{record.key_id.hex()} {record.token} {record.label}: {record.state}")


def _described(services: Services, record: KeyRecord) -> dict[str, object]:
    return {
        "key_id": record.key_id.hex(),
        "token": record.token,
        "label": record.label,
        "algorithm": record.algorithm.value,
        "state": record.state.value,
        "may_be_wrapped": record.policy.may_be_wrapped,
        "created_at": record.created_at.isoformat(),
        "public_key_der": record.public_key_der.hex(),
        "provenance": dict(services.keys.provenance(record.key_id)),
    }


def _health(one: TokenHealth) -> dict[str, object]:
    return {
        "token": one.token,
        "offline": one.offline,
        "signs": one.trouble is None,
        "trouble": one.trouble,
    }
