from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from core.event_log import LONGEST_VALUE, set_up_event_log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    set_up_event_log(stream=stream)
    yield stream
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_a_line(lines: io.StringIO) -> None:
    structlog.get_logger().info("request", status=200, route="/x")
    [event] = read(lines)
    assert (event["event"], event["status"], event["route"], event["level"]) == (
        "request",
        200,
        "/x",
        "info",
    )
    assert event["timestamp"].endswith("Z")


def test_a_key_that_is_not_allowed_never_reaches_the_log(lines: io.StringIO) -> None:
    structlog.get_logger().info("request", given_name="Sok", holder="person:1", status=200)
    assert "Sok" not in lines.getvalue() and "person" not in lines.getvalue()


def test_an_exceptions_message_never_reaches_the_log_but_its_place_does(
    lines: io.StringIO,
) -> None:
    try:
        raise ValueError("row of Sok")
    except ValueError:
        structlog.get_logger().exception("job-failed", job="crls")
    [event] = read(lines)
    assert event["raised"] == "builtins.ValueError"
    assert "test_event_log.py" in event["frames"][-1]
    assert "Sok" not in lines.getvalue()


def test_a_librarys_words_are_left_out_and_the_servers_are_kept(lines: io.StringIO) -> None:
    logging.getLogger("driver").error("cannot insert %s", "Sok")
    logging.getLogger("driver").error(f"cannot insert {'Sok'}")
    logging.getLogger("_granian").error("Unexpected exit from worker-1")
    first, second, third = read(lines)
    assert first["event"] == second["event"] == "library-message"
    assert third["event"] == "Unexpected exit from worker-1"
    assert "Sok" not in lines.getvalue()


def test_a_long_value_is_cut(lines: io.StringIO) -> None:
    structlog.get_logger().info("request", route="x" * 10_000)
    assert len(read(lines)[0]["route"]) == LONGEST_VALUE


def test_a_line_break_cannot_forge_a_second_line(lines: io.StringIO) -> None:
    structlog.get_logger().info("request", route='x\n{"event": "forged"}')
    assert len(read(lines)) == 1
