"""The witness: over HTTP with our client, and rule by rule."""

from __future__ import annotations

import http.client
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from core.database import Database
from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.cosignature import cosigned_at, verify_cosignature
from core.transparency.cosigning import Cosigning
from core.transparency.errors import LogDamaged, NoteMalformed, NotProven
from core.transparency.log import TransparencyLog
from core.transparency.merkle import EMPTY_ROOT, LeafHashes, hash_leaf, tree_root
from core.transparency.merkle_proofs import consistency_proof
from core.transparency.notes import VerifierKey, parse_signature_lines
from core.transparency.proof import LogProof, verify_proof
from core.transparency.witness import (
    AddCheckpoint,
    OtherHistory,
    UnknownLog,
    UntrustedCheckpoint,
    Witness,
)
from core.transparency.witness_client import WitnessClient, WitnessUnavailable
from core.transparency.witness_endpoint import MAX_BODY_OCTETS, witness_application
from core.transparency.witness_server import witness_server
from tests.conftest import SettableClock
from tests.core.transparency.doubles import ORIGIN, WITNESS, SoftwareSigner, append

LEAVES = [hash_leaf(bytes([number])) for number in range(100)]
FORKED = [hash_leaf(bytes([number, 1])) for number in range(100)]
LOG_KEY = VerifierKey(ORIGIN, SoftwareSigner().public_key)


def head(size: int, leaves: list[bytes] = LEAVES) -> TreeHead:
    return TreeHead(size, tree_root(LeafHashes(leaves), size))


def request(
    old_size: int,
    size: int,
    leaves: list[bytes] = LEAVES,
    signer: SoftwareSigner | None = None,
) -> AddCheckpoint:
    proof = consistency_proof(LeafHashes(leaves), old_size, size)
    checkpoint = Checkpoint.sign(head(size, leaves), signer or SoftwareSigner())
    return AddCheckpoint(old_size, tuple(proof), checkpoint)


@pytest.fixture
def make_witness(home: Path, clock: SettableClock) -> Callable[[], Witness]:
    def make() -> Witness:
        return Witness(
            signer=SoftwareSigner(WITNESS, 7),
            logs=[LOG_KEY],
            folder=home / "witness",
            clock=clock,
        )

    return make


@pytest.fixture
def witness(make_witness: Callable[[], Witness]) -> Witness:
    return make_witness()


@pytest.fixture
def address(witness: Witness) -> Iterator[tuple[str, int]]:
    with witness_server(witness_application(witness)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield "127.0.0.1", server.server_port
        server.shutdown()
        thread.join(10)


def _post(
    address: tuple[str, int], body: bytes, path: str = "/add-checkpoint", method: str = "POST"
) -> tuple[int, str | None, str]:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request(method, path, body)
    response = connection.getresponse()
    answer = response.status, response.getheader("Content-Type"), response.read().decode()
    connection.close()
    return answer


def test_a_checkpoint_that_extends_the_last_one_is_cosigned(
    witness: Witness, clock: SettableClock
) -> None:
    for old_size, size in ((0, 7), (7, 8), (8, 8), (8, 64), (64, 100)):
        asked = request(old_size, size)
        (line,) = parse_signature_lines(witness.add_checkpoint(asked))
        assert verify_cosignature(asked.checkpoint.note, line, witness.key) == clock.now()
        clock.advance(timedelta(seconds=61))


def test_an_empty_log_may_be_cosigned_first(witness: Witness) -> None:
    assert witness.add_checkpoint(request(0, 0))
    assert witness.add_checkpoint(request(0, 5))


def test_an_empty_log_with_another_root_is_refused(witness: Witness) -> None:
    wrong = Checkpoint.sign(TreeHead(0, bytes(32)), SoftwareSigner())
    with pytest.raises(OtherHistory):
        witness.add_checkpoint(AddCheckpoint(0, (), wrong))


def test_a_fork_is_refused_whatever_proof_comes_with_it(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 10))
    for forged in (
        request(10, 20, FORKED),
        AddCheckpoint(10, request(10, 20).proof, request(10, 20, FORKED).checkpoint),
        AddCheckpoint(10, (), request(10, 20, FORKED).checkpoint),
    ):
        with pytest.raises(NotProven):
            witness.add_checkpoint(forged)
    with pytest.raises(OtherHistory) as refusal:
        witness.add_checkpoint(request(10, 10, FORKED))
    assert refusal.value.data == {"size": 10}
    assert witness.add_checkpoint(request(10, 20))


def test_a_rollback_is_refused_with_the_size_last_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 10))
    for old_size, size in ((0, 5), (5, 5), (5, 8), (0, 20)):
        with pytest.raises(OtherHistory) as refusal:
            witness.add_checkpoint(request(old_size, size))
        assert refusal.value.data == {"size": 10}


