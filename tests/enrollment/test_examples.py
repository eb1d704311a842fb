"""Each message that the API reads is described with an example, and the example is read."""

from __future__ import annotations

from typing import Any

import pytest

from camtrust.reference import description, import_everything
from enrollment.examples import EXAMPLES
from enrollment.messages import Message


def models(parent: type[Message] = Message) -> dict[str, type[Message]]:
    import_everything()
    found: dict[str, type[Message]] = {}
    for one in parent.__subclasses__():
        found |= {one.__name__: one} | models(one)
    return found


def bodies() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (f"{method} {path}", media_type, content)
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    ]


def test_every_body_has_an_example() -> None:
    assert [one[:2] for one in bodies() if "example" not in one[2]] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_as_its_message(name: str) -> None:
    assert models()[name].model_validate(EXAMPLES[name])
