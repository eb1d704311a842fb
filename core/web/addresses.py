"""What an address may hold: no control characters, which no honest client sends."""

from __future__ import annotations

from flask import Flask, request

from core.errors import Malformed


class AddressMalformed(Malformed):
    """The address holds a control character, such as NUL, which no database stores."""

    problem = "address-malformed"
    title = "The address cannot be read"


def guard_addresses(app: Flask) -> None:
    """Refuse requests whose path or query holds a control character, also a quoted one."""

    @app.before_request
    def check_address() -> None:
        values = (request.path, *(text for pair in request.args.items(multi=True) for text in pair))
        if any(_has_control(value) for value in values):
            raise AddressMalformed("The address holds a control character.")


def _has_control(text: str) -> bool:
    return any(character < " " or character == "\x7f" for character in text)
