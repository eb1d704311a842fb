"""Counters of One Window and commune offices, ``/counter/``: officers serve who stands there.

A visit begins with an identity document that was seen and a face that was compared; while it lasts
the officer applies, suspends and releases for that person, and decides nothing. Each service is an
act on record, officer for person, and gives a paper receipt. Begin with ``counter.py``.
"""

from pathlib import Path

TEXTS = Path(__file__).parent / "locale"
