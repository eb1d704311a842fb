"""What happens to a batch by itself: its rows are checked, then applied for, decided and issued.

1. A row that waits is read and checked as a single application would be: passed, or rejected.
2. When none waits, the batch waits for officers; or works, where each row is decided on its own.
3. A row that passed is applied for, under an id that follows from the batch and the row.
4. Each officer's decision on the batch is made on the application, under an id that follows too.
5. The certificate is issued; the row says how it ended.

Every step may be cut short and taken again, by another process too: what was done is found done.
Steps 1 and 2 are :mod:`enrollment.batches.checking`, 3 to 5 :mod:`enrollment.batches.issuing`.
"""

from __future__ import annotations

from sqlalchemy import select

from core.database import Database
from enrollment.batches.batch import Batch, BatchState, find_batch
from enrollment.batches.checking import RowChecking
from enrollment.batches.issuing import RowIssuing
from enrollment.batches.models import batches


class BatchWork:
    """Carries open batches on, a little at each run."""

    def __init__(self, *, database: Database, checking: RowChecking, issuing: RowIssuing) -> None:
        self._database = database
        self._checking = checking
        self._issuing = issuing

    def go_on(self) -> int:
        """Take the next step with every open batch; return how many rows got on.

        Raises Unavailable while a part is away; the next run goes on from there.
        """
        query = (
            select(batches.c.id)
            .where(batches.c.state.in_([BatchState.CHECKING, BatchState.WORKING]))
            .order_by(batches.c.id)
        )
        with self._database.read() as connection:
            found = [find_batch(connection, row.id) for row in connection.execute(query).all()]
        return sum(map(self._go_on_with, found))

    def _go_on_with(self, batch: Batch) -> int:
        if batch.state is BatchState.CHECKING:
            return self._checking.run(batch)
        return self._issuing.run(batch)
