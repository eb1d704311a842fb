"""What the cyclic garbage collector need not look at.

A process of ours holds some 200,000 objects from its start to its end: what was imported, the
tables, the profiles. Every full collection looks at all of them, for a tenth of a second, again
and again while certificates are issued in bulk.
"""

from __future__ import annotations

import gc


def settle() -> None:
    """Take all objects that there are now out of the collector's sight, for good.

    Call it once, when a process that stays has built what it will use. What is made later is
    collected as before.
    """
    gc.collect()
    gc.freeze()
