"""Human-resources lists: who works for an institution, and so may enrol.

An institution's officer uploads the whole list (CSV or XLSX). It is read row by row, what looks
wrong is found and, where it can be, a fix is proposed; the officer sees what would change, and
only then is it applied. Who is no longer listed leaves: after a grace period what that
institution let be issued to them is suspended. RFC 3647, Sections 4.1.1 and 4.9.13.

Begin with :mod:`enrollment.lists.reader` (how a file is read), then
:mod:`enrollment.lists.staff_lists` (what becomes of it).
"""
