"""Passes per second: issued, verified and drawn, beside the bare token and COSE packages.

Begin with :mod:`bench.passes.comparison`: which subjects there are and what each is asked.
"""