def test_a_proof_from_nothing_has_no_hashes(witness: Witness) -> None:
    with pytest.raises(NotProven):
        witness.add_checkpoint(AddCheckpoint(0, (bytes(32),), request(0, 5).checkpoint))


def test_what_was_cosigned_is_remembered_by_the_next_process(
    make_witness: Callable[[], Witness],
) -> None:
    make_witness().add_checkpoint(request(0, 10))
    with pytest.raises(OtherHistory):
        make_witness().add_checkpoint(request(0, 5, FORKED))


def test_a_witness_that_forgot_half_refuses_rather_than_begin_anew(
    witness: Witness, home: Path
) -> None:
    witness.add_checkpoint(request(0, 10))
    (memory,) = (home / "witness").glob("*.checkpoint")
    memory.write_bytes(memory.read_bytes()[:40])
    with pytest.raises(LogDamaged):
        witness.add_checkpoint(request(10, 20))


def test_a_log_that_the_witness_does_not_know_is_refused(witness: Witness) -> None:
    with pytest.raises(UnknownLog):
        witness.add_checkpoint(request(0, 5, signer=SoftwareSigner("other.example/log")))


def test_a_checkpoint_of_another_key_is_refused_and_not_remembered(witness: Witness) -> None:
    with pytest.raises(UntrustedCheckpoint):
        witness.add_checkpoint(request(0, 5, signer=SoftwareSigner(seed=2)))
    assert witness.add_checkpoint(request(0, 3))


def test_of_two_histories_asked_at_once_one_is_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 1))
    forks = [
        request(1, size, LEAVES[:1] + [hash_leaf(bytes([fork])) for _ in range(50)])
        for fork, size in enumerate(range(10, 26))
    ]

    def ask(one: AddCheckpoint) -> bool:
        try:
            witness.add_checkpoint(one)
        except OtherHistory:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, forks)) == 1


GOOD = request(3, 7).encode()


@pytest.mark.parametrize(
    ("defect", "body"),
    [
        ("nothing", b""),
        ("no old size", GOOD.replace(b"old 3\n", b"")),
        ("a leading zero", GOOD.replace(b"old 3", b"old 03")),
        ("an old size beyond the checkpoint's", GOOD.replace(b"old 3", b"old 8")),
        ("a short hash", GOOD.replace(b"old 3\n", b"old 3\nAAAA\n")),
        ("too many hashes", GOOD.replace(b"old 3\n", b"old 3\n" + (b"A" * 43 + b"=\n") * 64)),
        ("no empty line", GOOD.replace(b"\n\n", b"\n", 1)),
        ("not ASCII", GOOD.replace(b"old 3", "old ៣".encode())),
        ("no checkpoint", GOOD.partition(b"\n\n")[0] + b"\n\n"),
    ],
)
def test_a_defective_request_is_malformed(
    defect: str, body: bytes, address: tuple[str, int]
) -> None:
    assert body != GOOD
    with pytest.raises(NoteMalformed):
        AddCheckpoint.parse(body)
    assert _post(address, body)[0] == 400


def test_a_request_is_read_as_it_was_written() -> None:
    assert AddCheckpoint.parse(GOOD).encode() == GOOD


def test_the_protocol_s_numbers_are_those_of_the_specification(
    address: tuple[str, int], witness: Witness
) -> None:
    status, _, body = _post(address, request(0, 10).encode())
    assert status == 200
    assert body.startswith(f"— {WITNESS} ")
    assert body.endswith("\n")
    conflict = 409, "text/x.tlog.size", "10\n"
    assert _post(address, request(0, 20).encode()) == conflict
    assert _post(address, request(10, 10, FORKED).encode()) == conflict
    assert _post(address, request(10, 20, FORKED).encode())[0] == 422
    assert _post(address, request(10, 20, signer=SoftwareSigner(seed=2)).encode())[0] == 403
    unknown = request(10, 20, signer=SoftwareSigner("other.example/log"))
    assert _post(address, unknown.encode())[0] == 404
    assert _post(address, request(10, 20).encode())[0] == 200


def test_other_paths_methods_and_sizes_are_refused(address: tuple[str, int]) -> None:
    assert _post(address, b"", path="/")[0] == 404
    assert _post(address, b"", method="GET")[0] == 405
    assert _post(address, b"x" * (MAX_BODY_OCTETS + 1))[0] == 413


@pytest.fixture
def client(address: tuple[str, int], witness: Witness) -> WitnessClient:
    return WitnessClient(key=witness.key, url=f"http://{address[0]}:{address[1]}/")


@pytest.fixture
def cosigning(
    sqlite_log: TransparencyLog, client: WitnessClient, clock: SettableClock
) -> Cosigning:
    return Cosigning(published=sqlite_log.published, witnesses=[client], clock=clock)


