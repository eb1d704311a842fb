"""Certificate status: requests answered per CPU-second, beside a static file and other responders.

Begin with :mod:`bench.ocsp.comparison` (which subjects there are); :mod:`bench.ocsp.load` asks,
:mod:`bench.ocsp.servers` holds a server on its core and counts its CPU time.
"""
