"""URL rules are compiled once in a process, though nearly every test builds an app of its own.

werkzeug writes, compiles and runs a function for each rule to build its URLs: two thirds of what an
app costs. The function depends on the rule's parts alone, and takes the rule when it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


def compile_rules_once() -> None:
    """Let rules with the same parts share their builders, from now on."""
    compile_builder: Callable[[Rule, bool], Builder] = Rule._compile_builder
    compiled: dict[Any, Builder] = {}

    def compile_or_remember(rule: Rule, append_unknown: bool = True) -> Builder:
        # Defaults are put into the function, and may be what no dictionary takes as a key.
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        parts = (rule.rule, tuple(rule._trace), append_unknown)
        if parts not in compiled:
            compiled[parts] = compile_builder(rule, append_unknown)
        return compiled[parts]

    Rule._compile_builder = compile_or_remember  # type: ignore[method-assign]
