"""A subject: a process that does what it is asked to and says what that cost.

One line of JSON in is one question, one line of JSON out its answer; the first answer says that
the subject is ready. It ends when its input does. So each subject has its own memory, caches and
CPU clock, and one that belongs to others can run in an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self, cast

import click

# A subject that does not end by itself is killed after this long.
PATIENCE_SECONDS = 30

Answer = dict[str, Any]


class SubjectFailed(click.ClickException):
    """A subject ended before it answered; the message has its last words."""


class Subject:
    """A running subject. Use it in a ``with`` block."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        configuration: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
        log: Path,
    ) -> None:
        self._log = log
        self._name = " ".join(str(part) for part in command)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self._questions = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)
        self.ready = self.ask(**configuration)

    def ask(self, **question: Any) -> Answer:
        """Ask, and wait for the answer. Raises SubjectFailed."""
        self.send(**question)
        return self.receive()

    def send(self, **question: Any) -> None:
        """Ask without waiting, so that several subjects work at once."""
        try:
            self._questions.write(json.dumps(question) + "\n")
            self._questions.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def receive(self) -> Answer:
        """Wait for the answer to what was sent. Raises SubjectFailed."""
        line = self._answers.readline()
        if not line:
            raise self._failure()
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        """End the subject and wait for it."""
        self._questions.close()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _failure(self) -> SubjectFailed:
        self.close()
        said = self._log.read_text(errors="replace").strip().splitlines()
        return SubjectFailed(f"{self._name} ended: {' | '.join(said[-3:])}")


def answer_questions(prepare: Callable[[Answer], Callable[[Answer], Answer]]) -> None:
    """Be a subject: ``prepare`` takes the configuration and returns what answers a question."""
    answer = prepare(json.loads(sys.stdin.readline()))
    _say({"ready": True})
    for line in sys.stdin:
        _say(answer(json.loads(line)))


def _say(message: Answer) -> None:
    print(json.dumps(message), flush=True)
