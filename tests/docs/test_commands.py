"""Commands, options, tests and files that the documents name are there."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import click

from camtrust.cli import camtrust
from camtrust.settings import Settings

TARGET = re.compile(r"^make ([a-z][a-z-]*)\b")
SETTING = re.compile(r"\[(?P<section>\w+)\](?: (?P<key>\w+))?")
CALL = re.compile(r"^(?:\.venv/bin/)?camtrust (?=[a-z-])(.*)$")


def test_every_make_target_that_a_document_names_exists(document: Any, root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {match[1] for line in _code(document) if (match := TARGET.match(line))}
    assert named - targets == set()


def test_every_command_and_option_that_a_document_names_exists(document: Any) -> None:
    calls = [match[1] for line in _code(document) if (match := CALL.match(line))]
    wrong = [call for call in calls if not _is_known(call)]
    assert wrong == []


def test_every_setting_that_a_document_names_exists(document: Any) -> None:
    named = [match for span in document.spans if (match := SETTING.fullmatch(span))]
    assert [one[0] for one in named if not _is_a_setting(one["section"], one["key"])] == []


def test_every_file_and_test_that_the_threat_model_cites_exists(
    documents: dict[str, Any], root: Path
) -> None:
    cited = [one for one in documents["SECURITY.md"].spans if re.match(r"[a-z]+/[\w/.-]+", one)]
    assert cited
    assert [one for one in cited if not _is_there(one, root)] == []


def test_the_readme_names_the_two_commands_that_matter_first(documents: dict[str, Any]) -> None:
    commands = [line for line in documents["README.md"].blocks if line.startswith("make ")]
    assert [line.split()[1] for line in commands[:2]] == ["demo", "test"]


def _code(document: Any) -> list[str]:
    lines = [line.strip().removeprefix("$ ") for line in document.blocks]
    spans: list[str] = document.spans
    return lines + spans


def _is_known(call: str) -> bool:
    try:
        words = shlex.split(call.split("|")[0].rstrip("\\ "), comments=True)
    except ValueError:
        return False
    here: click.Command = camtrust
    while words and isinstance(here, click.Group):
        # Commands are imported when they are asked for.
        below = here.get_command(click.Context(here), words.pop(0))
        if below is None:
            return False
        here = below
    options = {name for one in here.params for name in (*one.opts, *one.secondary_opts)}
    asked = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
    return asked <= options | {"--help"}


def _is_a_setting(section: str, key: str | None) -> bool:
    field = Settings.model_fields.get(section)
    if field is None or field.annotation is None:
        return False
    return key is None or key in field.annotation.model_fields


def _is_there(cited: str, root: Path) -> bool:
    path, _, function = cited.partition("::")
    if not (root / path).exists():
        return False
    if not function:
        return True
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    return any(isinstance(one, ast.FunctionDef) and one.name == function for one in ast.walk(tree))
