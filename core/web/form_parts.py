"""What comes in the parts of a form (RFC 7578): a message as JSON, and a file beside it."""

from __future__ import annotations

import json
from typing import BinaryIO, TypeVar, cast

from flask import request
from pydantic import BaseModel, ValidationError

from core.web.problems import InvalidFields

MessageT = TypeVar("MessageT", bound=BaseModel)


def message_in(name: str, kind: type[MessageT]) -> MessageT:
    """Read a part of the form as a message. Raises InvalidFields with every mistake."""
    text = request.form.get(name)
    if text is None:
        raise _missing(name)
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        said = json.loads(error.json(include_url=False, include_input=False, include_context=False))
        fields: dict[str, list[str]] = {}
        for one in said:
            fields.setdefault(".".join(map(str, one["loc"])) or name, []).append(one["msg"])
        raise InvalidFields(
            "Some fields are missing or not valid.", errors={"form": fields}
        ) from error


def file_in(name: str) -> BinaryIO:
    """Return a file of the form, seekable. Raises InvalidFields."""
    found = request.files.get(name)
    if found is None:
        raise _missing(name)
    return cast(BinaryIO, found.stream)


def _missing(name: str) -> InvalidFields:
    return InvalidFields(f"The form has no {name}.", errors={"form": {name: ["Field required"]}})
