"""The generator and the servers of the status benchmark: what they count, and what they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.ocsp.answers import check_answers
from bench.ocsp.cores import Cores
from bench.ocsp.limits import BODY, callable_command
from bench.ocsp.load import Expected, Load, LoadNotMade, write_requests
from bench.ocsp.peers import openssl_command
from bench.ocsp.processes import cpu_seconds, family, private_octets
from bench.ocsp.questions import get, nonce_questions, plain_questions, post
from bench.ocsp.servers import Server, ServerFailed, free_port, is_listening
from bench.ocsp.software import SoftwareAuthority
from ocsp.media_types import RESPONSE_TYPE

CORES = Cores.of_this_machine()
GET = b"GET /ocsp/MA HTTP/1.1\r\nHost: ocsp.example.com\r\n\r\n"
RIGHT = Expected(RESPONSE_TYPE, len(BODY), len(BODY))


@pytest.fixture
def bare(tmp_path: Path, require: Callable[[str], str]) -> Iterator[Server]:
    require("wrk")
    port = free_port()
    command = callable_command(port, headers=6, threads=2)
    with Server(command, port=port, cores=CORES, log=tmp_path / "log") as server:
        yield server


def load_of(server: Server, folder: Path) -> Load:
    requests = write_requests(folder / "requests", [GET, GET])
    return Load(port=server.port, requests=requests, cores=CORES, connections=2)


def test_a_run_counts_answers_and_the_servers_cpu_time(bare: Server, tmp_path: Path) -> None:
    load = load_of(bare, tmp_path)
    before = bare.cpu_seconds()
    loaded = load.run(1)
    assert loaded.requests > 10
    assert loaded.octets > loaded.requests * len(BODY)
    assert 0 < loaded.p50 <= loaded.p99
    # Its worker's time too: the parent only waits.
    assert bare.cpu_seconds() - before > 0.01
    assert bare.private_octets() > 1_000_000


def test_answers_that_look_as_they_should_pass_the_check(bare: Server, tmp_path: Path) -> None:
    assert load_of(bare, tmp_path).check(RIGHT).requests > 10


@pytest.mark.parametrize(
    "expected",
    [
        Expected("text/plain", len(BODY), len(BODY)),
        Expected(RESPONSE_TYPE, len(BODY) + 1, len(BODY) + 8),
        Expected(RESPONSE_TYPE, 5, len(BODY) - 1),
    ],
    ids=["another type", "too short", "too long"],
)
def test_an_answer_that_looks_otherwise_ends_the_benchmark(
    bare: Server, tmp_path: Path, expected: Expected
) -> None:
    with pytest.raises(LoadNotMade, match="wrong"):
        load_of(bare, tmp_path).check(expected)


def test_a_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such index')"]
    with pytest.raises(ServerFailed, match="no such index"):
        Server(command, port=free_port(), cores=CORES, log=tmp_path / "log")


def test_a_closed_server_leaves_no_process_behind(tmp_path: Path) -> None:
    port = free_port()
    command = callable_command(port, headers=2, threads=1)
    with Server(command, port=port, cores=CORES, log=tmp_path / "log"):
        assert is_listening(port)
    assert not is_listening(port)


def test_a_family_has_children_and_their_children() -> None:
    # A shell that waits for a shell that waits for sleep.
    shell = subprocess.Popen(["sh", "-c", "sh -c 'sleep 30; true'; true"], start_new_session=True)
    try:
        until = time.monotonic() + 10
        while len(family(shell.pid)) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(family(shell.pid)) == 3
    finally:
        os.killpg(shell.pid, 9)
        shell.wait()


def test_the_cpu_time_of_a_process_is_what_the_process_says_itself() -> None:
    before = time.process_time()
    while time.process_time() - before < 0.02:
        pass
    assert cpu_seconds([os.getpid()]) == pytest.approx(time.process_time(), abs=0.02)
    assert private_octets(os.getpid()) > 1_000_000


def test_openssl_answers_right_and_another_authoritys_answers_are_seen(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("openssl")
    authority, other = (SoftwareAuthority.with_certificates(4) for _ in range(2))
    port = free_port()
    command = openssl_command(authority, tmp_path / "openssl", port)
    asked = [
        *plain_questions(authority.issuer, authority.serial_numbers),
        *nonce_questions(authority.issuer, authority.serial_numbers),
    ]
    with Server(command, port=port, cores=CORES, log=tmp_path / "log"):
        expected = check_answers(
            "openssl", port, authority.issuer, asked, lambda one: post(one, "/")
        )
        assert expected.content_type == RESPONSE_TYPE
        check_answers("openssl", port, authority.issuer, asked, lambda one: get(one, "/"))
        strange = list(plain_questions(other.issuer, other.serial_numbers))
        with pytest.raises(LoadNotMade, match=r"UNKNOWN|UNAUTHORIZED"):
            check_answers("openssl", port, other.issuer, strange, lambda one: post(one, "/"))
