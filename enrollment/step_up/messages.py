"""What the question about an act is asked with."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from core.web.step_up import Act, act_of_form, act_of_json
from enrollment.messages import Message

MOST_FIELDS = 100
FieldText = Annotated[str, Field(max_length=20_000)]


class ActMessage(Message):
    """An act that is about to be asked for: where it is sent, and what is sent there.

    ``fields`` are those of a form of the officers' pages, ``body`` is the JSON of a request to
    the API. Send one of them, exactly as the request itself will have it.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "path": "/enrollment/v1/applications/01939a6f0a4b7c3d8e2f1a0b9c8d7e6f/approval",
                    "body": {},
                }
            ]
        },
    )

    path: str = Field(pattern=r"^/[^\x00-\x1f\x7f?#]{1,400}$")
    fields: list[tuple[FieldText, FieldText]] | None = Field(default=None, max_length=MOST_FIELDS)
    body: Any = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> ActMessage:
        if self.fields is not None and self.body is not None:
            raise ValueError("send fields or body, not both")
        return self

    def act(self) -> Act:
        """Return the act that this names."""
        if self.fields is not None:
            return act_of_form(self.path, self.fields)
        return act_of_json(self.path, self.body)
