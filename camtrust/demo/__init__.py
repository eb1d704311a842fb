"""``camtrust demo``: the main journeys on real parts, each step confirmed by another program.

Begin with :mod:`camtrust.demo.journey`, where the steps stand in their order. Everything that
the demonstration makes is in ``var/demo``: its home, what it hands out, and ``report.json``.
"""
