"""Subjects: processes that answer, and that say why when they cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.subject import Subject, SubjectFailed

ECHO = """
from bench.subject import answer_questions
def prepare(configuration):
    return lambda question: {"sum": configuration["first"] + question["second"]}
answer_questions(prepare)
"""


def test_a_subject_says_it_is_ready_and_answers_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ECHO]
    with Subject(command, configuration={"first": 40}, log=tmp_path / "log") as subject:
        assert subject.ready == {"ready": True}
        subject.send(second=2)
        subject.send(second=3)
        assert [subject.receive(), subject.receive()] == [{"sum": 42}, {"sum": 43}]


def test_two_subjects_work_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ECHO]
    with (
        Subject(command, configuration={"first": 1}, log=tmp_path / "log") as one,
        Subject(command, configuration={"first": 2}, log=tmp_path / "log") as other,
    ):
        one.send(second=1)
        other.send(second=1)
        assert (one.receive(), other.receive()) == ({"sum": 2}, {"sum": 3})


def test_a_subject_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ECHO]
    with (
        Subject(command, configuration={"first": 1}, log=tmp_path / "log") as subject,
        pytest.raises(SubjectFailed, match="KeyError: 'second'"),
    ):
        subject.ask(third=1)
