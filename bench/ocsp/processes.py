"""What the processes of a server have used: CPU time and memory, of all that it started."""

from __future__ import annotations

import time
from pathlib import Path

# linux/posix-timers: the clock of a whole process, all its threads, living or ended, together.
_SCHEDULED = 2


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it; nothing where it has ended."""
    found = [pid]
    for children in Path("/proc", str(pid), "task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += family(int(child))
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended while we looked.
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time of processes, in user mode and in the kernel.

    The same as utime + stime in /proc/PID/stat (proc(5)), in nanoseconds instead of ticks of
    10 ms. Raises ProcessLookupError where one has ended.
    """
    try:
        return sum(time.clock_gettime((~pid << 3) | _SCHEDULED) for pid in pids)
    except OSError as error:
        raise ProcessLookupError("A process ended that was measured.") from error


def private_octets(pid: int) -> int:
    """Return a process's private memory (RssAnon in /proc/PID/status).

    Pages of files that are mapped, as LMDB's, are no part of it.
    """
    for line in Path("/proc", str(pid), "status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"Process {pid} has no memory any more.")
