"""Which module has which command. A command's module is imported when the command is run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

# Group or command of `camtrust`, and what stands behind it.
COMMANDS: Mapping[str, str] = {
    "init": "camtrust.commands:init",
    "serve": "camtrust.serving.commands:serve",
    "doctor": "camtrust.commands:doctor",
    "demo": "camtrust.demo.commands:demo",
    "bench": "bench.commands:bench",
    "hsm": "hsm.commands:hsm_commands",
    "ca": "ca.ceremony.commands:ca_commands",
    "crl": "ca.crl.commands:crl_commands",
    "ocsp": "ocsp.commands:ocsp_commands",
    "enroll": "enrollment.commands:enroll_commands",
    "pass": "signing.passes.commands:pass_commands",
    "tsa": "signing.timestamps.commands:tsa_commands",
    "publish": "camtrust.publishing.commands:publish",
    "log": "core.transparency.commands:log",
}

# `camtrust cert`: issuing asks the registration authority's checks, revoking is the CA's.
CERTIFICATE_COMMANDS: Mapping[str, str] = {
    "issue": "enrollment.certificate_commands:issue_certificate",
    "show": "enrollment.certificate_commands:show_certificate",
    "list": "enrollment.certificate_commands:list_certificates",
    "revoke": "ca.revocation.commands:revoke",
    "hold": "ca.revocation.commands:hold",
    "release": "ca.revocation.commands:release",
}


# `camtrust documents`: signing and validating are rooms of their own.
DOCUMENT_COMMANDS: Mapping[str, str] = {
    "validate": "signing.documents.validation.commands:validate_document",
    "sign": "signing.documents.commands:sign_document",
    "sign-file": "signing.documents.commands:sign_file",
    "work": "camtrust.serving.document_workers:work_documents",
    "renew": "signing.documents.commands:renew_document",
    "approvals": "signing.approval.commands:approval_commands",
    "registered": "signing.documents.verification.commands:registered_commands",
    "trust": "signing.documents.validation.trust_commands:trust_commands",
}


class LazyGroup(click.Group):
    """A group whose commands are imported by name; every command below takes ``--home``."""

    def __init__(self, *args: object, table: Mapping[str, str], home: click.Option, **kw: object):
        super().__init__(*args, **kw)  # type: ignore[arg-type]
        self._table = table
        self._home = home

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, imported or not."""
        return [*self._table, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and let it take ``--home``."""
        if cmd_name not in self._table:
            return super().get_command(ctx, cmd_name)
        module, attribute = self._table[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        self._accept_home(command)
        return command

    def _accept_home(self, command: click.Command) -> None:
        if isinstance(command, click.Group):
            for below in command.commands.values():
                self._accept_home(below)
        # A group that is a command too, such as `enroll list`, takes it in both places.
        callable_itself = not isinstance(command, click.Group) or command.invoke_without_command
        if callable_itself and self._home not in command.params:
            command.params.append(self._home)
