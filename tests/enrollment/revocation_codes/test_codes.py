"""Revocation codes: given once, typed in any way, found by their hash alone."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.database import Database
from enrollment.revocation_codes.code import (
    ALPHABET,
    RevocationCodeMistyped,
    hash_of,
    new_code,
    read_code,
)
from enrollment.revocation_codes.codes import (
    CodedCertificate,
    RevocationCodeGiven,
    RevocationCodes,
    RevocationCodeUnknown,
)
from tests.ca.revocation.world import make_log

MINE = CodedCertificate("people-1", 0xABCDEF)


@pytest.fixture
def codes(database: Database, tmp_path: Path, clock: Any) -> RevocationCodes:
    log = make_log(database, tmp_path / "log", clock)
    return RevocationCodes(database=database, log=log, clock=clock)


def make(codes: RevocationCodes, database: Database, of: CodedCertificate = MINE) -> str:
    with database.begin() as connection:
        return codes.make(connection, of.authority, of.serial_number)


def test_a_code_finds_its_certificate(codes: RevocationCodes, database: Database) -> None:
    code = make(codes, database)
    make(codes, database, CodedCertificate("people-1", 2))
    assert codes.find(code) == MINE
    assert codes.is_made(MINE.authority, MINE.serial_number)
    assert not codes.is_made(MINE.authority, 7)


def test_the_code_stands_nowhere_in_the_database_nor_in_the_log(
    codes: RevocationCodes, database: Database, tmp_path: Path
) -> None:
    code = make(codes, database)
    signs = read_code(code)
    with database.read() as connection:
        row = connection.execute(text("SELECT * FROM revocation_codes")).one()
        entries = connection.execute(text("SELECT * FROM log_entries")).all()
    kept = b"".join(
        one if isinstance(one, bytes) else str(one).encode()
        for one in (*row, *sum(map(tuple, entries), ()))
    )
    assert signs.encode() not in kept and code.encode() not in kept
    assert hash_of(signs) in kept


def test_a_code_is_shown_once(codes: RevocationCodes, database: Database) -> None:
    code = make(codes, database)
    with pytest.raises(RevocationCodeGiven):
        make(codes, database)
    assert codes.find(code) == MINE


def test_a_lost_code_is_replaced_and_void_from_then_on(
    codes: RevocationCodes, database: Database
) -> None:
    lost = make(codes, database)
    with database.begin() as connection:
        found = codes.replace(connection, MINE.authority, MINE.serial_number)
    assert codes.find(found) == MINE
    with pytest.raises(RevocationCodeUnknown):
        codes.find(lost)


def test_a_code_whose_transaction_fails_was_never_given(
    codes: RevocationCodes, database: Database
) -> None:
    shown = []
    with pytest.raises(RuntimeError), database.begin() as connection:
        shown.append(codes.make(connection, MINE.authority, MINE.serial_number))
        raise RuntimeError
    with pytest.raises(RevocationCodeUnknown):
        codes.find(shown[0])
    assert codes.find(make(codes, database)) == MINE


def test_of_two_tabs_that_collect_at_once_one_shows_the_code(
    codes: RevocationCodes, database: Database
) -> None:
    shown: list[str] = []
    refused: list[Exception] = []
    together = Barrier(2)

    def collect() -> None:
        together.wait()
        try:
            shown.append(make(codes, database))
        except RevocationCodeGiven as error:
            refused.append(error)

    tabs = [Thread(target=collect) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert (len(shown), len(refused)) == (1, 1)
    assert codes.find(shown[0]) == MINE


def test_a_code_is_taken_however_it_is_typed(codes: RevocationCodes, database: Database) -> None:
    code = make(codes, database)
    khmer = code.translate({ord(str(digit)): chr(0x17E0 + digit) for digit in range(10)})
    for typed in (
        code.lower(),
        code.replace("-", " "),
        code.replace("-", ""),
        code.replace("-", " – "),
        khmer,
        code.replace("0", "o").replace("1", "l"),
        f"  {code}\n",
    ):
        assert codes.find(typed) == MINE


def test_each_mistyped_sign_is_found_without_looking_anything_up() -> None:
    signs = read_code(new_code())
    for place, sign in enumerate(signs):
        other = ALPHABET[(ALPHABET.index(sign) + 1) % len(ALPHABET)]
        with pytest.raises(RevocationCodeMistyped):
            read_code(signs[:place] + other + signs[place + 1 :])


@pytest.mark.parametrize("typed", ["", "K7M2Q", "-" * 20, "U" * 20, "0" * 19, "0" * 21, "0" * 5000])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(RevocationCodeMistyped):
        read_code(typed)


@given(st.text())
def test_whatever_is_typed_is_a_code_or_refused_as_mistyped(typed: str) -> None:
    try:
        signs = read_code(typed)
    except RevocationCodeMistyped:
        return
    assert len(signs) == 20 and set(signs) <= set(ALPHABET)


@given(st.integers(min_value=0, max_value=50))
def test_every_new_code_can_be_read_back(_again: int) -> None:
    code = new_code()
    assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
    assert read_code(code) == code.replace("-", "")
