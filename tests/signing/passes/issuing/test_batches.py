"""Batches of passes: whole files of records, each issued once, and rejects that say why."""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from camtrust.wiring import Services
from core.errors import CamtrustError, Unavailable
from signing.passes.issuing.batches import splitting, working
from signing.passes.issuing.batches.batch import BatchForm, BatchState, PassBatch
from signing.passes.issuing.batches.models import pass_batch_chunks, pass_batch_passes
from signing.passes.issuing.batches.retention import PassRetention
from signing.passes.issuing.batches.working import BatchIssuing
from signing.passes.issuing.models import pass_codes, passes
from tests.signing.passes.issuing.conftest import INTERIOR, MINISTRY
from tests.signing.passes.issuing.records import RECORDS


def line(reference: str, **changes: Any) -> bytes:
    record = deepcopy(RECORDS["vaccination"])
    record["vaccination"].update(changes)
    return json.dumps({"reference": reference, "record": record}).encode() + b"\n"


def put(
    services: Services,
    content: bytes,
    *,
    form: BatchForm = BatchForm.JSONL,
    kind: str = "vaccination",
) -> PassBatch:
    batches = services.passes.batches
    batch = batches.open(secrets.token_hex(16), kind, form, by=MINISTRY)
    return batches.put(batch.id, io.BytesIO(content), MINISTRY)


def worker(services: Services, holder: str = "worker") -> BatchIssuing:
    wired = services.passes
    return BatchIssuing(
        database=services.database,
        files=wired.record_files,
        issuing=wired.issuing,
        clock=services.clock,
        holder=holder,
    )


def work(services: Services) -> None:
    while worker(services).go_on():
        pass


def now(services: Services, batch: PassBatch) -> PassBatch:
    return services.passes.batches.find(batch.id, MINISTRY)


def count(services: Services, references: str) -> int:
    with services.database.read() as connection:
        found = connection.scalar(
            select(func.count()).where(passes.c.reference.like(f"{references}%"))
        )
    return int(found or 0)


def test_what_is_wrong_is_rejected_with_its_reason_and_the_rest_is_issued(issuer: Services) -> None:
    content = (
        line("good/1")
        + b'{"reference": "bad/json",\n'
        + line("bad/disease", disease="1")
        + line("bad/dose", dose=0)
        + line("good/1")
        + b"\xff\xfe\0\n"
        + line("good/2")
    )
    batch = put(issuer, content)
    work(issuer)
    done = now(issuer, batch)
    assert (done.state, done.records, done.issued, done.rejected) == (BatchState.DONE, 7, 2, 5)
    rejects = {one.row: one for one in issuer.passes.batches.rejects(batch.id, MINISTRY)}
    assert sorted(rejects) == [2, 3, 4, 5, 6]
    assert "value set" in rejects[3].detail and rejects[3].problem == "pass-record-incomplete"
    assert "record.vaccination.dose" in rejects[4].detail
    assert rejects[5].problem == "pass-reference-taken"
    # As they came, so that they can be mended and put up again.
    assert "\0" not in rejects[6].line
    assert rejects[3].line.encode() == line("bad/disease", disease="1").rstrip()
    issued = dict(issuer.passes.batches.passes(batch.id, MINISTRY))
    assert {row: one.reference for row, one in issued.items()} == {1: "good/1", 7: "good/2"}


def test_the_same_records_again_are_issued_to_nobody(issuer: Services) -> None:
    content = b"".join(line(f"twice/{number}") for number in range(3))
    first, second = put(issuer, content), put(issuer, content)
    work(issuer)
    done = [now(issuer, one) for one in (first, second)]
    assert sorted((one.issued, one.rejected) for one in done) == [(0, 3), (3, 0)]
    # The same file in the same batch, as it is sent again after its answer was lost.
    batches = issuer.passes.batches
    assert batches.put(first.id, io.BytesIO(content), MINISTRY) == now(issuer, first)
    with pytest.raises(CamtrustError) as other:
        batches.put(first.id, io.BytesIO(content[1:]), MINISTRY)
    assert other.value.problem == "pass-batch-closed"


def test_csv_has_members_as_columns_and_keeps_quoted_line_breaks(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "ROWS", 2)
    member = {
        "reference": "csv/1",
        "person.name.surname": "Sok",
        "person.date_of_birth": "1990-04-14",
        "person.khmer_name.surname": "សុខ",
    } | {
        f"vaccination.{key}": value for key, value in RECORDS["vaccination"]["vaccination"].items()
    }
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(member))
    writer.writeheader()
    for number in range(5):
        centre = 'Health "Post",\nPhnom Penh' if number == 1 else "Health Post"
        writer.writerow(member | {"reference": f"csv/{number}", "vaccination.centre": centre})
    batch = put(issuer, b"\xef\xbb\xbf" + buffer.getvalue().encode(), form=BatchForm.CSV)
    work(issuer)
    done = now(issuer, batch)
    # A line break is no letter of a name: that row is rejected, and no other is torn by it.
    assert (done.records, done.issued, done.rejected) == (5, 4, 1)
    [reject] = issuer.passes.batches.rejects(batch.id, MINISTRY)
    assert reject.row == 2 and "vaccination.centre" in reject.detail


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        (BatchForm.CSV, b"reference,person.surname\n1,Sok\n", "person.surname"),
        (BatchForm.CSV, b"person.name.surname\nSok\n", "no column reference"),
        (BatchForm.CSV, b"reference,reference\n1,2\n", "same name"),
        (BatchForm.CSV, b"\xff\xfer\x00\n", "UTF-8"),
        (BatchForm.CSV, b"reference", "no header"),
        (BatchForm.CSV, b"reference,\0\n1,2\n", "no member \N{REPLACEMENT CHARACTER}"),
        (BatchForm.JSONL, b"", "no record"),
        (BatchForm.JSONL, b"x" * 20_000, "longer"),
    ],
)
def test_a_file_that_cannot_be_records_is_refused_as_a_whole(
    issuer: Services, form: BatchForm, content: bytes, said: str
) -> None:
    batch = put(issuer, content, form=form)
    work(issuer)
    done = now(issuer, batch)
    assert done.state is BatchState.REFUSED
    assert done.detail is not None and said in done.detail
    assert done.issued == 0


