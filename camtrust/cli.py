"""The command line: puts the packages' commands together under ``camtrust``.

Exit codes: 0 done, 1 a refusal with its reason, 2 wrong usage. Every command takes ``--home``.
"""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camtrust.groups import CERTIFICATE_COMMANDS, COMMANDS, DOCUMENT_COMMANDS, LazyGroup
from core.errors import CamtrustError

if TYPE_CHECKING:
    from camtrust.wiring import Services

DEFAULT_HOME = Path("var/home")


class LazyServices:
    """The services of a home, wired when a command first asks for one of them."""

    def __init__(self) -> None:
        self.home = DEFAULT_HOME

    @cached_property
    def _services(self) -> Services:
        # Imported here: a command that needs no services should not wait for all of them.
        from camtrust.wiring import Services

        return Services(home=self.home)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    def close(self) -> None:
        """Close what was wired."""
        if "_services" in self.__dict__:
            self._services.close()


def _set_home(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.obj.home = value


HOME = click.Option(
    ["--home"],
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CAMTRUST_HOME",
    is_eager=True,
    expose_value=False,
    callback=_set_home,
    help=f"The directory that everything lives in.  [default: {DEFAULT_HOME}]",
)


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    home=HOME,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="camtrust")
@click.pass_context
def camtrust(context: click.Context) -> None:
    """Cambodia's national PKI and digital identity service."""
    context.obj = LazyServices()
    context.call_on_close(context.obj.close)


@camtrust.group(cls=LazyGroup, table=CERTIFICATE_COMMANDS, home=HOME)
def cert() -> None:
    """Certificates: issue, show, list, revoke, hold and release."""


@camtrust.group(cls=LazyGroup, table=DOCUMENT_COMMANDS, home=HOME)
def documents() -> None:
    """Documents: sign PDFs and other files, keep signatures provable, validate them."""


def main() -> None:
    """Run the command line; a refusal is said in one sentence and ends with exit code 1."""
    try:
        code = camtrust.main(prog_name="camtrust", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(1)
    except CamtrustError as error:
        click.echo(f"Refused: {error.detail}", err=True)
        if error.kept:
            click.echo(f"Kept: {error.kept}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
