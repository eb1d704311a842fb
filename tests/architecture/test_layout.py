"""What the layout promises, beyond what import-linter can say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("camtrust", "enrollment", "signing", "ocsp", "kyc", "ca", "hsm", "core")
# Names that say nothing about what is inside.
EMPTY_NAMES = {"service", "services", "utils", "util", "helpers", "common", "manager", "views"}
LONGEST_MODULE = 350
LONGEST_FUNCTION = 50


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return names


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


ALL = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in modules()]


@pytest.mark.parametrize("path", ALL)
def test_flask_stays_at_the_edge(path: Path) -> None:
    relative = path.relative_to(ROOT)
    edge = relative.parts[0] == "camtrust" or relative.parts[:2] == ("core", "web")
    if not edge and path.name != "routes.py":
        assert not tops(path) & {"flask", "apiflask", "werkzeug"}


@pytest.mark.parametrize("path", ALL)
def test_pkcs11_is_spoken_in_hsm_alone(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] != "hsm":
        assert "pkcs11" not in tops(path)


@pytest.mark.parametrize("path", ALL)
def test_tables_are_used_inside_their_package_alone(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    if path == ROOT / "camtrust" / "tables.py":
        return
    foreign = {
        name
        for name in imports_of(path)
        if name.endswith(".models") and name.split(".")[0] in PACKAGES
    }
    assert all(name.split(".")[0] == package for name in foreign)


@pytest.mark.parametrize("path", ALL)
def test_a_file_is_named_for_what_it_does(path: Path) -> None:
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", ALL)
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"
