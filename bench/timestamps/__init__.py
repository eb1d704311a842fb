"""Time-stamp tokens per CPU-second, beside the bare signatures that they need, and `openssl ts`.

Begin with :mod:`bench.timestamps.comparison`.
"""
