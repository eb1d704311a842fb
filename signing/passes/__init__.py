"""Health passes and identity codes: what a code says, and whether it may be believed.

The text of a code goes in, one verdict comes out (:mod:`.verification`). The layers, each of which
knows only those below it: ``verification`` and ``commands``; ``formats`` (HC1, SMART Health Cards,
ICAO VDS-NC, claim 169); ``trust`` (whose signatures count) and ``rules`` (what a content has to
look like, as data); ``codecs`` (octets and values, nothing of passes).

Begin with :mod:`signing.passes.verification`, then :mod:`signing.passes.statuses`.
"""