def test_cosignatures_are_gathered_and_proofs_carry_them(
    sqlite_log: TransparencyLog,
    sqlite: Database,
    cosigning: Cosigning,
    witness: Witness,
    clock: SettableClock,
) -> None:
    for count in (1, 300, 0, 212):
        append(sqlite_log, sqlite, count)
        sqlite_log.publish()
        (answer,) = cosigning.gather()
        assert answer.refusal is None
        checkpoint = sqlite_log.published.checkpoint()
        assert checkpoint is not None
        checkpoint.verify(sqlite_log.key)
        assert cosigned_at(checkpoint.note, [witness.key]) == {WITNESS: clock.now()}
    assert sqlite_log.sizes()["witnessed"] == 513
    append(sqlite_log, sqlite, 1)
    sqlite_log.publish()
    proof = LogProof.parse(sqlite_log.proof(512).encode())
    proven = verify_proof(proof, sqlite_log.key, [witness.key], quorum=1)
    assert proven.checkpoint.size == 513


def test_a_new_client_learns_where_the_witness_stands(
    sqlite_log: TransparencyLog,
    sqlite: Database,
    cosigning: Cosigning,
    client: WitnessClient,
    address: tuple[str, int],
    clock: SettableClock,
) -> None:
    append(sqlite_log, sqlite, 10)
    sqlite_log.publish()
    cosigning.gather()
    append(sqlite_log, sqlite, 10)
    sqlite_log.publish()
    fresh = WitnessClient(key=client.key, url=f"http://{address[0]}:{address[1]}")
    again = Cosigning(published=sqlite_log.published, witnesses=[fresh], clock=clock)
    assert [answer.refusal for answer in again.gather()] == [None]
    # The first client's knowledge is stale by now, and that does not matter.
    assert [answer.refusal for answer in cosigning.gather()] == [None]


def test_a_log_that_went_back_is_told_so_by_its_witness(
    make_log: Callable[[Database], TransparencyLog],
    sqlite_log: TransparencyLog,
    sqlite: Database,
    cosigning: Cosigning,
    client: WitnessClient,
    clock: SettableClock,
) -> None:
    append(sqlite_log, sqlite, 5)
    sqlite_log.publish()
    older = shutil.copytree(sqlite_log.published.folder, sqlite_log.published.folder.with_name("o"))
    append(sqlite_log, sqlite, 5)
    sqlite_log.publish()
    cosigning.gather()
    shutil.rmtree(sqlite_log.published.folder)
    older.rename(sqlite_log.published.folder)
    again = Cosigning(published=make_log(sqlite).published, witnesses=[client], clock=clock)
    (answer,) = again.gather()
    assert isinstance(answer.refusal, OtherHistory)
    assert answer.refusal.data == {"size": 10}


def test_an_absent_witness_is_reported_and_the_others_still_asked(
    sqlite_log: TransparencyLog, sqlite: Database, client: WitnessClient, clock: SettableClock
) -> None:
    absent = WitnessClient(key=client.key, url="http://127.0.0.1:1", timeout_seconds=1)
    both = Cosigning(published=sqlite_log.published, witnesses=[absent, client], clock=clock)
    assert both.gather() == []  # nothing is published
    append(sqlite_log, sqlite, 5)
    sqlite_log.publish()
    first, second = both.gather()
    assert isinstance(first.refusal, WitnessUnavailable)
    assert second.refusal is None
    assert sqlite_log.sizes()["witnessed"] == 5


def test_a_witness_with_another_key_than_ours_counts_for_nothing(
    sqlite_log: TransparencyLog, sqlite: Database, address: tuple[str, int], clock: SettableClock
) -> None:
    known = VerifierKey(WITNESS, SoftwareSigner(seed=8).public_key, 4)
    impostor = WitnessClient(key=known, url=f"http://{address[0]}:{address[1]}")
    append(sqlite_log, sqlite, 5)
    sqlite_log.publish()
    asking = Cosigning(published=sqlite_log.published, witnesses=[impostor], clock=clock)
    assert isinstance(asking.gather()[0].refusal, NotProven)
    assert sqlite_log.published.witnessed_checkpoint() is None


def test_a_cosignature_of_the_future_is_not_taken(
    sqlite_log: TransparencyLog,
    sqlite: Database,
    client: WitnessClient,
    clock: SettableClock,
) -> None:
    append(sqlite_log, sqlite, 5)
    sqlite_log.publish()
    behind = SettableClock()
    behind.advance(-timedelta(minutes=6))
    asking = Cosigning(published=sqlite_log.published, witnesses=[client], clock=behind)
    assert isinstance(asking.gather()[0].refusal, NotProven)


def test_an_address_that_is_none_is_refused() -> None:
    for url in ("ftp://witness.example", "witness.example", "http://"):
        with pytest.raises(ValueError, match="http"):
            WitnessClient(key=LOG_KEY, url=url)


def test_the_empty_root_is_what_an_unknown_log_begins_with() -> None:
    assert head(0).root == EMPTY_ROOT