def test_many_workers_issue_each_record_once(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "ROWS", 3)
    batch = put(issuer, b"".join(line(f"many/{number}") for number in range(40)))
    # Claims spare double work and are no fence: here everybody takes everything.
    monkeypatch.setattr(working, "CLAIMED_FOR", timedelta(seconds=-1))
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda number: [worker(issuer, str(number)).go_on() for _ in range(20)], range(4)
            )
        )
    work(issuer)
    done = now(issuer, batch)
    assert (done.state, done.issued, done.rejected) == (BatchState.DONE, 40, 0)
    assert count(issuer, "many/") == 40


def test_a_worker_that_dies_before_the_commit_leaves_nothing_behind(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = put(issuer, line("died/1") + line("died/2"))
    finish: Callable[..., None] = working._finish

    def die(connection: Connection, *rest: Any) -> None:
        finish(connection, *rest)
        raise Unavailable("The database is gone.")

    monkeypatch.setattr(working, "_finish", die)
    one = worker(issuer)
    assert one.go_on()  # It splits.
    with pytest.raises(Unavailable):
        one.go_on()
    assert count(issuer, "died/") == 0
    monkeypatch.undo()
    assert not worker(issuer, "another").go_on()  # Claimed for a while yet.
    with issuer.database.begin() as connection:
        connection.execute(pass_batch_chunks.update().values(worker_until=None))
    work(issuer)
    assert (now(issuer, batch).issued, count(issuer, "died/")) == (2, 2)


def test_what_was_cancelled_is_not_issued_further(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "ROWS", 1)
    batch = put(issuer, line("cancelled/1") + line("cancelled/2"))
    one = worker(issuer)
    assert one.go_on() and one.go_on()
    ended = issuer.passes.batches.cancel(batch.id, MINISTRY)
    assert ended.state is BatchState.CANCELLED
    assert issuer.passes.batches.cancel(batch.id, MINISTRY) == ended
    work(issuer)
    assert count(issuer, "cancelled/") == 1
    with pytest.raises(CamtrustError) as unknown:
        issuer.passes.batches.find(batch.id, INTERIOR)
    assert unknown.value.problem == "pass-batch-unknown"


def test_of_two_files_at_once_the_one_that_was_told_so_is_issued(
    issuer: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = issuer.passes.batches
    batch = batches.open(secrets.token_hex(16), "vaccination", BatchForm.JSONL, by=MINISTRY)
    store = issuer.passes.record_files.put

    def meanwhile(batch_id: str, content: Any) -> tuple[bytes, int]:
        stored = store(batch_id, content)
        monkeypatch.undo()
        batches.put(batch_id, io.BytesIO(line("at-once/first")), MINISTRY)
        return stored

    monkeypatch.setattr(issuer.passes.record_files, "put", meanwhile)
    with pytest.raises(CamtrustError) as late:
        batches.put(batch.id, io.BytesIO(line("at-once/second")), MINISTRY)
    assert late.value.problem == "pass-batch-closed"
    work(issuer)
    assert (count(issuer, "at-once/first"), count(issuer, "at-once/second")) == (1, 0)
    folder = issuer.home / "pass-batches"
    assert len(list(folder.glob(f"{batch.id}.*"))) == 1


def test_records_and_texts_are_forgotten_after_their_time(issuer: Services) -> None:
    batch = put(issuer, line("forgotten/1") + b"{}\n")
    put(issuer, b"reference", form=BatchForm.CSV)  # Refused as a whole.
    work(issuer)

    class Later:
        def now(self) -> Any:
            return issuer.clock.now() + timedelta(days=1000)

    files = issuer.passes.record_files
    retention = PassRetention(
        database=issuer.database, files=files, kept=timedelta(days=30), clock=Later()
    )
    while retention.erase_old():
        pass
    assert list(issuer.passes.batches.rejects(batch.id, MINISTRY)) == []
    assert list((issuer.home / "pass-batches").iterdir()) == []
    # Sent again after that, it is not kept a second time.
    issuer.passes.batches.put(batch.id, io.BytesIO(line("forgotten/1") + b"{}\n"), MINISTRY)
    assert list((issuer.home / "pass-batches").iterdir()) == []
    with pytest.raises(CamtrustError), files.reading(batch.id, batch.sha256 or b""):
        pass
    with issuer.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(pass_codes)) == 0
        # That they were issued stays known.
        assert connection.scalar(select(func.count()).select_from(pass_batch_passes)) > 0
