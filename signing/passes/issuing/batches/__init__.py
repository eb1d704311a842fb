"""Passes by the million: a file of records in one order, issued in chunks by many workers.

A batch is opened, its file is put up, and workers do the rest: one splits it into chunks, and each
chunk becomes passes in one transaction that also says that it is done. A record is issued exactly
once, whichever worker dies; one that makes no pass is among the rejects, and the rest is issued.

Begin with :mod:`.batch`, then :mod:`.working`.
"""
