"""The benchmarks behind ``make bench``: what camtrust costs, beside its limits and its peers.

Every subject is measured in a process of its own (:mod:`bench.subject`), in interleaved rounds
(:mod:`bench.rounds`), and shown as a table and as ``var/bench/NAME.json``
(:mod:`bench.results`). No test fails on a time.
"""
