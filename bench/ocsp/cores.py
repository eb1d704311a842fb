"""Which processor core the servers have for themselves, and which the generator."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """One core for whatever is measured, one for whoever asks."""

    server: int
    client: int

    @classmethod
    def of_this_machine(cls) -> Cores:
        """Take the last two cores that this process may use; the same one twice on one core."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(server=allowed[-1], client=allowed[-2] if len(allowed) > 1 else allowed[-1])

    def on_server(self, *command: str) -> list[str]:
        """Return the command that runs another on the servers' core, as the same process."""
        return ["taskset", "-c", str(self.server), *command]

    def on_client(self, *command: str) -> list[str]:
        """Return the command that runs another on the generator's core, as the same process."""
        return ["taskset", "-c", str(self.client), *command]
