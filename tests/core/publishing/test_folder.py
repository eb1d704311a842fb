"""Publishing into a folder: what a crash, a full disk and a second publisher leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from core.publishing.errors import DestinationAway
from core.publishing.folder import FolderTarget
from core.publishing.target import Outcome, Publication
from tests.core.publishing.publications import publication

ROOT = Path(__file__).parents[3]
NAME = "crl/people-1/0.crl"

# Publishes rising numbers for ever, in files of a quarter of a million octets.
PUBLISHER = """
import sys
from pathlib import Path
from core.publishing.folder import FolderTarget
from tests.core.publishing.publications import publication

target = FolderTarget(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    number += int(sys.argv[3])
    target.put([publication(f"crl/{one}.crl", number, bytes(250_000)) for one in range(3)])
    print(number, flush=True)
"""


def start_publisher(folder: Path, first: int, step: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(folder), str(first), str(step)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_web_server_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        FolderTarget(tmp_path / "published").put([publication(NAME, 1)])
    finally:
        os.umask(before)

    path = tmp_path / "published" / NAME
    assert path.stat().st_mode & 0o777 == 0o644
    assert all(one.stat().st_mode & 0o777 == 0o755 for one in list(path.parents)[:3])


def test_a_file_has_the_time_of_what_it_says(folder: FolderTarget, tmp_path: Path) -> None:
    one = publication(NAME, 7)
    folder.put([one])

    assert (tmp_path / "published" / NAME).stat().st_mtime == one.modified_at.timestamp()


def test_a_large_file_is_compared_by_its_order_and_time(folder: FolderTarget) -> None:
    large = bytes(2_000_000)
    folder.put([publication(NAME, 7, large)])

    assert folder.put([publication(NAME, 7, large)]) == [Outcome.UNCHANGED]
    assert folder.put([publication(NAME, 8, large)]) == [Outcome.WRITTEN]
    assert folder.put([publication(NAME, 7, large)]) == [Outcome.OVERTAKEN]


def test_a_file_that_is_none_of_its_kind_is_replaced(folder: FolderTarget, tmp_path: Path) -> None:
    path = tmp_path / "published" / NAME
    path.parent.mkdir(parents=True)
    for damaged in (b"", b"no number at all"):
        path.write_bytes(damaged)
        assert folder.put([publication(NAME, 1)]) == [Outcome.WRITTEN]
        assert path.read_bytes() == b"1\n"


def test_what_cannot_be_read_leaves_the_old_file(folder: FolderTarget) -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    def broken() -> BinaryIO:
        return Broken()

    folder.put([publication(NAME, 1)])
    newer = publication(NAME, 2)
    torn = Publication(**{**vars(newer), "open": broken})

    with pytest.raises(DestinationAway, match="Input/output error"):
        folder.put([publication("a", 1), torn])
    assert folder.read(NAME) == b"1\n"
    assert folder.put([publication("a", 1), newer]) == [Outcome.WRITTEN, Outcome.WRITTEN]


def test_a_full_disk_is_said_and_leaves_the_old_file(
    folder: FolderTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put([publication(NAME, 1)])
    # A limit of the kernel's, as good as a full disk: no file of this process may grow further.
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(DestinationAway) as refused:
            folder.put([publication(NAME, 2, bytes(1_000_000))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert refused.value.kept is not None
    assert folder.read(NAME) == b"1\n"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DestinationAway):
        FolderTarget(tmp_path / "file")


def test_a_publisher_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    for attempt in range(5):
        publisher = start_publisher(folder, attempt * 1_000_000, 1)
        assert publisher.stdout is not None
        publisher.stdout.readline()
        time.sleep(0.007 * attempt)
        publisher.kill()
        publisher.wait()
        publisher.stdout.close()
        for path in folder.glob("crl/*"):
            number, _, rest = path.read_bytes().partition(b"\n")
            assert int(number) > attempt * 1_000_000
            assert rest == bytes(250_000)
    # What it was writing is not in anybody's way.
    last = publication("crl/0.crl", 9_000_000)
    assert FolderTarget(folder).put([last]) == [Outcome.WRITTEN]
    assert sorted(path.name for path in folder.glob("crl/*")) == ["0.crl", "1.crl", "2.crl"]


def test_two_publishers_at_once_never_bring_an_older_file_back(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    # One publishes the even numbers, the other the odd ones, at another pace.
    publishers = [start_publisher(folder, 0, 2), start_publisher(folder, 1, 6)]
    try:
        path = folder / "crl" / "1.crl"
        while not path.exists():
            time.sleep(0.01)
        seen = []
        for _ in range(300):
            number, _, rest = path.read_bytes().partition(b"\n")
            assert rest == bytes(250_000)
            seen.append(int(number))
            time.sleep(0.002)
        assert seen == sorted(seen)
        assert len(set(seen)) > 2
    finally:
        for one in publishers:
            one.kill()
            one.wait()
            assert one.stdout is not None
            one.stdout.close()
