"""Processes that sign batches of documents and issue those of passes: beside the service, or for a
while at a console.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click
import structlog

from camtrust.serving.children import start_child
from camtrust.serving.supervisor import ChildPlan, Supervisor, process_act
from camtrust.wiring import Services
from core.errors import Unavailable
from core.event_log import set_up_event_log

NAME = "document-worker"
UNTIL_IDLE = "until-idle"
# Between looks for work while there is none.
IDLE_SECONDS = 1.0
# A part that is away is asked again after so long; what it is needed for rests meanwhile.
AWAY_SECONDS = 5.0


def worker_plan(home: Path, number: int) -> ChildPlan:
    """Return a worker to keep running."""
    return ChildPlan(f"{NAME}-{number}", process_act(NAME, home))


def run_document_worker(home: Path, *, until_idle: bool) -> None:
    """Sign and issue until SIGTERM or, ``until_idle``, until nothing waits for this worker.

    With ``until_idle`` raises Unavailable when a part is away; else it waits for it.
    """
    services, stop = Services(home=home), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers = (services.documents.batch_worker, services.passes.batch_worker)
    events = structlog.get_logger(NAME)
    while not stop.is_set():
        try:
            # Each has its turn, whether or not the one before found something.
            dealt_with = sum(worker.go_on() for worker in workers)
        except Unavailable as error:
            if until_idle:
                raise
            events.warning("worker-waits", problem=error.problem)
            stop.wait(AWAY_SECONDS)
            continue
        if dealt_with:
            continue
        if until_idle:
            break
        stop.wait(IDLE_SECONDS)
    services.close()


@click.command("work")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many."
)
@click.option(f"--{UNTIL_IDLE}", is_flag=True, help="End when no document waits.")
@click.pass_context
def work_documents(context: click.Context, processes: int, until_idle: bool) -> None:
    """Sign the documents of closed batches, beside the service and other machines.

    Without --until-idle until it is interrupted. A worker that dies is started again; nothing is
    lost or signed twice by that.
    """
    services: Services = context.obj
    set_up_event_log()
    # Said before anything starts: an empty home is the clerk's mistake, not the workers'.
    _ = services.database
    services.close()
    home = services.home.absolute()
    if until_idle:
        context.exit(_work_until_idle(home, processes))
    supervisor = Supervisor(plans=[worker_plan(home, one) for one in range(1, processes + 1)])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)
    supervisor.run()


def _work_until_idle(home: Path, processes: int) -> int:
    act = process_act(NAME, home, UNTIL_IDLE)
    running = [start_child(f"{NAME}-{one}", act) for one in range(1, processes + 1)]
    try:
        return max([0 if one.wait() == 0 else 1 for one in running])
    finally:
        # They are in sessions of their own: what interrupts us at a console does not reach them.
        for one in running:
            one.send(signal.SIGTERM)
