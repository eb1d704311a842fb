"""Settling: what is there stays out of the collector's sight, what comes later does not."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own, because settling lasts.
PROGRAM = """
import gc, weakref
from core.collector import settle

class Ring:
    def __init__(self): self.itself = self

lasting = Ring()
settle()
assert gc.get_freeze_count() > 1000
assert not any(one is lasting for one in gc.get_objects())
passing = weakref.ref(Ring())
gc.collect()
assert passing() is None
"""


def test_what_is_made_after_settling_is_still_collected() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
