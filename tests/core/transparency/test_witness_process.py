"""The witness as a process of its own, killed and started again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.merkle import LeafHashes, hash_leaf, tree_root
from core.transparency.merkle_proofs import consistency_proof
from core.transparency.notes import VerifierKey
from core.transparency.witness import OtherHistory
from core.transparency.witness_client import WitnessClient
from tests.core.transparency.doubles import SoftwareSigner

ROOT = Path(__file__).parents[3]


@contextmanager
def _witness(folder: Path) -> Iterator[WitnessClient]:
    module = "tests.core.transparency.witness_worker"
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", module, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        vkey, *_, url = process.stdout.readline().split()
        yield WitnessClient(key=VerifierKey.parse(vkey), url=url)
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_killed_witness_still_refuses_a_fork(tmp_path: Path) -> None:
    leaves = LeafHashes([hash_leaf(bytes([number])) for number in range(20)])
    forked = LeafHashes([hash_leaf(bytes([number, 1])) for number in range(20)])

    def ask(client: WitnessClient, tree: LeafHashes, size: int) -> None:
        head = TreeHead(size, tree_root(tree, size))
        checkpoint = Checkpoint.sign(head, SoftwareSigner())
        client.cosign(checkpoint, lambda old: consistency_proof(tree, old, size))

    with _witness(tmp_path / "witness") as client:
        ask(client, leaves, 10)
    with _witness(tmp_path / "witness") as client:
        for tree, size in ((forked, 10), (leaves, 7)):
            with pytest.raises(OtherHistory):
                ask(client, tree, size)
        ask(client, leaves, 20)
